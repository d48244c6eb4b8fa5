"""What a list shows of its articles: one statement for the cards of all of them, one for the coverage of some."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, JSONObject
from django.urls import reverse
from django.utils import timezone

from articles.db.compiled_queries import CompiledQuery, from_json, to_datetime
from articles.models import Article, ArticleImage, ArticleTopic, PictureAddress, RelatedLink
from articles.models.fields import Digest

from .media import Copy

PICTURE = {name: f"picture__{name}" for name in ("key", "rungs", "width", "height")} | {
    "bytes": "picture__enclosure_bytes"
}
KICKER = {"name": "tag__name", "slug": "tag__slug"}


class Kicker(NamedTuple):
    """The topic over a headline."""

    name: str
    slug: str


class Headline(NamedTuple):
    """Another outlet's coverage in one line. `address` is empty where it can't be read anywhere."""

    title: str
    address: str
    provider_id: int
    outlet: str


class Card(NamedTuple):
    """One story in a list: plain values, so that equal cards look alike and are drawn once.

    `sources` counts the outlets, the lead's own included; 1 without coverage. `kicker` is the first topic that says
    more than the root does.
    """

    name: str
    title: str
    excerpt: str
    published_at: datetime
    type: str
    source_url: str
    provider_id: int
    outlet: str
    kicker: Kicker | None
    picture: Copy | None
    sources: int
    headlines: tuple[Headline, ...] = ()
    is_pick: bool = False

    @property
    def day(self) -> date:
        return timezone.localdate(self.published_at)

    @property
    def address(self) -> str:
        """Return the address of the story's own page."""
        return reverse("story", args=[self.name])

    @property
    def outlets(self) -> list[Headline]:
        """One headline of each other outlet, the best one."""
        first: dict[int, Headline] = {}
        for headline in self.headlines:
            if headline.provider_id != self.provider_id:
                first.setdefault(headline.provider_id, headline)
        return list(first.values())


def cards_of(ids: Sequence[int], with_headlines: int = 0) -> list[Card]:
    """Return the cards of these articles in their order; the first `with_headlines` get their coverage's too.

    One query, or two.
    """
    found = {row.pk: _card(row) for row in CARDS.rows(ids)}
    headlines = _headlines_of(ids[:with_headlines])
    cards = [found[pk] if pk not in headlines else found[pk]._replace(headlines=headlines[pk]) for pk in ids]
    first = next((place for place, card in enumerate(cards) if card.picture), None)
    if first is not None:
        cards[first] = cards[first]._replace(picture=cards[first].picture._replace(is_first=True))
    return cards


class Day(NamedTuple):
    """The cards of one day in a list."""

    day: date
    cards: tuple[Card, ...]


def days_of(cards: Iterable[Card]) -> list[Day]:
    """Return the cards by day, the latest day first, in each day in their order."""
    ordered = sorted(cards, key=attrgetter("day"), reverse=True)
    return [Day(day, tuple(group)) for day, group in groupby(ordered, key=attrgetter("day"))]


def pictures_of(articles: Iterable[Article]) -> dict[int, Copy]:
    """Return for each article that has one our copy of the first picture that we hold. One query.

    The articles' images have to be prefetched.
    """
    listed = {
        article.pk: [image for image in article.images.all() if image.kind == ArticleImage.Kind.PICTURE]
        for article in articles
    }
    digests = {PictureAddress.digest_of(image.url) for images in listed.values() for image in images}
    held = PictureAddress.objects.held().filter(digest__in=digests).select_related("picture") if digests else ()
    pictures = {address.url: address.picture for address in held}
    found: dict[int, Copy] = {}
    for pk, images in listed.items():
        for image in images:
            if pk not in found and image.url in pictures:
                found[pk] = Copy.of(pictures[image.url], image.alt, image.attribution)
    return found


def count_sources(articles: Iterable[Article]) -> dict[int, int]:
    """Return for each article that has coverage how many other outlets report it. One query."""
    links = RelatedLink.objects.coverage().filter(article__in=[article.pk for article in articles])
    rows = links.values("article").annotate(n=_other_outlets()).order_by()
    return {row["article"]: row["n"] for row in rows}


def _other_outlets() -> Count:
    return Count("provider", distinct=True, filter=~Q(provider=F("article__provider")))


def copy_of(article: str) -> Subquery:
    """Return the expression for our copy of an article's first picture that we hold, as JSON; `article` leads to it."""
    held = PictureAddress.objects.held().filter(digest=Digest(OuterRef("url"))).values(copy=JSONObject(**PICTURE))
    pictures = ArticleImage.objects.filter(article=OuterRef(article), kind=ArticleImage.Kind.PICTURE)
    own = JSONObject(alt="alt", credit="attribution", copy="held")
    found = pictures.annotate(held=Subquery(held)).filter(held__isnull=False).order_by("position", "pk")
    return Subquery(found.values(copy=own)[:1])


def copy_from(value: Any) -> Copy | None:
    """Return the copy that `copy_of` found; text on SQLite."""
    found = from_json(value)
    return Copy(**from_json(found.pop("copy")), **found) if found else None


class _CardRow(NamedTuple):
    pk: int
    name: str
    title: str
    excerpt: str
    published_at: Any
    type: str
    web_url: str
    original_url: str
    provider_id: int
    provider_name: str
    kicker: Any
    copy: Any
    other_sources: int


class _HeadlineRow(NamedTuple):
    article_id: int
    title: str
    web_url: str
    target_web_url: str | None
    target_original_url: str | None
    provider_id: int
    provider_name: str


def _build_cards(ids: Sequence[int]) -> QuerySet[Any, Any]:
    links = RelatedLink.objects.coverage().filter(article=OuterRef("pk")).order_by()
    topics = ArticleTopic.objects.filter(content_object=OuterRef("pk"), tag__parent__isnull=False)
    return (
        Article.objects.filter(pk__in=ids)
        .order_by()
        .annotate(
            provider_name=F("provider__name"),
            kicker=Subquery(topics.order_by("position", "pk").values(kicker=JSONObject(**KICKER))[:1]),
            copy=copy_of("pk"),
            other_sources=Coalesce(Subquery(links.values("article").annotate(n=_other_outlets()).values("n")), 0),
        )
    )


def _build_headlines(ids: Sequence[int]) -> QuerySet[Any, Any]:
    links = RelatedLink.objects.coverage().filter(article__in=ids).order_by("article", "position", "pk")
    return links.annotate(
        target_web_url=F("target__web_url"),
        target_original_url=F("target__original_url"),
        provider_name=F("provider__name"),
    )


CARDS = CompiledQuery(_CardRow, _build_cards)
HEADLINES = CompiledQuery(_HeadlineRow, _build_headlines)


def _card(row: _CardRow) -> Card:
    kicker = from_json(row.kicker)
    return Card(
        name=row.name,
        title=row.title,
        excerpt=row.excerpt,
        published_at=to_datetime(row.published_at),
        type=row.type,
        source_url=row.web_url or row.original_url,
        provider_id=row.provider_id,
        outlet=row.provider_name,
        kicker=Kicker(**kicker) if kicker else None,
        picture=copy_from(row.copy),
        sources=1 + row.other_sources,
    )


def _headlines_of(ids: Sequence[int]) -> dict[int, tuple[Headline, ...]]:
    found: dict[int, list[Headline]] = defaultdict(list)
    for row in HEADLINES.rows(ids):
        url = row.web_url or row.target_web_url or row.target_original_url or ""
        found[row.article_id].append(Headline(row.title, url, row.provider_id, row.provider_name))
    return {article: tuple(headlines) for article, headlines in found.items()}
