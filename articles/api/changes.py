"""What has changed for readers since a client last asked: by the log of operations, and by schedules as time passes.

Nothing is skipped. Operations follow one another (`Policies.load(exclusive=True)`), so the entries of the log become
visible in the order of their keys. A schedule is stored before its time comes; if it wasn't, its entry in the log
tells. Whatever changed is told as it is now, so whoever applies the answers in their order ends with what is published.
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

from . import withdrawn
from .cursor import Cursor, moment, ticks
from .items import Row
from .pages import onwards
from .queries import rows_of
from .withdrawal_times import SCHEDULE, SHOWS_UNSCORED

EVENTS_READ = 1000  # entries of the log that one answer takes in at most
# What may change of an article without a difference in its item, or in whether it is shown.
UNNOTICED = frozenset(
    {"state", "spike_reason", "lead_id", "ambiguous", "stale", "engagement"}
    | {"related", "pairings", "dialect", "body", "extra"}
)


class Gone(Exception):
    """The log isn't the one any more that a cursor was made for: it was restored from a copy, or cut."""


@dataclass(frozen=True)
class Change:
    """An article that is published, with its row, or one that was withdrawn. `at` is None on the first walk."""

    name: str
    at: datetime | None
    row: Row | None = None


@dataclass(frozen=True)
class Told:
    """Some changes. `cursor` is where the next answer starts, `more` whether it has something to tell already."""

    changes: list[Change]
    cursor: Cursor
    more: bool


def changes_since(cursor: Cursor | None, limit: int, now: datetime) -> Told:
    """Return at most `limit` changes after the cursor; without one, all that is published, newest first.

    Raises Gone. The number of queries doesn't depend on how much has changed.
    """
    if cursor is None:
        event, logged_at = _newest()
        return _walk(Cursor(event, logged_at, clock=ticks(now)).with_reading(event, now), limit, now)
    if cursor.walk:
        return _walk(cursor, limit, now)
    events = _events(cursor)
    reading = cursor if cursor.is_reading else cursor.with_reading(_end(cursor, events), now)
    many = _changed_by(events[0]) if events else None
    if many is not None:
        return _tell_many(reading, events[0], many, limit, now)
    told = _tell(reading, events, limit, now)
    if not (cursor.is_reading or told.changes or told.more or told.cursor.event != cursor.event):
        return Told([], cursor, more=False)  # the same place, so that the same answer will do
    # The clock has gone on, and schedules that it met may be gone from the articles by what is in the log but untold.
    following = told.cursor.with_origin(reading, _newest()[0])
    # What the clock has reached since a reading began is in the next one.
    return Told(told.changes, following, more=told.more or cursor.is_reading)


def _newest() -> tuple[int, int]:
    """Return the last entry of the log and when it was written, in ticks; zeros if there is none."""
    found = Event.objects.order_by("-pk").values_list("pk", "operation__at").first()
    return (found[0], ticks(found[1])) if found else (0, 0)


def _shown(cursor: Cursor, now: datetime) -> ArticleQuerySet:
    """Return what is published now and was when the reading began, by the schedules: the rest the clock will tell."""
    began = moment(cursor.at)
    return Article.objects.public(began).public(max(began, now))


def _walk(cursor: Cursor, limit: int, now: datetime) -> Told:
    """Tell what is published. What changes meanwhile, the log tells after the walk."""
    public = _shown(cursor, now).newest_first()
    if cursor.walk:
        public = public.filter(onwards(moment(cursor.walked), f"{cursor.walk}.md", including=False))
    rows = rows_of(public[: limit + 1])
    told, has_next = rows[:limit], len(rows) > limit
    walked, walk = (ticks(told[-1].published_at), told[-1].name) if has_next else (0, "")
    following = replace(cursor, walked=walked, walk=walk)
    return Told([Change(row.name, None, row) for row in told], following, more=has_next or bool(cursor.walk))


# The log and the clock


@dataclass(frozen=True, slots=True)
class _Event:
    pk: int
    subject: str
    subject_id: int
    field: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _Step:
    """Something that happened: to which article, if any reader can notice it; `reached` is where the cursor is then."""

    at: datetime
    article: int | None
    reached: dict[str, Any]


def _events(cursor: Cursor) -> list[_Event]:
    """Return what the log holds after the cursor, at most one more than EVENTS_READ. Raises Gone."""
    entries = Event.objects.filter(pk__gte=cursor.event).order_by("pk")
    columns = ("pk", "subject", "subject_id", "field", "operation__at")
    found = [_Event(*values) for values in entries.values_list(*columns)[: EVENTS_READ + 2]]
    if not cursor.event or not found:  # a replica may not have come as far
        return found[: EVENTS_READ + 1]
    if found[0].pk != cursor.event or ticks(found[0].at) != cursor.logged_at:
        raise Gone
    return found[1:]


def _end(cursor: Cursor, events: Sequence[_Event]) -> int:
    """Return the last entry of the log, of which `events` are those after the cursor."""
    if len(events) > EVENTS_READ:
        return _newest()[0]
    return events[-1].pk if events else cursor.event


