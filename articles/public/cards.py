"""Load the cards of a list: one query for all of them, and one for the coverage of the first few."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any, Literal, NamedTuple

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils import timezone

from articles.db.compiled_queries import CompiledQuery, from_json
from articles.models import Article, ArticleImage, ArticleTopic, PictureAddress, RelatedLink
from articles.models.fields import Digest
from articles.models.languages import text_language
from articles.models.related import outlet_count
from articles.rules import dates

from .media import StoredPicture
from .topic_tree import TOPIC_JSON, TopicNode, topic_from_json

CardTime = Literal["published_at", "listed_at", "ranked_at"]
PICTURE_COLUMNS = {name: f"picture__{name}" for name in ("key", "rungs", "width", "height", "share")} | {
    "bytes": "picture__enclosure_bytes"
}


class CoverageLink(NamedTuple):
    """Another provider's report in one line."""

    article_id: int
    title: str
    web_url: str
    target_web_url: str | None
    target_original_url: str | None
    provider_id: int
    provider_name: str
    provider_domain: str
    lang: str | None

    @property
    def url(self) -> str:
        """Return where to read it; empty if it can't be read anywhere."""
        return self.web_url or self.target_web_url or self.target_original_url or ""


class Card(NamedTuple):
    """One story in a list: plain values, so that equal cards are rendered once.

    `kicker` is the first topic that is not a root.
    """

    pk: int
    name: str
    title: str
    excerpt: str
    published_at: datetime
    listed_at: datetime
    type: str
    web_url: str
    original_url: str
    provider_id: int
    provider_name: str
    kicker: TopicNode | None
    picture: StoredPicture | None
    outlets: int  # that report the story, its own included
    lang: str | None  # of its words
    headlines: tuple[CoverageLink, ...] = ()
    is_pick: bool = False
    # Shown instead of the lead's, on the page of an outlet that covers the story.
    reports: tuple[CoverageLink, ...] = ()

    @property
    def ranked_at(self) -> datetime:
        return dates.ranked_at(self.published_at, self.listed_at)

    @property
    def added_at(self) -> datetime | None:
        """Return when the story came to the site, if that is more than a day from its publication."""
        return dates.added_at(self.published_at, self.listed_at)

    @property
    def url(self) -> str:
        """Return the URL of the story's page."""
        return reverse("story", args=[self.name])

    @property
    def source_url(self) -> str:
        return self.web_url or self.original_url

    @property
    def other_providers(self) -> list[CoverageLink]:
        """Return the best link of each other provider."""
        links: dict[int, CoverageLink] = {}
        for link in self.headlines:
            if link.provider_id != self.provider_id:
                links.setdefault(link.provider_id, link)
        return list(links.values())


class CardsOfDay(NamedTuple):
    day: date
    cards: tuple[Card, ...]


def load_cards(ids: Sequence[int], with_headlines: int = 0) -> list[Card]:
    """Return the cards of these articles in their order, the first `with_headlines` with their coverage.

    One query, or two with headlines.
    """
    coverage = load_coverage(ids[:with_headlines])
    cards_by_id = {card.pk: card._replace(headlines=tuple(coverage.get(card.pk, ()))) for card in CARDS.rows(ids)}
    cards = [cards_by_id[pk] for pk in ids if pk in cards_by_id]  # one may just have been deleted
    for index, card in enumerate(cards):
        if card.picture:
            cards[index] = card._replace(picture=card.picture._replace(is_first=True))
            break
    return cards


def load_cards_of_providers(ids: Sequence[int], provider_ids: Sequence[int]) -> list[Card]:
    """Return the cards of these articles; those that others lead have the reports of these providers. Two queries."""
    cards = load_cards(ids)
    reports = load_reports([card.pk for card in cards if card.provider_id not in provider_ids], provider_ids)
    return [
        card._replace(reports=tuple(reports[card.pk]), picture=None) if card.pk in reports else card for card in cards
    ]


def load_reports(ids: Sequence[int], provider_ids: Sequence[int]) -> dict[int, list[CoverageLink]]:
    """Return these providers' coverage of each of these articles that lists any, best first. One query."""
    reports = {
        pk: [link for link in links if link.provider_id in provider_ids] for pk, links in load_coverage(ids).items()
    }
    return {pk: links for pk, links in reports.items() if links}


def load_coverage(ids: Sequence[int]) -> dict[int, list[CoverageLink]]:
    """Return the coverage of each of these articles that has any, best first. One query."""
    links: dict[int, list[CoverageLink]] = defaultdict(list)
    for link in COVERAGE_LINKS.rows(ids):
        links[link.article_id].append(link)
    return links


def group_by_day(cards: Iterable[Card], time: CardTime) -> list[CardsOfDay]:
    """Return the cards by the day of one of their times, the latest day first; within a day they keep their order."""

    def day_of(card: Card) -> date:
        return timezone.localdate(getattr(card, time))

    ordered = sorted(cards, key=day_of, reverse=True)
    return [CardsOfDay(day, tuple(group)) for day, group in groupby(ordered, key=day_of)]


def picture_subquery(article: str) -> Subquery:
    """Return an expression for the copy of an article's first stored picture; `article` names its key."""
    copy = JSONObject(**PICTURE_COLUMNS)
    held = PictureAddress.objects.held().filter(digest=Digest(OuterRef("url"))).values(copy=copy)
    images = ArticleImage.objects.filter(article=OuterRef(article), kind=ArticleImage.Kind.PICTURE)
    held_images = images.annotate(held=Subquery(held)).filter(held__isnull=False).order_by("position", "pk")
    return Subquery(held_images.values(copy=JSONObject(alt="alt", credit="attribution", copy="held"))[:1])


def picture_from_json(value: Any) -> StoredPicture | None:
    """Return the picture that `picture_subquery` selected."""
    image = from_json(value)
    return StoredPicture(**from_json(image.pop("copy")), **image) if image else None


def _build_cards(ids: Sequence[int]) -> QuerySet[Any, Any]:
    topics = ArticleTopic.objects.filter(content_object=OuterRef("pk"), tag__parent__isnull=False)
    return (
        Article.objects.filter(pk__in=ids)
        .order_by()
        .annotate(
            provider_name=F("provider__name"),
            kicker=Subquery(topics.order_by("position", "pk").values(kicker=TOPIC_JSON)[:1]),
            picture=picture_subquery("pk"),
            outlets=outlet_count(),
            lang=text_language(),
        )
    )


def _build_coverage_links(ids: Sequence[int]) -> QuerySet[Any, Any]:
    links = RelatedLink.objects.coverage().filter(article__in=ids).order_by("article", "position", "pk")
    return links.annotate(
        target_web_url=F("target__web_url"),
        target_original_url=F("target__original_url"),
        provider_name=F("provider__name"),
        provider_domain=F("provider__domain"),
        lang=text_language("target__"),
    )


CARDS = CompiledQuery(Card, _build_cards, kicker=topic_from_json, picture=picture_from_json)
COVERAGE_LINKS = CompiledQuery(CoverageLink, _build_coverage_links)
