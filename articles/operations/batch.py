"""What the verbs of `operations.py` share: deciding on each of some articles, and letting the rest follow."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from articles.audit_log.unit_of_work import Act, By, act, plain
from articles.db.bulk import chunked
from articles.models import Article, ArticleQuerySet, Event, Subject, Verb
from articles.stories import duplicates, rescoring
from articles.stories.rescoring import CHUNK

from .results import DELETED, Clash, Outcome, Refusal, Refused, Stale

MATCHED = {"title", "web_url", "published_at"}  # by these, related links find their article
ADDRESSED = (*MATCHED, "original_url")
# What a decision on the state rests on: if somebody changed one of these meanwhile, the editor looks again.
GROUNDS = ("state", "spike_reason", "publish_at", "unpublish_at", "lead_id", "removed", "missing")

Some = ArticleQuerySet | Article  # what verbs take
Versions = Mapping[int, int] | None


def each(
    verb: Verb,
    articles: Some,
    decide: Callable[[Article], None],
    by: By,
    versions: Versions = None,
    is_done: Callable[[Article], bool] = lambda article: False,
    grounds: Collection[str] = GROUNDS,
) -> Outcome:
    """Call `decide` for each article as the act has it, unless it is done, and let the stories follow."""
    one = articles if isinstance(articles, Article) else None
    ids = [articles.pk] if isinstance(articles, Article) else list(articles.order_by("pk").values_list("pk", flat=True))
    outcome = Outcome()
    with act(verb, by) as running:
        for chunk in chunked(ids, CHUNK):
            near = rescoring.load_near(running, chunk)
            if one is not None and one.pk not in running.rows:
                raise Refused(DELETED)
            decided = []
            for row in running.load(chunk):
                try:
                    if not is_done(row):
                        require_unmoved(row, (versions or {}).get(row.pk), dict.fromkeys(grounds))
                        decide(row)
                        decided.append(row.pk)
                    outcome.done.append(row.pk)
                except Refused as refused:
                    if one is not None:
                        raise
                    outcome.refusals.append(Refusal(row.pk, row.title, str(refused)))
            if decided:
                found = settle(running, near, decided)
                outcome.followed += found.followed
                outcome.rows |= found.rows
            running.relieve()
    outcome.operation = running.operation
    return refreshed(one, outcome, running) if one else outcome


def near_of(running: Act, article: Article) -> tuple[list[Article], Article]:
    """Return an article and its neighbours as the act has them, and the article. Raises Refused if it is gone."""
    near = rescoring.load_near(running, [article.pk])
    if article.pk not in running.rows:
        raise Refused(DELETED)
    return near, running.rows[article.pk]


def settle(running: Act, near: Sequence[Article], decided: Sequence[int], fields: Collection[str] = ()) -> Outcome:
    """Let links, twins and stories follow what was decided about some of the articles `near`."""
    fields = {*fields, *running.differing(decided, ADDRESSED)}  # unpinned fields went back to their documents' wish
    if not MATCHED.isdisjoint(fields) or "related" in fields:
        running.save_rows()
        rescoring.connect_links(decided)
        running.moved.update(decided)
    if {"web_url", "original_url"}.intersection(fields):
        duplicates.settle(running, decided)
        near = running.load([article.pk for article in near])  # it may have written them, and let go of them
    if running.moved:
        ids = {*decided, *running.moved}
        running.moved.clear()
        followed = rescoring.follow(running, ids)
    else:
        followed = rescoring.follow_among(running, near, decided)
    return Outcome(done=list(decided), followed=followed, rows=dict(running.rows))


def refreshed(article: Article, outcome: Outcome, running: Act) -> Outcome:
    """Bring the caller's `article` up to what the act made of it; return the outcome with its operation."""
    outcome.operation = running.operation
    row = outcome.rows.get(article.pk)
    if row is not None and row is not article:
        for field in Article._meta.concrete_fields:
            setattr(article, field.attname, getattr(row, field.attname))
        article._state.fields_cache.clear()
    return outcome


def require_unmoved(article: Article, version: int | None, values: Mapping[str, Any]) -> None:
    """Raise Stale if fields of `values` were changed after `version`, unless to the very value that is wanted."""
    if version is None or version >= article.version:
        return
    fields = {_attname(name): value for name, value in values.items()}
    events = Event.objects.of(Subject.ARTICLE, article.pk).filter(version__gt=version, field__in=fields)
    latest: dict[str, Event] = {}
    for event in events.select_related("operation"):
        latest.setdefault(event.field, event)
    clashes = [
        Clash(event.field, fields[event.field], event.after, event.operation.who, event.operation.at)
        for event in latest.values()
        if fields[event.field] is None or plain(fields[event.field]) != event.after
    ]
    if clashes:
        raise Stale(article, clashes)


def _attname(name: str) -> str:
    return "provider_id" if name == "provider" else name
