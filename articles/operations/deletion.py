"""Deleted articles: each leaves an event that can restore it, and undo brings it back or removes what it created."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from articles.audit_log import snapshots
from articles.audit_log.events import CREATED, DELETED, PAIRINGS, FieldChange, logged_values, to_event_value
from articles.audit_log.unit_of_work import SYSTEM_ACTOR, Actor, UnitOfWork, unit_of_work
from articles.db.bulk import BulkTable, chunked, time_value
from articles.models import Article, ArticlePlace, ArticleQuerySet, Event, Pairing, RelatedLink, Subject, Verb
from articles.stories.duplicates import mark_duplicates
from articles.stories.links import connect_links, mark_repeated_links
from articles.stories.neighbourhood import with_linked
from articles.stories.placement import assign_leads_around
from providers.models import Provider

from . import pins
from .past_lists import obstacles
from .refolding import update_stories
from .refusals import remember_refusals, restore_refusals, without_refusals
from .results import ActionResult, NotRestored
from .succession import hand_over_stories

# Not restored: what the log must not contain, and what follows from the other fields.
NOT_RESTORED_FIELDS = {"secured", "file_name", "content_hash", "staged"}


def delete(articles: ArticleQuerySet, *, in_place: Collection[int] = (), by: Actor = SYSTEM_ACTOR) -> ActionResult:
    """Delete articles and update the stories around them. Undo restores them, and so does importing their documents.

    The story of a lead goes to its best member, which waits for an editor, or is published if it is one of `in_place`.
    """
    with unit_of_work(Verb.DELETE, by) as uow:
        ids = list(articles.order_by().values_list("pk", flat=True))
        neighbours: set[int] = set()
        for chunk in chunked(ids):
            hand_over_stories(uow, chunk, frozenset(ids), in_place)
            neighbours |= delete_articles(uow, chunk)
            uow.flush_if_large()
        with uow.consequences():
            consequences = update_stories(uow, neighbours.difference(ids))
    return ActionResult(done=ids, consequences=consequences).completed(uow)


def delete_articles(uow: UnitOfWork, ids: Sequence[int]) -> set[int]:
    """Delete articles, each with an event that can restore it; return their neighbours, whose stories may change."""
    _record_deletions(uow, uow.load(ids))
    return remove_articles(uow, ids)


def remove_articles(uow: UnitOfWork, ids: Sequence[int]) -> set[int]:
    """Delete articles without an event of their own; return their neighbours, whose stories may change."""
    articles = uow.load(ids)
    neighbours = set(with_linked(list(ids)).values_list("pk", flat=True)).difference(ids)
    uow.appearances.note(neighbours)  # their coverage may change
    with uow.consequences():
        _detach_neighbours(uow, ids, neighbours)
        for article in articles:
            uow.untrack(article.pk)
        remember_refusals(ids)
        Article.objects.filter(pk__in=ids).delete()
        mark_duplicates(uow, url_keys={article.url_key for article in articles})
    return neighbours


def _detach_neighbours(uow: UnitOfWork, ids: Sequence[int], neighbours: set[int]) -> None:
    pairings = Pairing.objects.filter(lead__in=ids).exclude(member__in=ids).order_by("member")
    partners = list(dict.fromkeys(pairings.values_list("member", flat=True)))
    uow.track_lists(partners, PAIRINGS)
    deleted_ids = set(ids)
    for neighbour in uow.load(neighbours):
        if neighbour.lead_id in deleted_ids:
            neighbour.lead_id = None
    uow.write_pending()


def _record_deletions(uow: UnitOfWork, articles: Sequence[Article]) -> None:
    ids = [article.pk for article in articles]
    lists = {name: snapshots.read_list(ids, name) for name in snapshots.LIST_NAMES}
    listed_by: dict[int, list[int]] = defaultdict(list)
    for pk, link in RelatedLink.objects.filter(target__in=ids).order_by("pk").values_list("target", "pk"):
        listed_by[pk].append(link)
    for article in articles:
        columns = {
            field.attname: to_event_value(getattr(article, field.attname))
            for field in Article._meta.concrete_fields
            if field.attname not in NOT_RESTORED_FIELDS
        }
        columns["content_hash"] = pins.REIMPORT_MARK if article.content_hash else ""
        snapshot = {
            "columns": columns,
            "lists": {name: values[article.pk] for name, values in lists.items()},
            "listed_by": listed_by[article.pk],
        }
        uow.record(FieldChange(article.pk, article.title, DELETED, snapshot, None, article.version))


# Undo


def recreate_articles(uow: UnitOfWork, events: Sequence[Event]) -> list[NotRestored]:
    """Restore deleted articles under their old keys; return what of them is not restored, and why."""
    not_restored: list[NotRestored] = []
    for chunk in chunked(events):
        possible = []
        for event, obstacle in _obstacles(chunk):
            if obstacle:
                not_restored.append(NotRestored(event, obstacle))
            else:
                possible.append(event)
        _recreate(uow, possible)
        not_restored += _incomplete_lists(possible)
        uow.flush_if_large()
    return not_restored


def _incomplete_lists(events: Sequence[Event]) -> list[NotRestored]:
    """Return the lists of restored articles that lack something, because it was deleted since."""
    lists = [(event, name, values) for event in events for name, values in event.before["lists"].items()]
    reasons = obstacles([(name, values) for _event, name, values in lists])
    return [
        NotRestored(Event(subject_id=event.subject_id, label=event.label, field=name), reason)
        for (event, name, _values), reason in zip(lists, reasons, strict=True)
        if reason
    ]


def _obstacles(events: Sequence[Event]) -> Iterator[tuple[Event, str]]:
    """Yield each event with the reason why its article can't be restored; empty if it can."""
    columns = {event.pk: event.before["columns"] for event in events}
    ids, names = [event.subject_id for event in events], [values["name"] for values in columns.values()]
    existing_ids = set(Article.objects.filter(pk__in=ids).values_list("pk", flat=True))
    existing_names = set(Article.objects.filter(name__in=names).values_list("name", flat=True))
    provider_ids = {values["provider_id"] for values in columns.values()}
    providers = set(Provider.objects.filter(pk__in=provider_ids).order_by().values_list("pk", flat=True))
    for event in events:
        values = columns[event.pk]
        if event.subject_id in existing_ids or values["name"] in existing_names:
            yield event, _("it exists again")
        elif values["provider_id"] not in providers:
            yield event, _("its outlet was deleted")
        else:
            yield event, ""


