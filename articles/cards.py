"""What a list shows of its articles, fetched for all of them at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, F, Q
from django.utils import timezone

from .models import Article, ArticleImage, Picture, RelatedLink, Topic


@dataclass(frozen=True)
class Card:
    """One story in a list. `sources` counts the outlets, the lead's own included; 1 without coverage."""

    article: Article
    picture: Picture | None
    sources: int = 1
    headlines: Sequence[RelatedLink] = ()

    @property
    def day(self) -> date:
        return timezone.localdate(self.article.published_at)

    @property
    def kicker(self) -> Topic | None:
        """The first topic that says more than the root does."""
        topics = [place.tag for place in self.article.article_topics.all()]
        return next((topic for topic in topics if topic.parent_id), None)

    @property
    def outlets(self) -> list[RelatedLink]:
        """One headline of each other outlet, the best one."""
        first: dict[int, RelatedLink] = {}
        for link in self.headlines:
            if link.provider_id != self.article.provider_id:
                first.setdefault(link.provider_id, link)
        return list(first.values())


def cards_of(articles: Sequence[Article], with_headlines: int = 0) -> list[Card]:
    """Return the cards of articles loaded with `with_card()`; the first `with_headlines` get their coverage's too.

    At most three queries: pictures, numbers of sources, headlines.
    """
    pictures = pictures_of(articles)
    sources = count_sources(articles)
    headlines = _headlines_of(articles[:with_headlines])
    return [
        Card(article, pictures.get(article.pk), 1 + sources.get(article.pk, 0), headlines.get(article.pk, ()))
        for article in articles
    ]


def pictures_of(articles: Iterable[Article]) -> dict[int, Picture]:
    """Return for each article that has one the first picture of which we hold a copy. One query."""
    addresses = {
        article.pk: [image.url for image in article.images.all() if image.kind == ArticleImage.Kind.PICTURE]
        for article in articles
    }
    held = Picture.objects.by_address(url for urls in addresses.values() for url in urls)
    copies = {pk: next((held[url] for url in urls if url in held), None) for pk, urls in addresses.items()}
    return {pk: copy for pk, copy in copies.items() if copy}


def count_sources(articles: Iterable[Article]) -> dict[int, int]:
    """Return for each article that has coverage how many other outlets report it. One query."""
    other_outlet = ~Q(provider=F("article__provider"))
    links = RelatedLink.objects.coverage().filter(article__in=[article.pk for article in articles])
    rows = links.values("article").annotate(n=Count("provider", distinct=True, filter=other_outlet)).order_by()
    return {row["article"]: row["n"] for row in rows}


def _headlines_of(articles: Sequence[Article]) -> dict[int, list[RelatedLink]]:
    if not articles:
        return {}
    links = RelatedLink.objects.coverage().filter(article__in=[article.pk for article in articles])
    found: dict[int, list[RelatedLink]] = defaultdict(list)
    for link in links.select_related("provider", "target"):
        found[link.article_id].append(link)
    return found
