"""The loop that actions on one or many articles share, and the update of the stories around them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from articles.audit_log.events import to_event_value
from articles.audit_log.unit_of_work import Actor, UnitOfWork, unit_of_work
from articles.db.bulk import chunked
from articles.models import Article, ArticleQuerySet, Event, Subject, Verb
from articles.rules.publication import publishable
from articles.stories import duplicates, links, rescoring
from articles.stories.neighbourhood import lock_with_linked
from articles.stories.rescoring import RescoreChange

from .refolding import follow_folded_leads
from .results import DELETED_MEANWHILE, ActionError, ActionResult, EditConflictError, FieldConflict, Rejection

LINK_IDENTITY_FIELDS = {"title", "web_url", "published_at"}  # related links find their article by these
IDENTITY_FIELDS = (*LINK_IDENTITY_FIELDS, "original_url")
REPORT_FIELDS = {*IDENTITY_FIELDS, "provider", "related"}  # related links repeat others by these
# A decision on the state conflicts with a change of one of these since the editor loaded the page.
STATE_DEPENDENCIES = ("state", "spike_reason", "publish_at", "unpublish_at", "lead_id", "removed", "missing")

Articles = ArticleQuerySet | Article
SeenVersions = Mapping[int, int] | None  # the version of each article that the editor saw


def apply_to_each(
    verb: Verb,
    articles: Articles,
    apply: Callable[[Article], None],
    by: Actor,
    versions: SeenVersions = None,
    is_done: Callable[[Article], bool] = lambda article: False,
    depends_on: Collection[str] = STATE_DEPENDENCIES,
    before_update: Callable[[UnitOfWork, Collection[int]], None] = lambda uow, ids: None,
    after: Callable[[UnitOfWork, list[RescoreChange]], None] = lambda uow, changes: None,
    *,
    updates_stories: bool = True,
) -> ActionResult:
    """Call `apply` for each article, locked, unless it `is_done`; then update the stories.

    Of many articles, those that can't be changed are left as they are, and the result says why. Of one, the
    ActionError is raised. A change of the `depends_on` fields after the version that the editor saw is a conflict.
    The stories are updated once, after all articles: the first must not decide anything about the last.
    `before_update` runs before that, with the keys of all articles that were named, and `after` after that, with what
    the policy changed; it may add to that. Without `updates_stories`, scores and leads stay as they are: nothing that
    they follow from has changed.
    """
    one = articles if isinstance(articles, Article) else None
    ids = article_keys(articles)
    outcome = ActionResult()
    applied: list[int] = []

    def attempt(article: Article) -> None:
        try:
            if not is_done(article):
                require_unchanged_since(article, (versions or {}).get(article.pk), dict.fromkeys(depends_on))
                apply(article)
                applied.append(article.pk)
            outcome.done.append(article.pk)
        except ActionError as error:
            if one is not None:
                raise
            outcome.rejections.append(Rejection(article.pk, article.title, str(error)))

    with unit_of_work(verb, by) as uow:
        nearby: list[Article] = []
        fields: set[str] = set()
        for chunk in chunked(ids, rescoring.CHUNK):
            nearby = lock_with_linked(uow, chunk)
            if one is not None and one.pk not in uow.articles:
                raise ActionError(DELETED_MEANWHILE)
            first_applied = len(applied)
            for article in uow.load(chunk):
                attempt(article)
            fields |= uow.changed_columns(applied[first_applied:], IDENTITY_FIELDS)
            uow.flush_if_large()
        before_update(uow, frozenset(ids))
        outcome.articles = {pk: uow.articles[pk] for pk in applied if pk in uow.articles}
        for chunk in chunked(applied if updates_stories else (), rescoring.CHUNK):
            if len(ids) > rescoring.CHUNK:
                nearby = lock_with_linked(uow, chunk)
            effects = propagate(uow, nearby, chunk, fields)
            with uow.consequences():
                after(uow, effects.consequences)
            outcome.consequences += effects.consequences
            outcome.articles |= effects.articles
            uow.flush_if_large()
    return refresh_instance(one, outcome, uow) if one else outcome.completed(uow)


def article_keys(articles: Articles) -> list[int]:
    if isinstance(articles, Article):
        return [articles.pk]
    return list(articles.order_by("pk").values_list("pk", flat=True))


def allow_publishing(uow: UnitOfWork, act: str, named: Collection[int], announced: Collection[int] = ()) -> None:
    """Let the update of the stories publish the articles that an act names, where its rule says so."""
    uow.publishable_ids |= publishable(act, named, announced=announced, may_publish=uow.actor.may_publish)


def keep_unscored_hidden(uow: UnitOfWork, article: Article) -> None:
    """Let an article that has lost its scores stay hidden, though the policy shows unscored ones, if it was hidden."""
    is_unscored = article.quality is None and article.heat is None and article.published is None
    if is_unscored and not article.public and article.pk not in uow.publishable_ids:
        article.published = False


def load_with_neighbours(uow: UnitOfWork, article: Article) -> tuple[list[Article], Article]:
    """Return an article and its neighbours, locked, and the article alone. Raises ActionError if it was deleted."""
    nearby = lock_with_linked(uow, [article.pk])
    if article.pk not in uow.articles:
        raise ActionError(DELETED_MEANWHILE)
    return nearby, uow.articles[article.pk]


def propagate(
    uow: UnitOfWork, nearby: Sequence[Article], changed: Sequence[int], fields: Collection[str] = ()
) -> ActionResult:
    """Update links, duplicates and stories after some of the `nearby` articles changed. `fields` adds changed lists."""
    fields = {*fields, *uow.changed_columns(changed, IDENTITY_FIELDS)}  # an unpinned field took its incoming value
    with uow.consequences():
        consequences = follow_folded_leads(uow, _update_neighbours(uow, nearby, changed, fields))
    return ActionResult(done=list(changed), consequences=consequences, articles=dict(uow.articles))


def _update_neighbours(
    uow: UnitOfWork, nearby: Sequence[Article], changed: Sequence[int], fields: set[str]
) -> list[rescoring.RescoreChange]:
    if not REPORT_FIELDS.isdisjoint(fields):
        uow.write_pending()
        links.mark_repeated_links(changed)
    if not LINK_IDENTITY_FIELDS.isdisjoint(fields) or "related" in fields:
        links.connect_links(changed)
        uow.relinked_ids.update(changed)
    if {"web_url", "original_url"}.intersection(fields):
        duplicates.mark_duplicates(uow, changed)
        nearby = uow.load([article.pk for article in nearby])  # it may have written and forgotten them
    if uow.relinked_ids:
        ids = {*changed, *uow.relinked_ids}
        uow.relinked_ids.clear()
        return rescoring.update_stories(uow, ids)
    return rescoring.update_loaded_stories(uow, nearby, changed)


def refresh_instance(article: Article, outcome: ActionResult, uow: UnitOfWork) -> ActionResult:
    """Copy the new values to the caller's instance; return the result with its operation."""
    current = outcome.articles.get(article.pk)
    if current is not None and current is not article:
        for field in Article._meta.concrete_fields:
            setattr(article, field.attname, getattr(current, field.attname))
    return outcome.completed(uow)


def require_unchanged_since(article: Article, version: int | None, values: Mapping[str, Any]) -> None:
    """Raise EditConflictError if fields of `values` changed after `version`, unless to the value of the editor."""
    if version is None or version >= article.version:
        return
    fields = {"provider_id" if name == "provider" else name: value for name, value in values.items()}
    events = Event.objects.of(Subject.ARTICLE, article.pk).filter(version__gt=version, field__in=fields)
    if operation := UnitOfWork.current().operation:
        events = events.exclude(operation=operation)  # an operation never conflicts with itself
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