def _recreate(uow: UnitOfWork, events: Sequence[Event]) -> None:
    articles = [_article_from(event) for event in events]
    created_at = [(time_value(article.created_at), article.pk) for article in articles]
    Article.objects.bulk_create(articles)
    ArticlePlace.objects.replace_for(articles)
    BulkTable(Article).update(["created_at"], created_at)  # bulk_create sets the present time
    ids = [event.subject_id for event in events]
    for name in snapshots.LIST_NAMES:
        lists = {event.subject_id: event.before["lists"][name] for event in events}
        if name == PAIRINGS:
            lists = {pk: without_refusals(pairs) for pk, pairs in lists.items()}
        snapshots.insert_lists(lists, name)
    for event in events:
        links = event.before["listed_by"]
        if links:
            RelatedLink.objects.filter(pk__in=links, target=None).update(target=event.subject_id)
        name = event.before["columns"]["name"]
        uow.record(FieldChange(event.subject_id, event.label, CREATED, None, name, event.version))
    uow.created_ids.update(ids)
    uow.appeared.update((article.pk, article.title) for article in articles if article.is_shown(uow.now))
    restore_refusals(uow, ids)
    mark_repeated_links(ids)
    connect_links(ids)
    mark_duplicates(uow, ids)
    assign_leads_around(uow, ids)


def _article_from(event: Event) -> Article:
    values: dict[str, Any] = dict(event.before["columns"])
    for field in Article._meta.concrete_fields:
        if isinstance(field, models.DateTimeField) and values.get(field.attname):
            values[field.attname] = datetime.fromisoformat(values[field.attname])
    for column in ("lead_id", "editor_id"):
        values[column] = None  # the lead is assigned again; the editor's account may be gone
    return Article(**values)


def remove_created(uow: UnitOfWork, events: Sequence[Event]) -> list[NotRestored]:
    """Delete the articles that an operation created, unless somebody has changed them since; return those."""
    not_restored = []
    for chunk in chunked(events):
        articles = {article.pk: article for article in uow.load(event.subject_id for event in chunk)}
        existing = [event for event in chunk if event.subject_id in articles]
        untouched = [event.subject_id for event in existing if _is_untouched(articles[event.subject_id], event)]
        not_restored += [NotRestored.changed_later(event) for event in existing if event.subject_id not in untouched]
        assign_leads_around(uow, delete_articles(uow, untouched))
        uow.flush_if_large()
    return not_restored


def _is_untouched(article: Article, event: Event) -> bool:
    """Return whether the article is as it was after `event` created it: any change since has been undone."""
    if article.version == event.version:
        return True
    first_changes: dict[str, Event] = {}
    for change in Event.objects.of(Subject.ARTICLE, article.pk).filter(version__gt=event.version).order_by("pk"):
        first_changes.setdefault(change.field, change)
    values = logged_values(article)
    return all(
        snapshots.equal_ignoring_targets(snapshots.read_list([article.pk], name)[article.pk], change.before or [])
        if name in snapshots.LIST_NAMES
        else values.get(name) == change.before
        for name, change in first_changes.items()
    )
