"""Apply the newsroom's rules to the stories of an intake, as part of its operation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from articles import operations
from articles.audit_log.events import RULES, FieldChange
from articles.audit_log.unit_of_work import UnitOfWork
from articles.models import Article
from articles.rules.intake_rules import DECIDING, RuleAction, RuleSet, StoryText, Verdict
from sources.limits import RULE_TEXT_MAX
from sources.models import AppliedRule, Entry, Rule, Source

from .documents import EntryText, Outlet


def load_rules(source: Source) -> RuleSet:
    """Return the rules that are switched on for the stories of a source. One query."""
    rules = Rule.objects.for_source(source.pk).filter(active=True).select_related("topic")
    return RuleSet(rule.as_value() for rule in rules)


def story_text(text: EntryText, outlet: Outlet) -> StoryText:
    """Return what rules look at."""
    return StoryText(title=text.title, excerpt=text.excerpt, url=text.url, outlet=outlet.name, domain=outlet.domain)


def judge_entry(rules: RuleSet, entry: Entry, story: StoryText) -> Verdict:
    """Return what the rules do with an entry, and note it if they keep it out.

    Of a story that has an article already they only decide topics and quality.
    """
    verdict = rules.judge(story)
    if entry.article_id is not None:
        return Verdict(rules=tuple(rule for rule in verdict.rules if rule.action not in DECIDING))
    entry.reason = texts_of(verdict)[-1] if verdict.refuses else ""
    if verdict.refuses:
        entry.outcome = Entry.Outcome.RULED_OUT
    return verdict


def decide_stories(uow: UnitOfWork, verdicts: Mapping[int, Verdict]) -> None:
    """Hold and spike new articles as the rules say, by their keys."""
    decisions: dict[tuple[str, str], list[int]] = {}
    for pk, verdict in verdicts.items():
        if verdict.decision:
            decisions.setdefault((verdict.decision.action, verdict.decision.spike_reason), []).append(pk)
    for (action, reason), pks in decisions.items():
        articles = Article.objects.filter(pk__in=pks)
        if action == RuleAction.HOLD:
            operations.hold(articles, by=uow.actor)
        elif action == RuleAction.SPIKE:
            operations.spike(articles, reason, by=uow.actor)


def note_rules(
    uow: UnitOfWork, verdicts: Mapping[int, Verdict], entries: Sequence[Entry], changed: Collection[int]
) -> None:
    """Note which rules were applied, by the keys of entries: on these entries, and in the history of their articles.

    An article whose entry is among the `changed` ones gets an event only if other rules apply to it than before.
    """
    earlier = AppliedRule.objects.filter(entry__in=list(verdicts))
    before: dict[int, list[str]] = {}
    for pk, text in earlier.values_list("entry", "text"):
        before.setdefault(pk, []).append(text)
    if before:
        earlier.delete()
    rows = []
    for entry in entries:
        rules, texts = verdicts[entry.pk].rules, texts_of(verdicts[entry.pk])
        rows += [AppliedRule(entry=entry, rule_id=rule.pk, text=text) for rule, text in zip(rules, texts, strict=True)]
        former = before.get(entry.pk, []) if entry.pk in changed else []
        if entry.article_id is not None and texts != former:
            uow.record(FieldChange(entry.article_id, entry.values["title"], RULES, former or None, texts or None))
    AppliedRule.objects.bulk_create(rows)


def texts_of(verdict: Verdict) -> list[str]:
    return [str(rule)[:RULE_TEXT_MAX] for rule in verdict.rules]
