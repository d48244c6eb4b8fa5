"""List many articles at once: the rules of `rules.dates` as SQL, for articles that a unit of work didn't load."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, F, Q, Value, When

from articles.db.bulk import BulkTable, chunked
from articles.models import Article, ArticlePlace, ArticleQuerySet, ArticleTopic
from articles.rules.dates import UNDO_PERIOD, ranked_at
from articles.rules.ranking import front_page_rank

ARTICLES = BulkTable(Article)


def has_shown_anything() -> bool:
    """Return whether readers could ever see an article that still exists."""
    return Article.objects.filter(first_shown_at__isnull=False).exists()


def listing_of_shown(shown: Q, now: datetime, late_days: int, *, to_archive: bool = False) -> dict[str, Any]:
    """Return the values of an UPDATE that makes the articles for which `shown` holds public at `now`.

    They have no schedule. Those that readers have seen before keep their dates. Call `finish_listing` afterwards.
    """
    newly_shown = shown & Q(first_shown_at=None)
    is_news = Q(published_at__gt=now) if to_archive else Q(published_at__gte=now - timedelta(days=late_days))
    values = {
        "first_shown_at": Case(When(newly_shown, then=Value(now)), default=F("first_shown_at")),
        "listed_at": Case(When(newly_shown & is_news, then=Value(now)), default=F("listed_at")),
    }
    if to_archive:
        values["from_archive"] = Case(When(newly_shown, then=Value(True)), default=F("from_archive"))
    return values


def finish_listing(now: datetime) -> None:
    """Update what follows from the times of articles that were listed at `now`: lists of topics and places, ranks."""
    listed = Article.objects.filter(public=True, listed_at=now).order_by("pk")
    rows = list(listed.values_list("pk", "heat", "published_at", "hot"))
    for chunk in chunked(pk for pk, *_ in rows):
        ArticleTopic.objects.filter(content_object__in=chunk).update(listed_at=now)
        ArticlePlace.objects.filter(article__in=chunk).update(listed_at=now)
    ranks = [(front_page_rank(heat, ranked_at(published_at, now)), hot, pk) for pk, heat, published_at, hot in rows]
    ARTICLES.update(["hot"], [(rank, pk) for rank, hot, pk in ranks if rank != hot])


def unlist_undone(articles: ArticleQuerySet, now: datetime, undone_at: datetime) -> None:
    """Forget the dates of hidden articles whose first publication, by the operation of `undone_at`, is undone."""
    undone = articles.filter(first_shown_at__gte=max(undone_at, now - UNDO_PERIOD))
    ids: Sequence[int]
    for ids in chunked(list(undone.order_by("pk").values_list("pk", flat=True))):
        Article.objects.filter(pk__in=ids).update(first_shown_at=None, listed_at=F("published_at"))
        ArticleTopic.objects.filter(content_object__in=ids).update(listed_at=F("published_at"))
        ArticlePlace.objects.filter(article__in=ids).update(listed_at=F("published_at"))
