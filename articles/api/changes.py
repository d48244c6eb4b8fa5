"""Find what has changed for readers since a client's last request, by the audit log and by schedules.

Nothing is skipped. Operations run one after another (`Policies.load(exclusive=True)`), so events become visible in the
order of their keys. A schedule is stored before its time; if it wasn't, its event in the log counts. Every change shows
an article as it is now, so a client that applies all responses in order ends with what is published.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from heapq import merge
from itertools import islice, takewhile
from typing import Any

from django.db.models import Q

from articles.models import Article, ArticleQuerySet, Event, Subject
from articles.public.pagination import after_position

from .cursor import ChangesCursor, from_microseconds, to_microseconds
from .items import ArticleRow
from .queries import load_rows
from .withdrawal_times import PUBLISH_UNSCORED, SCHEDULE_FIELDS
from .withdrawn import find_withdrawn

EVENTS_MAX = 1000  # read for one response
# Fields that change without a difference in an article's item, or in whether it is public.
INVISIBLE_FIELDS = frozenset(
    {"state", "spike_reason", "lead_id", "ambiguous", "stale", "document_scores"}
    | {"related", "pairings", "dialect", "body", "extra"}
)


class CursorExpiredError(Exception):
    """The log is not the one that a cursor was made for: it was restored from a backup, or truncated."""


@dataclass(frozen=True)
class ArticleChange:
    """A public article with its row, or one that was withdrawn, without. `at` is None on the first pages."""

    name: str
    at: datetime | None
    row: ArticleRow | None = None


@dataclass(frozen=True)
class ChangesPage:
    """Some changes. The next page starts at `cursor`; `more` says whether it has changes already."""

    changes: list[ArticleChange]
    cursor: ChangesCursor
    more: bool


def changes_since(cursor: ChangesCursor | None, limit: int, now: datetime) -> ChangesPage:
    """Return at most `limit` changes after the cursor; without one, all that is published, newest first.

    Raises CursorExpiredError. The number of queries doesn't depend on how much has changed.
    """
    if cursor is None:
        event, logged_at = _last_event()
        start = ChangesCursor(event, logged_at, clock=to_microseconds(now)).start_reading(event, now)
        return _initial_page(start, limit, now)
    if cursor.initial_name:
        return _initial_page(cursor, limit, now)
    events = _events(cursor)
    reading = cursor if cursor.is_reading else cursor.start_reading(_last_event_id(cursor, events), now)
    affected = _articles_affected_by(events[0]) if events else None
    if affected is not None:
        return _bulk_event_page(reading, events[0], affected, limit, now)
    page = _log_page(reading, events, limit, now)
    if not (cursor.is_reading or page.changes or page.more or page.cursor.event != cursor.event):
        return ChangesPage([], cursor, more=False)  # the same cursor, so the response can stay cached
    # Events that are not read yet may have removed schedules from articles that the clock passes in this reading.
    next_cursor = page.cursor.keep_origin(reading, _last_event()[0])
    # Schedules that have passed since a reading began are in the next one.
    return ChangesPage(page.changes, next_cursor, more=page.more or cursor.is_reading)


def _last_event() -> tuple[int, int]:
    """Return the key of the last event and the time of its operation in microseconds; zeros if there is none."""
    event = Event.objects.order_by("-pk").values_list("pk", "operation__at").first()
    return (event[0], to_microseconds(event[1])) if event else (0, 0)


def _public_articles(cursor: ChangesCursor, now: datetime) -> ArticleQuerySet:
    """Return what is public now and was within its schedule when the reading began; later schedules come later."""
    began = from_microseconds(cursor.at)
    return Article.objects.public(began).public(max(began, now))


def _initial_page(cursor: ChangesCursor, limit: int, now: datetime) -> ChangesPage:
    """Return a page of all that is published. What changes meanwhile follows from the log, after the last page."""
    public = _public_articles(cursor, now).newest_first()
    if cursor.initial_name:
        public = public.filter(after_position(from_microseconds(cursor.initial_time), f"{cursor.initial_name}.md"))
    rows = load_rows(public[: limit + 1])
    shown, has_next = rows[:limit], len(rows) > limit
    time, name = (to_microseconds(shown[-1].published_at), shown[-1].name) if has_next else (0, "")
    next_cursor = replace(cursor, initial_time=time, initial_name=name)
    changes = [ArticleChange(row.name, None, row) for row in shown]
    return ChangesPage(changes, next_cursor, more=has_next or bool(cursor.initial_name))


# The log and the clock


@dataclass(frozen=True, slots=True)
class _Event:
    pk: int
    subject: str
    subject_id: int
    field: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _Occurrence:
    """An event or a schedule, with the article if readers can notice it; `reached` are the cursor's values then."""

    at: datetime
    article: int | None
    reached: dict[str, Any]


def _events(cursor: ChangesCursor) -> list[_Event]:
    """Return the events after the cursor, at most EVENTS_MAX + 1. Raises CursorExpiredError."""
    columns = ("pk", "subject", "subject_id", "field", "operation__at")
    rows = Event.objects.filter(pk__gte=cursor.event).order_by("pk").values_list(*columns)
    events = [_Event(*row) for row in rows[: EVENTS_MAX + 2]]
    if not cursor.event or not events:  # a replica may be behind
        return events[: EVENTS_MAX + 1]
    if events[0].pk != cursor.event or to_microseconds(events[0].at) != cursor.logged_at:
        raise CursorExpiredError
    return events[1:]


def _last_event_id(cursor: ChangesCursor, events: Sequence[_Event]) -> int:
    """Return the key of the last event of the log; `events` are those after the cursor."""
    if len(events) > EVENTS_MAX:
        return _last_event()[0]
    return events[-1].pk if events else cursor.event


