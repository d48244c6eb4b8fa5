"""The hottest stories of a period: of the past day, week or month, or of a day of the archive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from articles.models import Article
from articles.page_cache.versions import CLOCK_BUCKET_SECONDS

TOP_STORIES = 25
PERIODS = {  # by their name in the URL: how many days, and the title of the page
    "day": (1, _("Top stories of the past 24 hours")),
    "week": (7, _("Top stories of the past 7 days")),
    "month": (30, _("Top stories of the past 30 days")),
}


def hottest(condition: Q, size: int = TOP_STORIES) -> list[int]:
    """Return the keys of the public stories that meet a condition, the hottest first. One query."""
    stories = Article.objects.public().filter(condition)
    ordered = stories.order_by(F("heat").desc(nulls_last=True), "-published_at", "file_name")
    return list(ordered.values_list("pk", flat=True)[:size])


def of_period(name: str) -> Q:
    """Return the condition that a story was published in the past day, week or month.

    The page cache keeps a page for a quarter of an hour, so the period begins with such a quarter.
    """
    bucket = timezone.now().timestamp() // CLOCK_BUCKET_SECONDS * CLOCK_BUCKET_SECONDS
    return Q(published_at__gte=datetime.fromtimestamp(bucket, UTC) - timedelta(days=PERIODS[name][0]))
