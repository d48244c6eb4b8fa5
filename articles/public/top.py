"""The hottest stories of a period: of the past day, week or month, of yesterday, or of a day of the archive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from articles.models import Article
from articles.page_cache.versions import CLOCK_BUCKET_SECONDS

from .archive import published_between

TOP_STORIES = 25
YESTERDAY = "yesterday"
DAYS = {"day": 1, "week": 7, "month": 30}  # of the periods that end now
PERIODS = {  # the titles of their pages, by their name in the URL
    "day": _("Top stories of the past 24 hours"),
    YESTERDAY: _("Top stories of yesterday"),
    "week": _("Top stories of the past 7 days"),
    "month": _("Top stories of the past 30 days"),
}


def hottest(condition: Q, size: int = TOP_STORIES) -> list[int]:
    """Return the keys of the public stories that meet a condition, the hottest first. One query."""
    stories = Article.objects.public().filter(condition)
    ordered = stories.order_by(F("heat").desc(nulls_last=True), "-published_at", "file_name")
    return list(ordered.values_list("pk", flat=True)[:size])


def of_period(name: str) -> Q:
    """Return the condition that a story was published in a period.

    The page cache keeps a page for a quarter of an hour, so the period begins with such a quarter. Yesterday is that of
    the site's time zone.
    """
    if name == YESTERDAY:
        today = timezone.localdate()
        return published_between(today - timedelta(days=1), today)
    bucket = timezone.now().timestamp() // CLOCK_BUCKET_SECONDS * CLOCK_BUCKET_SECONDS
    return Q(published_at__gte=datetime.fromtimestamp(bucket, UTC) - timedelta(days=DAYS[name]))
