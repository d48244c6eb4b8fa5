"""Find what has changed for readers since a client's last request, in the publication record.

Periods begin and end by operations, which become visible in the order of their keys because they run one after another
(`Policies.load(exclusive=True)`), or by the clock, which a cursor counts beside them. Every change shows an article as
it is now, so a client that applies all responses in order ends with what is published.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from heapq import merge
from itertools import islice
from operator import attrgetter
from typing import Any

from django.db.models import Exists, F, OuterRef, Q

from articles.models import Appearance, Article, ArticleQuerySet, Operation
from articles.public.pagination import after_position

from .cursor import ChangesCursor, from_microseconds, to_microseconds
from .items import ArticleRow
from .queries import load_rows

Withdrawn = dict[int, tuple[str, datetime]]

_BEGAN_BY_CLOCK = Q(scheduled_start=True) & (Q(ends_at=None) | Q(ends_at__gt=F("starts_at")))


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
        return _initial_page(ChangesCursor(*_last_operation(), clock=to_microseconds(now)), limit, now)
    if cursor.initial_name:
        return _initial_page(cursor, limit, now)
    _require_same_log(cursor)
    last, logged_at = _last_operation()
    reading = cursor if cursor.is_reading else cursor.start_reading(last, logged_at, now)
    page = _page(reading, limit, now)
    if not (cursor.is_reading or page.changes or page.more or page.cursor.operation != cursor.operation):
        return ChangesPage([], cursor, more=False)  # the same cursor, so the response can stay cached
    # What has happened since a reading began is in the next one.
    return replace(page, more=page.more or cursor.is_reading)


def _last_operation() -> tuple[int, int]:
    """Return the key of the last operation and its time in microseconds; zeros if there is none."""
    last = Operation.objects.order_by("-pk").values_list("pk", "at").first()
    return (last[0], to_microseconds(last[1])) if last else (0, 0)


def _require_same_log(cursor: ChangesCursor) -> None:
    """Raise CursorExpiredError unless the log has the operations of the cursor.

    It has them on a replica too, which is read only while it is up to date.
    """
    for key, logged_at in ((cursor.operation, cursor.logged_at), (cursor.end, cursor.end_logged_at)):
        if key:
            stored = Operation.objects.filter(pk=key).values_list("at", flat=True).first()
            if stored is None or to_microseconds(stored) != logged_at:
                raise CursorExpiredError


def _initial_page(cursor: ChangesCursor, limit: int, now: datetime) -> ChangesPage:
    """Return a page of all that is published. What changes meanwhile follows by the record, after the last page."""
    public = _public_articles(cursor.clock, now).newest_first()
    if cursor.initial_name:
        public = public.filter(after_position(from_microseconds(cursor.initial_time), f"{cursor.initial_name}.md"))
    rows = load_rows(public[: limit + 1])
    shown, has_next = rows[:limit], len(rows) > limit
    time, name = (to_microseconds(shown[-1].published_at), shown[-1].name) if has_next else (0, "")
    next_cursor = replace(cursor, initial_time=time, initial_name=name)
    changes = [ArticleChange(row.name, None, row) for row in shown]
    return ChangesPage(changes, next_cursor, more=has_next or bool(cursor.initial_name))


def _public_articles(at: int, now: datetime) -> ArticleQuerySet:
    """Return what is public now, without what the clock began after the time `at`, which comes later.

    The record says whether it did: a schedule can be given a beginning in the past while readers see the article.
    """
    moment = from_microseconds(at)
    coming = Appearance.objects.filter(_BEGAN_BY_CLOCK, article_id=OuterRef("pk"), starts_at__gt=moment)
    return Article.objects.public(max(moment, now)).exclude(Q(publish_at__gt=moment) & Exists(coming))


# A page of the record


@dataclass(frozen=True, slots=True)
class _Occurrence:
    """The beginning or the end of a period; `reached` are the values of a cursor that has read it."""

    at: datetime
    article: int
    reached: dict[str, Any]


def _page(cursor: ChangesCursor, limit: int, now: datetime) -> ChangesPage:
    """Return the changes of up to `limit` articles, in the order of the last change of each."""
    by_operations, by_clock = _by_operations(cursor, limit + 1), _by_clock(cursor, limit + 1)
    # Each of the two stays in its own order, whatever its times.
    occurrences = list(merge(by_operations, by_clock, key=attrgetter("at")))
    changed: dict[int, datetime] = {}
    next_cursor, done = cursor, 0
    for occurrence in occurrences:
        if occurrence.article not in changed and len(changed) == limit:
            break
        changed.pop(occurrence.article, None)
        changed[occurrence.article] = occurrence.at
        next_cursor = replace(next_cursor, **occurrence.reached)
        done += 1
    more = done < len(occurrences) or max(len(by_operations), len(by_clock)) > limit
    return ChangesPage(_to_changes(changed, cursor, now), next_cursor if more else cursor.finish_reading(), more)


def _by_operations(cursor: ChangesCursor, count: int) -> list[_Occurrence]:
    """Return what operations have begun and ended since the cursor, the first `count`. Three queries.

    So counts what they planned for a time that the client's clock had passed already. The times of operations are
    looked up afterwards: joined, PostgreSQL would read and sort all rows of an import for each part of it.
    """
    clock = from_microseconds(cursor.clock)
    began = Appearance.objects.filter(Q(scheduled_start=False) | Q(starts_at__lte=clock))
    ended = Appearance.objects.filter(Q(scheduled_end=False) | Q(ends_at__lte=clock))
    keys: set[tuple[int, int]] = set()
    for name, rows in (("began_by", began), ("ended_by", ended)):
        key = f"{name}_id"  # by its own name, `name` would be ordered as operations are: newest first
        is_after = Q(**{f"{key}__gt": cursor.read_operation}) | Q(
            **{key: cursor.read_operation, "article_id__gt": cursor.read_article}
        )
        rows = rows.filter(is_after, **{f"{key}__gte": cursor.read_operation, f"{key}__lte": cursor.end})
        keys.update(rows.order_by(key, "article_id").values_list(key, "article_id").distinct()[:count])
    first = sorted(keys)[:count]
    times = dict(Operation.objects.filter(pk__in={operation for operation, _ in first}).values_list("pk", "at"))
    return [
        _Occurrence(times[operation], article, {"read_operation": operation, "read_article": article})
        for operation, article in first
    ]


def _by_clock(cursor: ChangesCursor, count: int) -> list[_Occurrence]:
    """Return what the clock has begun and ended since the cursor, the first `count`. Two queries."""
    clock, at = from_microseconds(cursor.read_clock), from_microseconds(cursor.at)
    began = Appearance.objects.filter(_BEGAN_BY_CLOCK)
    ended = Appearance.objects.filter(scheduled_end=True)
    keys: set[tuple[datetime, int]] = set()
    for name, rows in (("starts_at", began), ("ends_at", ended)):
        is_after = Q(**{f"{name}__gt": clock}) | Q(**{name: clock, "article_id__gt": cursor.clock_article})
        rows = rows.filter(is_after, **{f"{name}__gte": clock, f"{name}__lte": at})
        keys.update(rows.order_by(name, "article_id").values_list(name, "article_id").distinct()[:count])
    return [
        _Occurrence(moment, article, {"read_clock": to_microseconds(moment), "clock_article": article})
        for moment, article in islice(sorted(keys), count)
    ]


def _to_changes(changed: dict[int, datetime], cursor: ChangesCursor, now: datetime) -> list[ArticleChange]:
    """Return the changes of these articles as they are now; articles that the client never had are left out."""
    public = _public_articles(cursor.at, now).filter(pk__in=changed).order_by()
    changes = {row.pk: ArticleChange(row.name, changed[row.pk], row) for row in load_rows(public)}
    withdrawn = _find_withdrawn([pk for pk in changed if pk not in changes], cursor, now)
    changes |= {pk: ArticleChange(name, at) for pk, (name, at) in withdrawn.items()}
    return [changes[pk] for pk in changed if pk in changes]


def _find_withdrawn(ids: Sequence[int], cursor: ChangesCursor, now: datetime) -> Withdrawn:
    """Return the name of each of these hidden articles that readers could see since the cursor, and until when.

    A client may also have had what was called off only after it began on the client's clock: such a period is empty.
    A name that belongs to another public article by now is left out.
    """
    if not ids:
        return {}
    clock, at = from_microseconds(cursor.clock), from_microseconds(cursor.at)
    was_sent = Q(starts_at__lte=clock) | Q(scheduled_start=False, began_by__lte=cursor.operation)
    was_seen_since = Q(starts_at__lte=at, ends_at__gt=F("starts_at"))
    ended = Appearance.objects.filter(Q(ends_at__gt=clock) | Q(ended_by__gt=cursor.operation), article_id__in=ids)
    rows = ended.filter(was_sent | was_seen_since).order_by("ends_at", "pk")
    columns = rows.values_list("article_id", "name", "ends_at")
    withdrawn = {pk: (name, ends_at) for pk, name, ends_at in columns if ends_at is not None}
    names = {name for name, _ in withdrawn.values()}
    reused = set(Article.objects.public(now).filter(name__in=names).values_list("name", flat=True))
    return {pk: (name, ends_at) for pk, (name, ends_at) in withdrawn.items() if name not in reused}
