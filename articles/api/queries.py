"""Load the rows that items are made from: three queries for any number of articles, without model instances."""

from __future__ import annotations

from collections import defaultdict
from zoneinfo import ZoneInfo

from django.conf import settings

from articles.models import Article, ArticleImage, ArticleQuerySet, ArticleTopic, Topic

from .items import API_EDITIONS, ApiEdition, ArticleRow, ImageRow, TopicRow

COLUMNS = (*ArticleRow._fields[:15], "provider__name", "provider__domain")


def load_edition() -> ApiEdition:
    """Return the edition that the settings select."""
    return ApiEdition(
        content=API_EDITIONS[settings.API_EDITION],
        zone=ZoneInfo(settings.API_TIME_ZONE) if settings.API_EDITION == "2021" else None,
        source_url=settings.API_SOURCE_URL,
        video_url=settings.API_VIDEO_URL,
    )


def load_rows(articles: ArticleQuerySet) -> list[ArticleRow]:
    """Return the rows of these articles, in their order. Three queries, or one if there are no articles."""
    rows = [ArticleRow(*values) for values in articles.values_list(*COLUMNS)]
    if not rows:
        return []
    ids = [row.pk for row in rows]
    topics: dict[int, list[str]] = defaultdict(list)
    article_topics = ArticleTopic.objects.filter(content_object__in=ids).order_by("position", "pk")
    for pk, name in article_topics.values_list("content_object", "tag__name"):
        topics[pk].append(name)
    images: dict[tuple[int, str], list[ImageRow]] = defaultdict(list)
    stored = ArticleImage.objects.filter(article__in=ids).order_by("position", "pk")
    for pk, kind, *values in stored.values_list("article", "kind", *ImageRow._fields):
        images[pk, kind].append(ImageRow(*values))
    picture, logo = ArticleImage.Kind.PICTURE.value, ArticleImage.Kind.LOGO.value
    return [
        row._replace(topics=topics[row.pk], pictures=images[row.pk, picture], logos=images[row.pk, logo])
        for row in rows
    ]


def load_row(name: str) -> ArticleRow | None:
    """Return the row of a public article; None for any other name. At most three queries."""
    return next(iter(load_rows(Article.objects.public().filter(name=name))), None)


def load_registered_topics() -> list[TopicRow]:
    """Return the topics of the registry in the order of its files. One query."""
    registered = Topic.objects.exclude(registry_name="").order_by("registry_name", "name")
    columns = ("name", "shortname", "slug", "parent__name", "images", "services")
    return [TopicRow(*values) for values in registered.values_list(*columns)]
