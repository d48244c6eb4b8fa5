"""Load stories with their coverage: two queries for any number of them, without model instances."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import BooleanField, ExpressionWrapper, F, QuerySet

from articles.db.compiled_queries import NOW, CompiledQuery, from_json, to_datetime
from articles.models import Article, RelatedLink, shown_to_readers
from articles.models.languages import text_language
from articles.models.related import is_coverage, outlet_count
from articles.public.cards import picture_from_json, picture_subquery
from articles.public.media import StoredPicture
from articles.public.story_page import incoming_title, topics_from_json, topics_subquery
from articles.public.topic_tree import TopicNode
from articles.rules.headlines import outlets_headline


class LinkRow(NamedTuple):
    """A related link: coverage, or a story that is public by itself."""

    article_id: int
    title: str
    web_url: str
    published_at: datetime
    type: str
    provider_name: str
    provider_domain: str
    lang: str | None
    target_name: str | None
    target_title: str | None
    target_web_url: str | None
    target_original_url: str | None
    covers: bool
    is_shown: bool

    @property
    def source_url(self) -> str:
        return self.web_url or self.target_web_url or self.target_original_url or ""


class StoryRow(NamedTuple):
    pk: int
    name: str
    title: str
    excerpt: str
    published_at: datetime
    listed_at: datetime | None
    type: str
    web_url: str
    original_url: str
    heat: int | None
    tags: list[str]
    provider_name: str
    provider_domain: str
    lang: str | None
    topic_list: tuple[TopicNode, ...]
    picture: StoredPicture | None
    outlets: int
    incoming_title: str | None
    links: tuple[LinkRow, ...] = ()

    @property
    def outlets_title(self) -> str:
        """Return the outlet's own headline if `title` is ours; else nothing."""
        return outlets_headline(self.title, self.incoming_title)

    @property
    def listed(self) -> datetime:
        return self.listed_at or self.published_at


def load_stories(ids: Sequence[int]) -> list[StoryRow]:
    """Return these articles in their order, with their links. Two queries."""
    links: dict[int, list[LinkRow]] = defaultdict(list)
    for link in LINKS.rows(ids):
        links[link.article_id].append(link)
    rows = {row.pk: row._replace(links=tuple(links[row.pk])) for row in STORIES.rows(ids)}
    return [rows[pk] for pk in ids if pk in rows]  # one may just have been deleted


def _provider_columns() -> dict[str, F]:
    return {"provider_name": F("provider__name"), "provider_domain": F("provider__domain")}


def _build_stories(ids: Sequence[int]) -> QuerySet[Any, Any]:
    stories = Article.objects.filter(pk__in=ids).order_by().annotate(**_provider_columns(), lang=text_language())
    return stories.annotate(
        topic_list=topics_subquery(),
        picture=picture_subquery("pk"),
        outlets=outlet_count(),
        incoming_title=incoming_title(),
    )


def _build_links(ids: Sequence[int]) -> QuerySet[Any, Any]:
    links = RelatedLink.objects.filter(article__in=ids).order_by("article", "position", "pk")
    target = ("name", "title", "web_url", "original_url")
    return links.annotate(
        **_provider_columns(),
        lang=text_language("target__"),
        **{f"target_{field}": F(f"target__{field}") for field in target},
        covers=ExpressionWrapper(is_coverage(), BooleanField()),
        is_shown=ExpressionWrapper(shown_to_readers("target__", at=NOW), BooleanField()),
    )


STORIES = CompiledQuery(
    StoryRow,
    _build_stories,
    published_at=to_datetime,
    listed_at=to_datetime,
    tags=from_json,
    topic_list=topics_from_json,
    picture=picture_from_json,
)
LINKS = CompiledQuery(LinkRow, _build_links, published_at=to_datetime)
