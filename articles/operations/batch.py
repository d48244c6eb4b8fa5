"""What the verbs of `operations.py` share: deciding on each of some articles, and letting the rest follow."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from articles.audit_log.unit_of_work import Actor, UnitOfWork, to_event_value, unit_of_work
from articles.db.bulk import chunked
from articles.models import Article, ArticleQuerySet, Event, Subject, Verb
from articles.stories import duplicates, rescoring
from articles.stories.rescoring import CHUNK

from .results import DELETED_MEANWHILE, ActionError, ActionResult, EditConflictError, FieldConflict, Rejection

LINK_IDENTITY_FIELDS = {"title", "web_url", "published_at"}  # by these, related links find their article
URL_FIELDS = (*LINK_IDENTITY_FIELDS, "original_url")
# What a decision on the state rests on: if somebody changed one of these meanwhile, the editor looks again.
STATE_DEPENDENCIES = ("state", "spike_reason", "publish_at", "unpublish_at", "lead_id", "removed", "missing")

Articles = ArticleQuerySet | Article  # what verbs take
SeenVersions = Mapping[int, int] | None


def apply_to_each(
    verb: Verb,
    articles: Articles,
    decide: Callable[[Article], None],
    by: Actor,
    versions: SeenVersions = None,
    is_done: Callable[[Article], bool] = lambda article: False,
    grounds: Collection[str] = STATE_DEPENDENCIES,
) -> ActionResult:
    """Call `decide` for each article as the act has it, unless it is done, and let the stories follow."""
    one = articles if isinstance(articles, Article) else None
    ids = [articles.pk] if isinstance(articles, Article) else list(articles.order_by("pk").values_list("pk", flat=True))
    outcome = ActionResult()
    with unit_of_work(verb, by) as uow:
        for chunk in chunked(ids, CHUNK):
            near = rescoring.lock_with_linked(uow, chunk)
            if one is not None and one.pk not in uow.articles:
                raise ActionError(DELETED_MEANWHILE)
            decided = []
            for row in uow.load(chunk):
                try:
                    if not is_done(row):
                        require_unchanged_since(row, (versions or {}).get(row.pk), dict.fromkeys(grounds))
                        decide(row)
                        decided.append(row.pk)
                    outcome.done.append(row.pk)
                except ActionError as error:
                    if one is not None:
                        raise
                    outcome.rejections.append(Rejection(row.pk, row.title, str(error)))
            if decided:
                consequences = propagate(uow, near, decided)
                outcome.consequences += consequences.consequences
                outcome.articles |= consequences.articles
            uow.flush_if_large()
    outcome.operation = uow.operation
    return refresh_instance(one, outcome, uow) if one else outcome


def load_with_neighbours(uow: UnitOfWork, article: Article) -> tuple[list[Article], Article]:
    """Return an article and its neighbours as the act has them, and the article. Raises Refused if it is gone."""
    near = rescoring.lock_with_linked(uow, [article.pk])
    if article.pk not in uow.articles:
        raise ActionError(DELETED_MEANWHILE)
    return near, uow.articles[article.pk]


def propagate(
    uow: UnitOfWork, near: Sequence[Article], decided: Sequence[int], fields: Collection[str] = ()
) -> ActionResult:
    """Let links, twins and stories follow what was decided about some of the articles `near`."""
    fields = {*fields, *uow.changed_columns(decided, URL_FIELDS)}  # unpinned fields went back to their documents' wish
    if not LINK_IDENTITY_FIELDS.isdisjoint(fields) or "related" in fields:
        uow.write_pending()
        rescoring.connect_links(decided)
        uow.relinked_ids.update(decided)
    if {"web_url", "original_url"}.intersection(fields):
        duplicates.mark_duplicates(uow, decided)
        near = uow.load([article.pk for article in near])  # it may have written them, and let go of them
    if uow.relinked_ids:
        ids = {*decided, *uow.relinked_ids}
        uow.relinked_ids.clear()
        consequences = rescoring.update_stories(uow, ids)
    else:
        consequences = rescoring.update_loaded_stories(uow, near, decided)
    return ActionResult(done=list(decided), consequences=consequences, articles=dict(uow.articles))


def refresh_instance(article: Article, outcome: ActionResult, uow: UnitOfWork) -> ActionResult:
    """Bring the caller's `article` up to what the act made of it; return the outcome with its operation."""
    outcome.operation = uow.operation
    row = outcome.articles.get(article.pk)
    if row is not None and row is not article:
        for field in Article._meta.concrete_fields:
            setattr(article, field.attname, getattr(row, field.attname))
        article._state.fields_cache.clear()
    return outcome


def require_unchanged_since(article: Article, version: int | None, values: Mapping[str, Any]) -> None:
    """Raise Stale if fields of `values` were changed after `version`, unless to the very value that is wanted."""
    if version is None or version >= article.version:
        return
    fields = {_attname(name): value for name, value in values.items()}
    events = Event.objects.of(Subject.ARTICLE, article.pk).filter(version__gt=version, field__in=fields)
    latest: dict[str, Event] = {}
    for event in events.select_related("operation"):
        latest.setdefault(event.field, event)
    conflicts = [
        FieldConflict(event.field, fields[event.field], event.after, event.operation.who, event.operation.at)
        for event in latest.values()
        if fields[event.field] is None or to_event_value(fields[event.field]) != event.after
    ]
    if conflicts:
        raise EditConflictError(article, conflicts)


def _attname(name: str) -> str:
    return "provider_id" if name == "provider" else name
