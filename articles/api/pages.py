"""Page n of the site's feed and of a topic's: numbers, as the static files have them.

A page by number has to be counted off. What is counted are the entries of an index, not articles, which takes a
thirtieth of the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from articles.models import Article, ArticleQuerySet, Topic

from .items import Row
from .queries import rows_of


@dataclass(frozen=True)
class Page:
    rows: list[Row]
    has_next: bool


def site_page(number: int, size: int, at: datetime) -> Page:
    """Return page `number`, from 1, of what is public at `at`; empty after the last.

    Three queries for page 1, five for others. The index counts articles too that a schedule keeps off the site; so
    from the entry found, as many further articles are skipped as were counted wrongly.
    """
    public = Article.objects.public(at).newest_first()
    if number == 1:
        return _page(public, 0, size)
    flagged = Article.objects.filter(public=True)
    skipped = (number - 1) * size
    entry = flagged.newest_first().values_list("published_at", "file_name")[skipped : skipped + 1].first()
    if entry is None:
        return Page([], False)
    off_air = flagged.off_air(at).order_by()
    counted = off_air.exclude(onwards(*entry)).count()
    return _page(public.filter(onwards(*entry)), counted, size)


def topic_page(topic: Topic, number: int, size: int, at: datetime) -> Page:
    """Return page `number`, from 1, of what is public at `at` and about this very topic; empty after the last."""
    return _page(Article.objects.public(at).about([topic]).newest_first(), (number - 1) * size, size)


def onwards(published_at: datetime, file_name: str, *, including: bool = True) -> Q:
    """Return the condition that an article stands at this place of the order, newest first, or after it.

    The first half follows from the second, but lets both databases start in the index.
    """
    tied = Q(published_at=published_at, **{"file_name__gte" if including else "file_name__gt": file_name})
    return Q(published_at__lte=published_at) & (Q(published_at__lt=published_at) | tied)


def _page(articles: ArticleQuerySet, skipped: int, size: int) -> Page:
    found = rows_of(articles[skipped : skipped + size + 1])
    return Page(found[:size], len(found) > size)
