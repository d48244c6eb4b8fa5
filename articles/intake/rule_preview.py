"""Which of the newest entries a rule would have matched, before it is saved. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from articles.rules.intake_rules import IntakeRule, StoryText, matcher
from sources.models import Entry
from sources.reading.urls import host_of

ENTRIES_LOOKED_AT = 500
COLUMNS = (
    "outcome",
    "first_seen_at",
    "values",
    "article_id",
    "source__name",
    *(f"source__provider__{name}" for name in ("name", "domain")),
    *(f"article__{name}" for name in ("title", "excerpt", "web_url", "original_url", "wishes")),
    *(f"article__provider__{name}" for name in ("name", "domain")),
)


@dataclass(frozen=True)
class MatchedEntry:
    """An entry that matches, and what the rule looked at."""

    entry: Entry
    story: StoryText


@dataclass(frozen=True)
class RulePreview:
    """The entries that match, the newest first, of those that were `looked_at`."""

    matches: list[MatchedEntry]
    looked_at: int


def preview_rule(rule: IntakeRule, source: int | None) -> RulePreview:
    """Return what the rule would have matched of the newest entries: of one source, or of all. One query.

    Entries that were deleted, undone or refused have no text any more, and don't count.
    """
    entries = Entry.objects.order_by("-pk").select_related("source__provider", "article__provider").only(*COLUMNS)
    if source is not None:
        entries = entries.filter(source=source)
    read = [(entry, _story_of(entry)) for entry in entries[:ENTRIES_LOOKED_AT]]
    stories = [MatchedEntry(entry, story) for entry, story in read if story is not None]
    is_match = matcher(rule)
    return RulePreview([matched for matched in stories if is_match(matched.story)], len(stories))


def _story_of(entry: Entry) -> StoryText | None:
    """Return the text of an entry as its source has it, as far as it is known."""
    if article := entry.article:
        words = {name: str(article.wishes.get(name, getattr(article, name))) for name in ("title", "excerpt")}
        return StoryText(**words, url=article.source_url, outlet=article.provider.name, domain=article.provider.domain)
    if not entry.values:
        return None
    provider, values = entry.source.provider, entry.values
    domain = provider.domain if provider else host_of(values["url"])
    outlet = provider.name if provider else values["provider"] or domain
    return StoryText(title=values["title"], excerpt=values["excerpt"], url=values["url"], outlet=outlet, domain=domain)
