"""Which story pages search engines may index, and sitemaps list.

The page of a story that only one provider reports says little more than a link to it, so a site may exclude those:
INDEX_SINGLE_STORIES.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db.models import Exists, OuterRef

from articles.models import ArticleQuerySet, RelatedLink

from .media import ProviderView


def indexable(articles: ArticleQuerySet) -> ArticleQuerySet:
    """Return those of `articles` whose pages may be indexed; `is_indexable` decides the same for one story."""
    if settings.INDEX_SINGLE_STORIES:
        return articles
    coverage = RelatedLink.objects.coverage().filter(article=OuterRef("pk"))
    return articles.filter(Exists(coverage.exclude(provider=OuterRef("provider"))))


def is_indexable(provider: ProviderView, others: Iterable[ProviderView]) -> bool:
    """Return whether the page of a story by `provider` that `others` cover may be indexed."""
    names = {(other.domain, other.name) for other in others}
    return settings.INDEX_SINGLE_STORIES or bool(names - {(provider.domain, provider.name)})
