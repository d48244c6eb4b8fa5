"""Load the rows that items are made from: three queries for any number of articles, without model instances."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from articles.models import Article, ArticleImage, ArticleQuerySet, ArticleTopic, Topic
from articles.public.pagination import after_position

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


@dataclass(frozen=True)
class RowPage:
    rows: list[ArticleRow]
    has_next: bool


def site_page(number: int, size: int, at: datetime) -> RowPage:
    """Return page `number`, from 1, of what is public at `at`; empty after the last.

    Three queries for page 1, five for others. Counting entries of an index instead of articles takes a thirtieth of
    the time. But the index holds articles outside their schedule too, so from the entry that was reached, as many
    articles are skipped as were counted wrongly.
    """
    public = Article.objects.public(at).newest_first()
    if number == 1:
        return _page(public, 0, size)
    flagged = Article.objects.filter(public=True)
    skipped = (number - 1) * size
    entry = flagged.newest_first().values_list("published_at", "file_name")[skipped : skipped + 1].first()
    if entry is None:
        return RowPage([], False)
    from_entry = after_position(*entry, including=True)
    counted_wrongly = flagged.outside_schedule(at).order_by().exclude(from_entry).count()
    return _page(public.filter(from_entry), counted_wrongly, size)


def topic_page(topic: Topic, number: int, size: int, at: datetime) -> RowPage:
    """Return page `number`, from 1, of what is public at `at` and lists this very topic; empty after the last."""
    return _page(Article.objects.public(at).with_topics([topic]).newest_first(), (number - 1) * size, size)


def _page(articles: ArticleQuerySet, skipped: int, size: int) -> RowPage:
    rows = load_rows(articles[skipped : skipped + size + 1])
    return RowPage(rows[:size], len(rows) > size)
