"""Operations taken back: each field that still has the value the operation gave it gets the one it had before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import models

from articles.audit_log import snapshots
from articles.audit_log.unit_of_work import (
    CREATED,
    DELETED,
    PIN_PREFIX,
    FieldChange,
    UnitOfWork,
    logged_values,
    to_event_value,
)
from articles.db.bulk import BulkTable, chunked, time_value
from articles.models import Article, Event, Operation, Pairing, RelatedLink, Subject, Topic, Verb, number_of
from articles.rules import permissions as rights
from articles.rules.scoring import STORY_ROLE_PIN
from articles.rules.states import State
from articles.stories import duplicates, rescoring
from providers.models import Provider

from . import outlets_and_topics, pins, policy_numbers

# Parts of one decision: whoever changed the second since has decided on the first, even to the same value.
SCHEDULE_FIELDS = ("publish_at", "unpublish_at")
DEPENDENT_FIELDS = {"published": "state", "spike_reason": "state", "heat": "lead_id"}
# A deleted article comes back without what no log may hold, and without what follows from the rest.
NOT_RESTORED_FIELDS = {"secured", "file_name", "content_hash", "staged"}


# Where a pin's field is called otherwise in events, or stands for several.
FIELDS_BY_PIN = {"provider": ("logos",), "published": ("state", "spike_reason"), STORY_ROLE_PIN: ("heat", "pairings")}


@dataclass(frozen=True, slots=True)
class NotRestored:
    """A field that was not restored: somebody changed it since, or what it was is no longer possible."""

    event: Event
    reason: str


@dataclass(slots=True)
class DeletionEffects:
    """What deleted articles leave behind: the digests of their addresses, and those that listed or followed them."""

    keys: set[str] = field(default_factory=set)
    neighbours: set[int] = field(default_factory=set)


def required_permissions(operation: Operation) -> set[str]:
    """Return what an editor needs to take an operation back beside the right to its verb: see `rights.FIELDS`."""
    events = operation.events.order_by()
    if original_verb(operation) in rights.ACTIONS_WITH_POLICY_EFFECTS:
        events = events.exclude(subject=Subject.ARTICLE)
    told = models.Q(field__in=rights.PERMISSION_BY_FIELD) | ~models.Q(subject=Subject.ARTICLE)
    touched = events.filter(told).values_list("subject", "field").distinct()
    subjects = rights.PERMISSION_BY_SUBJECT | (
        rights.DELETE_PERMISSION_BY_SUBJECT if original_verb(operation) == Verb.DELETE else {}
    )
    needed = {
        subjects[subject] if subject in subjects else rights.PERMISSION_BY_FIELD[name] for subject, name in touched
    }
    on_site = models.Q(before=State.PUBLISHED.value) | models.Q(after=State.PUBLISHED.value)
    if events.filter(on_site, subject=Subject.ARTICLE, field="state").exists():
        needed.add(rights.PUBLISH)
    return needed


def original_verb(operation: Operation) -> str:
    """Return what an operation does: of an undoing, the verb that it took back or did again."""
    while operation.verb == Verb.UNDO and operation.undoes is not None:
        operation = operation.undoes
    return operation.verb


def revert(uow: UnitOfWork, operation: Operation) -> list[NotRestored]:
    """Take back what an operation did, as far as it still stands; return what was kept."""
    events = list(operation.events.order_by("-pk"))
    not_restored: list[NotRestored] = []
    articles = [event for event in events if event.subject == Subject.ARTICLE]
    for event in events:
        if event.subject in outlets_and_topics.MODEL_BY_SUBJECT and event.field == DELETED:  # articles hang on it
            not_restored += _revert_reference(uow, event)
    not_restored += _recreate(uow, [event for event in articles if event.field == DELETED])
    not_restored += _revert_articles(uow, [event for event in articles if event.field not in (CREATED, DELETED)])
    not_restored += _remove_created(uow, [event for event in articles if event.field == CREATED])
    for event in events:
        if event.subject == Subject.POLICY:
            not_restored += _revert_policy_value(uow, event)
        elif event.subject in outlets_and_topics.MODEL_BY_SUBJECT and event.field != DELETED:
            not_restored += _revert_reference(uow, event)
    return not_restored


def delete_articles(uow: UnitOfWork, ids: Sequence[int]) -> DeletionEffects:
    """Delete articles; each leaves an event that can bring it back."""
    left = DeletionEffects()
    rows = uow.load(ids)
    left.neighbours = set(rescoring.with_linked(list(ids)).values_list("pk", flat=True))
    lists = {name: snapshots.read_list(list(ids), name) for name in snapshots.LIST_NAMES}
    listed_by: dict[int, list[int]] = defaultdict(list)
    for pk, link in RelatedLink.objects.filter(target__in=ids).order_by("pk").values_list("target", "pk"):
        listed_by[pk].append(link)
    for article in rows:
        left.keys.add(article.url_key)
        columns = {
            each.attname: to_event_value(getattr(article, each.attname))
            for each in Article._meta.concrete_fields
            if each.attname not in NOT_RESTORED_FIELDS
        }
        columns["content_hash"] = pins.REIMPORT_MARK if article.content_hash else ""
        own_lists = {name: found[article.pk] for name, found in lists.items()}
        image = {"columns": columns, "lists": own_lists, "listed_by": listed_by[article.pk]}
        uow.record(FieldChange(article.pk, article.title, DELETED, image, None, article.version))
    paired = Pairing.objects.filter(lead__in=ids).exclude(member__in=ids).order_by("member")
    partners = list(dict.fromkeys(paired.values_list("member", flat=True)))
    uow.load(partners)
    uow.track_lists(partners, "pairings")
    for follower in uow.load(left.neighbours.difference(ids)):
        if follower.lead_id in set(ids):
            follower.lead_id = None
    uow.write_pending()
    for article in rows:
        uow.untrack(article.pk)
    Article.objects.filter(pk__in=ids).delete()
    return left


def _revert_articles(uow: UnitOfWork, events: Sequence[Event]) -> Iterator[NotRestored]:
    by_article: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        by_article[event.subject_id].append(event)
    for chunk in chunked(sorted(by_article)):
        yield from _revert_chunk(uow, {pk: by_article[pk] for pk in chunk})


def _revert_chunk(uow: UnitOfWork, by_article: dict[int, list[Event]]) -> list[NotRestored]:
    rows = {article.pk: article for article in uow.load(by_article)}
    for name in snapshots.LIST_NAMES:
        uow.track_lists([pk for pk in rows if any(each.field == name for each in by_article[pk])], name)
    not_restored = []
    relisted = []
    for pk, events in by_article.items():
        article = rows.get(pk)
        if article is None:
            not_restored += [NotRestored(event, "the article was deleted since") for event in events]
            continue
        failed = _revert_fields(uow, article, events)
        not_restored += [NotRestored(event, _changed_by(event)) for event in failed]
        pins.force_reimport(article)
        if any(event.field == "related" for event in events):
            relisted.append(pk)
    uow.write_pending()
    rescoring.connect_links(relisted)
    duplicates.mark_duplicates(uow, list(rows))
    return not_restored


def _revert_fields(uow: UnitOfWork, article: Article, events: Sequence[Event]) -> list[Event]:
    """Restore the fields of one article; return the events that no longer stand.

    Where somebody decided anew on a field, what goes with it and the pin that keeps it are theirs too.
    """
    failed, theirs = [], set[str]()
    for event in sorted(events, key=lambda each: (each.field.startswith(PIN_PREFIX), each.field in DEPENDENT_FIELDS)):
        if event.field.startswith(PIN_PREFIX):
            if not theirs.isdisjoint(_pinned_by(event)) or _needs_pin(article, event):
                continue
        elif DEPENDENT_FIELDS.get(event.field) in theirs:
            theirs.add(event.field)
            continue
        if not _revert_field(uow, article, event):
            failed.append(event)
            theirs.add(event.field)
    return failed + _keep_schedule(article, [event for event in events if event not in failed])


def _keep_schedule(article: Article, events: Sequence[Event]) -> list[Event]:
    """Leave the schedule as it was where half of it, taken back, would end before it begins; return those events."""
    if not (article.publish_at and article.unpublish_at and article.unpublish_at <= article.publish_at):
        return []
    halves = [event for event in events if event.field in SCHEDULE_FIELDS]
    for event in halves:
        setattr(article, event.field, event.after and datetime.fromisoformat(event.after))
    return halves


def _revert_field(uow: UnitOfWork, article: Article, event: Event) -> bool:
    """Restore one field in memory, or a list in its rows; return whether it still was what the event made it."""
    if event.field in snapshots.LIST_NAMES:
        stored = snapshots.read_list([article.pk], event.field)[article.pk]
        if not snapshots.equal_ignoring_targets(stored, event.after or []):
            return snapshots.equal_ignoring_targets(stored, event.before or [])
        snapshots.replace_list(article, event.field, event.before or [])
        uow.invalidate_topics(article.pk)
        return True
    if event.field.startswith(PIN_PREFIX):
        return _revert_pin(article, event)
    value, stored = event.before, to_event_value(getattr(article, event.field))
    if stored == value:
        return True
    if stored != event.after:
        return False
    if event.field in ("lead_id", "provider_id") and value is not None and not _exists(event.field, value):
        return False
    column = Article._meta.get_field(event.field.removesuffix("_id"))
    if isinstance(column, models.DateTimeField) and value is not None:
        value = datetime.fromisoformat(value)
    setattr(article, event.field, value)
    return True


def _revert_pin(article: Article, event: Event) -> bool:
    """Pin or unpin as before; what the document wishes meanwhile stays its wish."""
    name = event.field.removeprefix(PIN_PREFIX)
    is_pinned = name in article.pins
    if is_pinned != (event.after is not None):
        return False
    wishes = {key: wish for key, wish in article.wishes.items() if key != name}
    if event.before is None:
        article.pins = [each for each in article.pins if each != name]
    else:
        article.pins = sorted({*article.pins, name})
        if "wish" in event.before:
            wishes[name] = event.before["wish"]
    article.wishes = wishes
    return True


def _pinned_by(event: Event) -> set[str]:
    """Return the fields, as events name them, that a pin keeps."""
    name = event.field.removeprefix(PIN_PREFIX)
    return {name, f"{name}_id", *FIELDS_BY_PIN.get(name, ())}


def _needs_pin(article: Article, event: Event) -> bool:
    """Return whether a pin that the event set holds the article back by now: nobody holds or spikes without it."""
    return (
        event.field == f"{PIN_PREFIX}published" and event.before is None and article.state in (State.HELD, State.SPIKED)
    )


def _exists(column: str, pk: int) -> bool:
    model = Article if column == "lead_id" else Provider
    return model.objects.filter(pk=pk).exists()


def _remove_created(uow: UnitOfWork, events: Sequence[Event]) -> list[NotRestored]:
    """Delete the articles that an operation brought, unless somebody has worked on them since."""
    not_restored = []
    for chunk in chunked(events):
        found = {article.pk: article for article in uow.load(each.subject_id for each in chunk)}
        here = [each for each in chunk if each.subject_id in found]
        untouched = [each.subject_id for each in here if _is_untouched(found[each.subject_id], each)]
        worked_on = [each for each in here if each.subject_id not in untouched]
        not_restored += [NotRestored(event, _changed_by(event)) for event in worked_on]
        left = delete_articles(uow, untouched)
        duplicates.mark_duplicates(uow, keys=left.keys)
        rescoring.assign_leads_around(uow, left.neighbours.difference(untouched))
        uow.flush_if_large()
    return not_restored


def _is_untouched(article: Article, event: Event) -> bool:
    """Return whether what was changed since `event` created the article, if anything, has been taken back."""
    if article.version == event.version:
        return True
    first: dict[str, Event] = {}
    for later in Event.objects.of(Subject.ARTICLE, article.pk).filter(version__gt=event.version).order_by("pk"):
        first.setdefault(later.field, later)
    now = logged_values(article)
    return all(
        snapshots.equal_ignoring_targets(snapshots.read_list([article.pk], name)[article.pk], later.before or [])
        if name in snapshots.LIST_NAMES
        else now.get(name) == later.before
        for name, later in first.items()
    )


def _recreate(uow: UnitOfWork, events: Sequence[Event]) -> list[NotRestored]:
    """Bring deleted articles back, under their old keys, unless something took their names."""
    not_restored: list[NotRestored] = []
    for chunk in chunked(events):
        possible = []
        for event, hindrance in _obstacles(chunk):
            if hindrance:
                not_restored.append(NotRestored(event, hindrance))
            else:
                possible.append(event)
        _recreate_all(uow, possible)
        uow.flush_if_large()
    return not_restored


def _obstacles(events: Sequence[Event]) -> Iterator[tuple[Event, str]]:
    """Yield each event with what stands against bringing its article back; empty if nothing does."""
    columns = {event.pk: event.before["columns"] for event in events}
    ids, names = [event.subject_id for event in events], [own["name"] for own in columns.values()]
    there = set(Article.objects.filter(pk__in=ids).values_list("pk", flat=True))
    taken = set(Article.objects.filter(name__in=names).values_list("name", flat=True))
    outlets = {own["provider_id"] for own in columns.values()}
    known = set(Provider.objects.filter(pk__in=outlets).order_by().values_list("pk", flat=True))
    for event in events:
        own = columns[event.pk]
        if event.subject_id in there or own["name"] in taken:
            yield event, "it is there again"
        elif own["provider_id"] not in known:
            yield event, "its outlet is gone"
        else:
            yield event, ""


def _recreate_all(uow: UnitOfWork, events: Sequence[Event]) -> None:
    rows = [_article_of(event) for event in events]
    came_in = [(time_value(row.created_at), row.pk) for row in rows]
    Article.objects.bulk_create(rows)
    BulkTable(Article).update(["created_at"], came_in)  # bulk_create says now
    ids = [event.subject_id for event in events]
    for name in snapshots.LIST_NAMES:
        snapshots.insert_lists({event.subject_id: event.before["lists"][name] for event in events}, name)
    for event in events:
        links = event.before["listed_by"]
        if links:
            RelatedLink.objects.filter(pk__in=links, target=None).update(target=event.subject_id)
        name = event.before["columns"]["name"]
        uow.record(FieldChange(event.subject_id, event.label, CREATED, None, name, event.version))
    uow.created_ids.update(ids)
    rescoring.connect_links(ids)
    duplicates.mark_duplicates(uow, ids)
    rescoring.assign_leads_around(uow, ids)


def _article_of(event: Event) -> Article:
    values = dict(event.before["columns"])
    for each in Article._meta.concrete_fields:
        if isinstance(each, models.DateTimeField) and values.get(each.attname):
            values[each.attname] = datetime.fromisoformat(values[each.attname])
    for column in ("lead_id", "editor_id"):
        values[column] = None  # the lead is found anew; accounts may be gone
    return Article(**values)


def _revert_policy_value(uow: UnitOfWork, event: Event) -> Iterable[NotRestored]:
    """Restore a number of the site's policy or of a topic's; with its first and last, that policy itself."""
    name, topic = number_of(event.field)
    if topic is not None and not Topic.objects.filter(pk=topic).exists():
        return [NotRestored(event, "the topic was deleted since")]
    if getattr(policy_numbers.locked_policy(topic), name) != event.after:
        return [NotRestored(event, _changed_by(event))]
    policy_numbers.set_policy_value(uow, name, topic, event.before)
    return []


def _revert_reference(uow: UnitOfWork, event: Event) -> Iterator[NotRestored]:
    """Undo what an event tells of an outlet or a topic."""
    try:
        outlets_and_topics.revert_event(uow, event)
    except outlets_and_topics.CannotRevertError as stays:
        yield NotRestored(event, str(stays) or _changed_by(event))


def _changed_by(event: Event) -> str:
    """Say who changed the field after the event."""
    later = Event.objects.of(event.subject, event.subject_id).filter(pk__gt=event.pk).exclude(operation=event.operation)
    if event.field != CREATED:
        later = later.filter(field=event.field)
    newest = later.select_related("operation").first()
    if newest is None:
        return "it changed since"
    return f"{newest.operation.get_verb_display()} by {newest.operation.who} since"