def _schedules(cursor: Cursor, limit: int, up_to: datetime) -> list[tuple[datetime, int]]:
    """Return when schedules began or ended after the cursor, with the article; at most `limit` + 1. Two queries."""
    clock, up_to = moment(cursor.clock), min(up_to, moment(cursor.at))
    found = []
    for name in SCHEDULE:
        is_after = Q(**{f"{name}__gt": clock}) | Q(**{name: clock, "pk__gt": cursor.article})
        passed = Article.objects.filter(is_after, public=True, **{f"{name}__gte": clock, f"{name}__lte": up_to})
        found.append(list(passed.order_by(name, "pk").values_list(name, "pk")[: limit + 1]))
    return list(islice(merge(*found), limit + 1))


def _tell(cursor: Cursor, events: Sequence[_Event], limit: int, now: datetime) -> Told:
    """Tell what the log and the clock hold for single articles, until `limit` of them are told."""
    single = list(takewhile(lambda event: _changed_by(event) is None, events[:EVENTS_READ]))
    rest = events[len(single) :]
    up_to = rest[0].at if rest else moment(cursor.at)  # the clock doesn't run ahead of the log
    schedules = _schedules(cursor, limit, up_to)
    steps = list(_in_order(_event_steps(single), _schedule_steps(schedules)))
    touched: dict[int, datetime] = {}
    following, done = cursor, 0
    for step in steps:
        if step.article is not None:
            if step.article not in touched and len(touched) == limit:
                break
            touched.pop(step.article, None)  # the last change decides on the order
            touched[step.article] = step.at
        following = replace(following, **step.reached)
        done += 1
    more = done < len(steps) or len(schedules) > limit or bool(rest)
    if not more:
        following = replace(following, clock=cursor.at, article=0)
    return Told(_resolved(touched, cursor, now), following, more)


def _event_steps(events: Iterable[_Event]) -> Iterator[_Step]:
    for event in events:
        is_noticed = event.subject == Subject.ARTICLE and event.field not in UNNOTICED and " " not in event.field
        article = event.subject_id if is_noticed else None
        yield _Step(event.at, article, {"event": event.pk, "logged_at": ticks(event.at)})


def _schedule_steps(schedules: Iterable[tuple[datetime, int]]) -> Iterator[_Step]:
    for at, article in schedules:
        yield _Step(at, article, {"clock": ticks(at), "article": article})


def _in_order(log: Iterator[_Step], clock: Iterator[_Step]) -> Iterator[_Step]:
    """Yield the steps of both by their times; each keeps its own order, whatever its times say."""
    heads = [next(log, None), next(clock, None)]
    while any(heads):
        one, other = heads
        turn = 0 if one and (other is None or one.at <= other.at) else 1
        step = heads[turn]
        heads[turn] = next((log, clock)[turn], None)
        if step:
            yield step


# Entries of the log that change many articles


def _changed_by(event: _Event) -> ArticleQuerySet | None:
    """Return the articles that an entry changed for readers though it names none of them; None for other entries."""
    match event.subject, event.field:
        case Subject.POLICY, field if field == SHOWS_UNSCORED:
            return Article.objects.unscored()
        case Subject.PROVIDER, "name" | "domain":
            return Article.objects.filter(public=True, provider=event.subject_id)
        case Subject.TOPIC, "name":
            return Article.objects.filter(public=True, article_topics__tag=event.subject_id)
    return None


def _tell_many(cursor: Cursor, event: _Event, articles: ArticleQuerySet, limit: int, now: datetime) -> Told:
    """Tell the articles that one entry changed, a part of them where there are more than `limit`."""
    ids = list(articles.filter(pk__gt=cursor.part).order_by("pk").values_list("pk", flat=True)[: limit + 1])
    if len(ids) > limit:
        following = replace(cursor, part=ids[limit - 1])
    else:
        following = replace(cursor, event=event.pk, logged_at=ticks(event.at), part=0)
        if event.subject == Subject.POLICY:  # what was scored or deleted since is unscored no more, and told later
            following = following.with_origin(cursor, _newest()[0])
    touched = dict.fromkeys(ids[:limit], event.at)
    return Told(_resolved(touched, cursor, now), following, more=True)


def _resolved(touched: dict[int, datetime], cursor: Cursor, now: datetime) -> list[Change]:
    """Return the changes of these articles as they are now; none of one that isn't public and wasn't."""
    public = _shown(cursor, now).filter(pk__in=touched).order_by()
    shown = {row.pk: Change(row.name, touched[row.pk], row) for row in rows_of(public)}
    hidden = [pk for pk in touched if pk not in shown]
    left = withdrawn.find(hidden, cursor, max(now, moment(cursor.at)))
    found = shown | {pk: Change(name, left_at) for pk, (name, left_at) in left.items()}
    return [found[pk] for pk in touched if pk in found]
