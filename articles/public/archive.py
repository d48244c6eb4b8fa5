"""The archive's index: which years, months and days have public stories, by publication in the site's time zone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import Count, Exists, Q
from django.utils import timezone

from articles.models import Article

from .dates import start_of_day

YEARS_MAX = 100  # the newest


class ArchivePeriod(NamedTuple):
    """A month or a day of the archive, by its first day, and how many stories were published in it."""

    start: date
    stories: int


def years() -> list[int]:
    """Return the years with public stories, the newest first, at most YEARS_MAX back. Three queries."""
    public = Article.objects.public()
    times = public.order_by("published_at").values_list("published_at", flat=True)
    first, last = times.first(), times.last()
    if first is None or last is None:
        return []
    candidates = range(last.year + 1, max(first.year - 1, last.year - YEARS_MAX), -1)  # zones shift the ends
    stories = {
        f"year_{year}": Exists(
            Article.objects.public().filter(published_between(date(year, 1, 1), date(year + 1, 1, 1)))
        )
        for year in candidates
        if 1 < year < 9998
    }
    found = Article.objects.order_by().annotate(**stories).values(*stories)[:1]  # evaluated once, for any row
    return [int(name.removeprefix("year_")) for row in found for name, has_stories in row.items() if has_stories]


def months(year: int) -> list[ArchivePeriod]:
    """Return the months of a year with public stories, in order. One query."""
    return _counted([date(year, month, 1) for month in range(1, 13)] + [date(year + 1, 1, 1)])


def days(month: date) -> list[ArchivePeriod]:
    """Return the days with public stories of the month that begins on this day, in order. One query."""
    end = next_month(month)
    return _counted([month + timedelta(days=number) for number in range((end - month).days + 1)])


def next_month(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def neighbours(start: date, end: date) -> dict[str, date | None]:
    """Return `earlier`, the day of the last public story before these days, and `later`, of the first after them.

    None where there is none. Two queries.
    """
    times = Article.objects.public().values_list("published_at", flat=True)
    earlier = times.filter(published_at__lt=start_of_day(start)).order_by("-published_at").first()
    later = times.filter(published_at__gte=start_of_day(end)).order_by("published_at").first()
    return {"earlier": earlier and timezone.localdate(earlier), "later": later and timezone.localdate(later)}


def _counted(starts: list[date]) -> list[ArchivePeriod]:
    """Return the periods between these days that have stories."""
    public = Article.objects.public().filter(published_between(starts[0], starts[-1])).order_by()
    pairs = list(zip(starts, starts[1:], strict=False))
    counts = public.aggregate(
        **{f"p{place}": Count("pk", filter=published_between(*pair)) for place, pair in enumerate(pairs)}
    )
    periods = [ArchivePeriod(start, counts[f"p{place}"]) for place, (start, _) in enumerate(pairs)]
    return [period for period in periods if period.stories]


def published_between(start: date, end: date) -> Q:
    """Return the condition that an article was published from one day on and before another."""
    return Q(published_at__gte=start_of_day(start), published_at__lt=start_of_day(end))
