"""Which pages of stories search engines are asked to index, and sitemaps name.

The page of a story that one outlet alone reports says hardly more than a link to it, so a site may keep them out:
INDEX_SINGLE_STORIES.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db.models import Exists, OuterRef

from articles.models import ArticleQuerySet, RelatedLink

from .media import Outlet


def indexed(articles: ArticleQuerySet) -> ArticleQuerySet:
    """Return those of `articles` whose pages are for search engines: the twin of `is_indexed`."""
    if settings.INDEX_SINGLE_STORIES:
        return articles
    coverage = RelatedLink.objects.coverage().filter(article=OuterRef("pk"))
    return articles.filter(Exists(coverage.exclude(provider=OuterRef("provider"))))


def is_indexed(outlet: Outlet, others: Iterable[Outlet]) -> bool:
    """Return whether the page of a story is for search engines: one of `outlet`, which `others` cover."""
    names = {(other.domain, other.name) for other in others}
    return settings.INDEX_SINGLE_STORIES or bool(names - {(outlet.domain, outlet.name)})
