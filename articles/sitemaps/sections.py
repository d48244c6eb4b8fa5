"""Which stories stand in which section of the sitemap, and when a section changed last.

A section is a month of publication, in UTC: `2026-11`. A month of more than 50,000 stories is told by its days. What
is known of the sections is kept in the cache; what the log has told since decides which of them are looked at again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import attrgetter, or_

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, Max, Q
from django.db.models.functions import Coalesce, TruncDay, TruncMonth
from django.utils import timezone

from articles.audit_log.events import DELETED
from articles.audit_log.last_modified import VISIBLE_FIELDS, with_last_modified
from articles.models import Article, ArticleQuerySet, Event, RelatedLink, Subject
from articles.models.operation import EventQuerySet
from articles.page_cache.versions import CLOCK_BUCKET_SECONDS
from articles.public.seo import indexed

LIMIT = 50_000  # addresses in a file, and files in an index, by the protocol
LETTERS = {TruncMonth: 7, TruncDay: 10}  # of the name of a month, and of a day
TOGETHER = 50  # months that one query looks at
MANY = 20_000  # events; after more of them all sections are looked at again
KNOWN = {True: "sitemap-sections", False: "sitemap-sections-without-singles"}  # where it is kept
BEGINNING = datetime.min.replace(tzinfo=UTC)
END = datetime.max.replace(tzinfo=UTC)
_NAME = re.compile(r"([0-9]{4})-([0-9]{2})(?:-([0-9]{2}))?")


@dataclass(frozen=True)
class Section:
    """A span of time that has stories. `modified_at` is when the newest change of one was."""

    name: str
    stories: int
    modified_at: datetime


@dataclass(frozen=True)
class Known:
    """The sections of each month as they were at a time, when the log ended with an event."""

    at: datetime
    event: int
    months: dict[str, list[Section]]


def sections() -> list[Section]:
    """Return the sections that have stories, newest first, at most LIMIT.

    Two queries while nothing changes, a handful after a change and one for every fifty months that it touched; for the
    first time, two for each month.
    """
    key = KNOWN[settings.INDEX_SINGLE_STORIES]
    known: Known | None = cache.get(key)
    now, event = timezone.now(), Event.objects.aggregate(newest=Max("pk"))["newest"] or 0
    touched = _touched(known, now, event) if known else None
    months = dict(_all_months()) if known is None or touched is None else known.months | _sections_of(sorted(touched))
    cache.set(key, Known(now, event, months), None)
    found = [section for month in sorted(months, reverse=True) for section in months[month]]
    return found[:LIMIT]


def stories_of(name: str) -> ArticleQuerySet:
    """Return the stories of the section `name`, newest first, at most LIMIT; none if no section can be called so."""
    span = _span(name)
    articles = _listed(*span) if span else Article.objects.none()
    return with_last_modified(articles).newest_first()[:LIMIT]


def recent_stories(since: timedelta, count: int) -> ArticleQuerySet:
    """Return the newest stories of the time before the end of this quarter of an hour, at most `count`.

    Not before now: whether a kept answer is right is asked by the bounds that it was made by, for as long as that.
    """
    end = datetime.fromtimestamp((timezone.now().timestamp() // CLOCK_BUCKET_SECONDS + 1) * CLOCK_BUCKET_SECONDS, UTC)
    return _listed(end - since, end).newest_first()[:count]


def _listed(start: datetime, end: datetime) -> ArticleQuerySet:
    return indexed(Article.objects.public()).filter(published_at__gte=start, published_at__lt=end)


# What changed


def _touched(known: Known, now: datetime, event: int) -> set[str] | None:
    """Return the months whose sections may differ from what is known of them; None for all. At most six queries."""
    if not 0 <= event - known.event <= MANY:  # the log of a backup ends before what the cache knows
        return None
    span = (known.at, now)
    scheduled = Article.objects.filter(Q(publish_at__range=span) | Q(unpublish_at__range=span))
    moments = set(scheduled.order_by().values_list("published_at", flat=True))
    if event != known.event:
        logged = _moments_logged(Event.objects.filter(pk__gt=known.event, pk__lte=event).order_by())
        if logged is None:
            return None
        moments |= logged
    return {_month(moment) for moment in moments}


def _moments_logged(events: EventQuerySet) -> set[datetime] | None:
    """Return when the stories were published that events tell of, and those that show them; None if nobody knows."""
    if events.filter(Q(field=DELETED) | Q(subject=Subject.POLICY)).exists():
        return None
    shown = events.filter(subject=Subject.ARTICLE, field__in=VISIBLE_FIELDS)
    before = shown.filter(field="published_at").values_list("before", flat=True)
    articles = Article.objects.filter(pk__in=shown.values("subject_id")).order_by()
    leads = RelatedLink.objects.filter(target__in=shown.values("subject_id")).order_by()
    return {
        *(datetime.fromisoformat(moment) for moment in before),
        *articles.values_list("published_at", flat=True),
        *leads.values_list("article__published_at", flat=True),
    }


# Months and days


def _all_months() -> Iterator[tuple[str, list[Section]]]:
    """Yield the months that have stories, newest first, going from the end of one to the last story before it."""
    end = END
    while newest := _listed(BEGINNING, end).newest_first().values_list("published_at", flat=True).first():
        month = _month(newest)
        yield month, _sections_of([month])[month]
        end = _span(month)[0]


def _sections_of(months: Sequence[str]) -> dict[str, list[Section]]:
    """Return the sections of each of these months: itself, its days, or none."""
    found: dict[str, list[Section]] = {month: [] for month in months}
    for start in range(0, len(months), TOGETHER):
        for section in _told(months[start : start + TOGETHER], TruncMonth):
            is_whole = section.stories <= LIMIT
            days = [section] if is_whole else _told([section.name], TruncDay)
            found[section.name] = sorted(days, key=attrgetter("name"), reverse=True)
    return found


def _told(months: Sequence[str], truncated: type[TruncMonth | TruncDay]) -> list[Section]:
    """Return the months, or the days of the months, that have stories. One query."""
    spans = [Q(published_at__gte=start, published_at__lt=end) for start, end in map(_span, months)]
    stories = with_last_modified(indexed(Article.objects.public()).filter(reduce(or_, spans)))
    rows = (
        stories.order_by()
        .values(start=truncated("published_at", tzinfo=UTC))
        .annotate(
            stories=Count("pk"),
            logged=Max(Coalesce("logged_at", "created_at")),
            covered=Max("covered_at"),
            scheduled=Max("publish_at"),
        )
    )
    return [
        Section(
            row["start"].isoformat()[: LETTERS[truncated]],
            row["stories"],
            max(row[name] for name in ("logged", "covered", "scheduled") if row[name]),
        )
        for row in rows
    ]


def _month(moment: datetime) -> str:
    return moment.astimezone(UTC).date().isoformat()[:7]


def _span(name: str) -> tuple[datetime, datetime] | None:
    """Return the first moment of a month or day and the first after it; None if `name` names none."""
    match = _NAME.fullmatch(name)
    try:
        year, month, day = (int(part) if part else None for part in match.groups())
        start = datetime(year, month, day or 1, tzinfo=UTC)
    except (AttributeError, ValueError):
        return None
    try:
        end = start + timedelta(days=1) if day else start.replace(year=year + month // 12, month=month % 12 + 1)
    except (OverflowError, ValueError):
        end = END
    return start, end