def _due_schedules(cursor: ChangesCursor, limit: int, up_to: datetime) -> list[tuple[datetime, int]]:
    """Return when schedules began or ended after the cursor, with the article; at most `limit` + 1. Two queries."""
    clock, up_to = from_microseconds(cursor.clock), min(up_to, from_microseconds(cursor.at))
    due_by_field = []
    for name in SCHEDULE_FIELDS:
        is_after = Q(**{f"{name}__gt": clock}) | Q(**{name: clock, "pk__gt": cursor.article})
        passed = Article.objects.filter(is_after, public=True, **{f"{name}__gte": clock, f"{name}__lte": up_to})
        due_by_field.append(list(passed.order_by(name, "pk").values_list(name, "pk")[: limit + 1]))
    return list(islice(merge(*due_by_field), limit + 1))


def _log_page(cursor: ChangesCursor, events: Sequence[_Event], limit: int, now: datetime) -> ChangesPage:
    """Return the changes of up to `limit` single articles, by the log and the clock."""
    single = list(takewhile(lambda event: _articles_affected_by(event) is None, events[:EVENTS_MAX]))
    rest = events[len(single) :]
    up_to = rest[0].at if rest else from_microseconds(cursor.at)  # the clock doesn't run ahead of the log
    schedules = _due_schedules(cursor, limit, up_to)
    occurrences = list(_merge_by_time(_event_occurrences(single), _schedule_occurrences(schedules)))
    changed: dict[int, datetime] = {}
    next_cursor, done = cursor, 0
    for occurrence in occurrences:
        if occurrence.article is not None:
            if occurrence.article not in changed and len(changed) == limit:
                break
            changed.pop(occurrence.article, None)  # changes are in the order of each article's last one
            changed[occurrence.article] = occurrence.at
        next_cursor = replace(next_cursor, **occurrence.reached)
        done += 1
    more = done < len(occurrences) or len(schedules) > limit or bool(rest)
    if not more:
        next_cursor = replace(next_cursor, clock=cursor.at, article=0)
    return ChangesPage(_to_changes(changed, cursor, now), next_cursor, more)


def _event_occurrences(events: Iterable[_Event]) -> Iterator[_Occurrence]:
    for event in events:
        is_visible = event.subject == Subject.ARTICLE and event.field not in INVISIBLE_FIELDS and " " not in event.field
        article = event.subject_id if is_visible else None
        yield _Occurrence(event.at, article, {"event": event.pk, "logged_at": to_microseconds(event.at)})


def _schedule_occurrences(schedules: Iterable[tuple[datetime, int]]) -> Iterator[_Occurrence]:
    for at, article in schedules:
        yield _Occurrence(at, article, {"clock": to_microseconds(at), "article": article})


def _merge_by_time(log: Iterator[_Occurrence], clock: Iterator[_Occurrence]) -> Iterator[_Occurrence]:
    """Yield the occurrences of both by their times; each keeps its own order, even against its times."""
    heads = [next(log, None), next(clock, None)]
    while any(heads):
        logged, scheduled = heads
        turn = 0 if logged and (scheduled is None or logged.at <= scheduled.at) else 1
        occurrence = heads[turn]
        heads[turn] = next((log, clock)[turn], None)
        if occurrence:
            yield occurrence


# Events that change many articles


def _articles_affected_by(event: _Event) -> ArticleQuerySet | None:
    """Return the articles that an event of another subject changed for readers; None if it changed none."""
    match event.subject, event.field:
        case Subject.POLICY, field if field == PUBLISH_UNSCORED:
            return Article.objects.unscored()
        case Subject.PROVIDER, "name" | "domain":
            return Article.objects.filter(public=True, provider=event.subject_id)
        case Subject.TOPIC, "name":
            return Article.objects.filter(public=True, article_topics__tag=event.subject_id)
    return None


def _bulk_event_page(
    cursor: ChangesCursor, event: _Event, articles: ArticleQuerySet, limit: int, now: datetime
) -> ChangesPage:
    """Return the changes of the articles that one event changed, `limit` of them at a time."""
    rest = articles.filter(pk__gt=cursor.bulk_offset).order_by("pk")
    ids = list(rest.values_list("pk", flat=True)[: limit + 1])
    if len(ids) > limit:
        next_cursor = replace(cursor, bulk_offset=ids[limit - 1])
    else:
        next_cursor = replace(cursor, event=event.pk, logged_at=to_microseconds(event.at), bulk_offset=0)
        if event.subject == Subject.POLICY:  # articles that were scored or deleted since come with later events
            next_cursor = next_cursor.keep_origin(cursor, _last_event()[0])
    changed = dict.fromkeys(ids[:limit], event.at)
    return ChangesPage(_to_changes(changed, cursor, now), next_cursor, more=True)


def _to_changes(changed: dict[int, datetime], cursor: ChangesCursor, now: datetime) -> list[ArticleChange]:
    """Return the changes of these articles as they are now; articles that aren't and weren't public are left out."""
    public = _public_articles(cursor, now).filter(pk__in=changed).order_by()
    changes = {row.pk: ArticleChange(row.name, changed[row.pk], row) for row in load_rows(public)}
    hidden = [pk for pk in changed if pk not in changes]
    withdrawn = find_withdrawn(hidden, cursor, max(now, from_microseconds(cursor.at)))
    changes |= {pk: ArticleChange(name, at) for pk, (name, at) in withdrawn.items()}
    return [changes[pk] for pk in changed if pk in changes]
