"""Compare the publication record with what readers see, in tests of any package."""

from __future__ import annotations

from django.utils import timezone

from articles.models import Appearance, Article
from articles.publication_record.checking import find_differences
from articles.publication_record.writing import record_appearances


def record_built_articles() -> None:
    """Record the articles that builders stored without an operation."""
    record_appearances(list(Article.objects.values_list("pk", flat=True)), None, timezone.now())


def wrong_records() -> list[str]:
    """Return what is wrong with the record, in words: nothing if it says what readers see."""
    now = timezone.now()
    recorded = sorted(Appearance.objects.holding(now).values_list("name", flat=True))
    public = sorted(Article.objects.public(now).values_list("name", flat=True))
    differing = [] if recorded == public else [f"the record shows {recorded}, the site {public}"]
    return differing + [str(difference) for difference in find_differences()]
