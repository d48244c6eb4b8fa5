"""The sections of the sitemap: which stories they hold, and when those last changed.

A section is a month in UTC in which stories were listed, such as `2026-11`. A month of more than 50,000 stories is
divided into days. The news sitemap goes by publication.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import attrgetter, or_

from django.db.models import Count, Max, Q
from django.db.models.functions import Coalesce, TruncDay, TruncMonth
from django.utils import timezone

from articles.audit_log.last_modified import with_last_modified
from articles.models import Article, ArticleQuerySet
from articles.page_cache.versions import CLOCK_BUCKET_SECONDS
from articles.public.seo import indexable

LIMIT = 50_000  # URLs in a file, and files in an index, by the protocol
MAX_TIME = datetime.max.replace(tzinfo=UTC)
_NAME_PATTERN = re.compile(r"([0-9]{4})-([0-9]{2})(?:-(0[1-9]|[12][0-9]|3[01]))?")


@dataclass(frozen=True)
class Section:
    """A month or day that has stories. `modified_at` is the time of the newest change of one of them."""

    name: str
    stories: int
    modified_at: datetime


def sections() -> list[Section]:
    """Return the sections that have stories, newest first, at most LIMIT. One query, and one if there are days."""
    stories = indexable(Article.objects.public())
    months = _group(stories, TruncMonth, name_length=7)
    large = {month.name for month in months if month.stories > LIMIT}
    if large:
        in_large = reduce(or_, (Q(listed_at__gte=start, listed_at__lt=end) for start, end in map(_period, large)))
        months = [month for month in months if month.name not in large]
        months += _group(stories.filter(in_large), TruncDay, name_length=10)
    return sorted(months, key=attrgetter("name"), reverse=True)[:LIMIT]


def stories_of(name: str) -> ArticleQuerySet:
    """Return the stories of the section `name`, latest first, at most LIMIT; none for an invalid name."""
    try:
        start, end = _period(name)
        articles = indexable(Article.objects.public()).filter(listed_at__gte=start, listed_at__lt=end)
    except ValueError:
        articles = Article.objects.none()
    return with_last_modified(articles).latest_first()[:LIMIT]


def recent_stories(since: timedelta, count: int) -> ArticleQuerySet:
    """Return the newest stories, at most `count`, published in `since` before the end of this quarter of an hour.

    The page cache keeps a response that long, so the period must not depend on the time within it.
    """
    bucket = timezone.now().timestamp() // CLOCK_BUCKET_SECONDS + 1
    end = datetime.fromtimestamp(bucket * CLOCK_BUCKET_SECONDS, UTC)
    stories = indexable(Article.objects.public()).filter(published_at__gte=end - since, published_at__lt=end)
    return stories.newest_first()[:count]


def _group(articles: ArticleQuerySet, truncate: type[TruncMonth | TruncDay], name_length: int) -> list[Section]:
    """Return the months or days that have stories. One query."""
    rows = (
        with_last_modified(articles)
        .order_by()
        .values(start=truncate("listed_at", tzinfo=UTC))
        .annotate(
            stories=Count("pk"),
            logged=Max(Coalesce("logged_at", "created_at")),
            covered=Max("covered_at"),
            scheduled=Max("publish_at"),
        )
    )
    return [
        Section(
            row["start"].isoformat()[:name_length],
            row["stories"],
            max(row[name] for name in ("logged", "covered", "scheduled") if row[name]),
        )
        for row in rows
    ]


def _period(name: str) -> tuple[datetime, datetime]:
    """Return the first moment of a month or day and the first after it. Raises ValueError."""
    match = _NAME_PATTERN.fullmatch(name)
    if match is None:
        raise ValueError(name)
    year, month, day = int(match[1]), int(match[2]), int(match[3] or 0)
    start = datetime(year, month, day or 1, tzinfo=UTC)
    try:
        end = start + timedelta(days=1) if day else start.replace(year=year + month // 12, month=month % 12 + 1)
    except (OverflowError, ValueError):
        end = MAX_TIME
    return start, end
