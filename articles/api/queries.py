"""The rows that items are made of: three queries for a page, however many articles stand on it; no object for any."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from django.conf import settings

from articles.models import Article, ArticleImage, ArticleQuerySet, ArticleTopic, Topic

from .items import EDITIONS, Edition, Image, Row, TopicRow

COLUMNS = (*Row._fields[:15], "provider__name", "provider__domain")


def edition() -> Edition:
    """Return the edition that the settings ask for."""
    return Edition(
        content=EDITIONS[settings.API_EDITION],
        zone=ZoneInfo(settings.API_TIME_ZONE) if settings.API_EDITION == "2021" else None,
        source_url=settings.API_SOURCE_URL,
        video_url=settings.API_VIDEO_URL,
    )


def rows_of(articles: ArticleQuerySet) -> list[Row]:
    """Return what these articles' items are made of, in their order. Three queries; one if there is no article."""
    found = [Row(*values) for values in articles.values_list(*COLUMNS)]
    if not found:
        return []
    ids = [row.pk for row in found]
    topics: dict[int, list[str]] = defaultdict(list)
    places = ArticleTopic.objects.filter(content_object__in=ids).order_by("position", "pk")
    for pk, name in places.values_list("content_object", "tag__name"):
        topics[pk].append(name)
    images: dict[tuple[int, str], list[Image]] = defaultdict(list)
    stored = ArticleImage.objects.filter(article__in=ids).order_by("position", "pk")
    for pk, kind, *values in stored.values_list("article", "kind", *Image._fields):
        images[pk, kind].append(Image(*values))
    picture, logo = ArticleImage.Kind.PICTURE.value, ArticleImage.Kind.LOGO.value
    return [
        row._replace(topics=topics[row.pk], pictures=images[row.pk, picture], logos=images[row.pk, logo])
        for row in found
    ]


def row_of(name: str) -> Row | None:
    """Return what the item of a public article is made of; None for any other name. Three queries at most."""
    return _first(rows_of(Article.objects.public().filter(name=name)))


def registered_topics() -> list[TopicRow]:
    """Return the topics of the registry in the order of its files. One query."""
    registered = Topic.objects.exclude(registry_name="").order_by("registry_name", "name")
    columns = ("name", "shortname", "slug", "parent__name", "images", "services")
    return [TopicRow(*values) for values in registered.values_list(*columns)]


def _first(rows: Iterable[Row]) -> Row | None:
    return next(iter(rows), None)
