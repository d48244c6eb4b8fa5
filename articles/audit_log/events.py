"""The events of the audit log: which changes of an article are logged, and in which form."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models import Model

from articles.db.bulk import KEYS_CHUNK, BulkTable, chunked
from articles.models import Article, Event, Operation, Subject

from . import snapshots

# Decided by a document or an editor: each change of one of these columns is an event. Lists and pins are too.
LOGGED_FIELDS = (
    "title",
    "excerpt",
    "published_at",
    "provider_id",
    "type",
    "category",
    "language",
    "original_url",
    "web_url",
    "amp_url",
    "cdn_amp_url",
    "featured_content",
    "tags",
    "body",
    "quality",
    "heat",
    "published",
    "state",
    "spike_reason",
    "publish_at",
    "unpublish_at",
    "pick_until",
    "pick_place",
    "off_front",
    "removed",
    "missing",
    "note",
    "stale",
    "document_scores",
    "lead_id",
    "previous_lead",
    "same_event_as",
    "ambiguous",
    "dialect",
    "extra",
    "layout",
)
CREATED, DELETED = "created", "deleted"  # the events of whole rows
ROWS = (CREATED, DELETED)
PAIRINGS = "pairings"
REFUSALS = "refusals"  # the event of pairs that undo keeps apart or not, by their names, while one of them is deleted
TAKEN_DOWN = "taken down"  # the event of a story that was taken down; its other events keep nothing but their fields
RULES = "rules"  # the event that names the rules of an intake; there is nothing to undo about it
PIN_PREFIX = "pin "  # in the event of a pin, before the name of the field

EVENTS = BulkTable(
    Event, "operation", "subject", "subject_id", "label", "field", "before", "after", "version", "derived"
)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of an article (or provider, topic, policy) before and after; a list or a pin counts as a field."""

    subject_id: int
    label: str
    field: str
    before: Any
    after: Any
    version: int = 0
    subject: str = Subject.ARTICLE
    derived: bool = False


def to_event_value(value: Any) -> Any:
    """Return a value in the form of events: times as UTC text, rows as their keys."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.pk if isinstance(value, Model) else value


def logged_values(article: Article) -> dict[str, Any]:
    """Return the article's logged columns and its pins in the form of events."""
    values = {name: to_event_value(getattr(article, name)) for name in LOGGED_FIELDS}
    for name in article.pins:
        values[PIN_PREFIX + name] = {"wish": article.wishes[name]} if name in article.wishes else {}
    return values


def field_changes(article: Article, before: dict[str, Any]) -> list[FieldChange]:
    """Return what differs from the `logged_values` before, as changes that lead to the article's next version."""
    after = logged_values(article)
    return [
        FieldChange(article.pk, article.title, name, before.get(name), after.get(name), article.version + 1)
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def net_changes(events: Iterable[Event]) -> list[Event]:
    """Return the events of one operation, newest first, with one for each field, which says what came of it.

    An operation that is written in parts may have changed a field more than once. Nothing is saved.
    """
    newest: dict[tuple[str, int, str], Event] = {}
    for event in sorted(events, key=lambda event: event.pk, reverse=True):
        last = newest.setdefault((event.subject, event.subject_id, event.field), event)
        last.before, last.derived = event.before, last.derived and event.derived
    return [event for event in newest.values() if event.field in ROWS or event.before != event.after]


def insert_events(operation: Operation, changes: Sequence[FieldChange]) -> None:
    EVENTS.insert(
        [
            (
                operation.pk,
                change.subject,
                change.subject_id,
                change.label[:300],
                change.field,
                snapshots.to_json(change.before),
                snapshots.to_json(change.after),
                change.version,
                change.derived,
            )
            for change in changes
        ]
    )


def insert_created_events(operation: Operation, ids: Collection[int]) -> None:
    """Store "created" events for these articles with INSERT … SELECT: an import creates thousands."""
    quote = connection.ops.quote_name
    table, articles = quote(Event._meta.db_table), quote(Article._meta.db_table)
    # Names have no character that JSON escapes.
    name = "to_jsonb(name::text)" if connection.vendor == "postgresql" else "json_quote(name)"
    for chunk in chunked(sorted(set(ids)), KEYS_CHUNK):
        is_range = len(chunk) > 1 and max(chunk) - min(chunk) == len(chunk) - 1
        condition = "id BETWEEN %s AND %s" if is_range else f"id IN ({', '.join(['%s'] * len(chunk))})"
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} "  # noqa: S608
                "(operation_id, subject, subject_id, label, field, before, after, version, derived) "
                f"SELECT %s, 'article', id, title, 'created', NULL, {name}, version, FALSE "
                f"FROM {articles} WHERE {condition} ORDER BY id",
                [operation.pk, *((min(chunk), max(chunk)) if is_range else chunk)],
            )
