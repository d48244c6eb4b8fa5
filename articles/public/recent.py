"""The period whose stories the lists of topics, places and outlets count."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.utils import timezone

from articles.models import Article

RECENT_DAYS = 30


class RecentPeriod(NamedTuple):
    """The RECENT_DAYS from `since` on. They end now, or on `last_day` if nothing has come in for longer than that."""

    since: datetime
    last_day: date | None = None


def past_days() -> datetime:
    """Return when the RECENT_DAYS before this moment began."""
    return timezone.now() - timedelta(days=RECENT_DAYS)


def recent_period() -> RecentPeriod:
    """Return the past RECENT_DAYS; in an archive, where those would be empty, the last that have stories. One query."""
    since = past_days()
    newest = Article.objects.public().latest_first().values_list("listed_at", flat=True).first()
    if newest is None or newest >= since:
        return RecentPeriod(since)
    return RecentPeriod(newest - timedelta(days=RECENT_DAYS), timezone.localdate(newest))
