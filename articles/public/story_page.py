"""Load what the page of a story shows: the story, its coverage, and what to read next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from django.db.models import BooleanField, ExpressionWrapper, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.urls import reverse

from articles.db.compiled_queries import NOW, CompiledQuery, JSONList, KeyRow, from_json, to_datetime
from articles.models import Article, ArticleTopic, RelatedLink, shown_to_readers
from articles.models.related import is_coverage

from .cards import picture_from_json, picture_subquery
from .media import ProviderView, StoredPicture
from .pagination import newest_for_topics
from .providers import logos_from_json, logos_subquery
from .topic_tree import TOPIC_JSON, TopicNode
from .video import player_url, watch_url, youtube_id

COVERAGE_SHOWN = 8
MORE_STORIES = 5


class StoryView(NamedTuple):
    """The lead of a story as its page shows it."""

    name: str
    title: str
    excerpt: str
    published_at: datetime
    type: str
    source_url: str
    provider: ProviderView
    topics: tuple[TopicNode, ...]
    picture: StoredPicture | None
    video: str

    @property
    def player(self) -> str:
        return player_url(self.video) if self.video else ""

    @property
    def watch(self) -> str:
        return watch_url(self.video) if self.video else ""

    @property
    def main_topic(self) -> TopicNode | None:
        """Return the most specific topic: the first one below another, else the first."""
        return next((topic for topic in self.topics if topic.parent_id), self.topics[0] if self.topics else None)


class Coverage(NamedTuple):
    """One item of a story's coverage. `name` is that of our own article, empty if we have none."""

    name: str
    title: str
    excerpt: str
    published_at: datetime
    type: str
    url: str
    provider: ProviderView


class Teaser(NamedTuple):
    """Another story in one line."""

    name: str
    title: str
    published_at: datetime
    provider_name: str

    @property
    def url(self) -> str:
        return reverse("story", args=[self.name])


def public_id(name: str) -> int | None:
    """Return the key of the public article of that name; None if there is none. One query."""
    return next((row.pk for row in PUBLIC_IDS.rows([name])), None)


def load_story(pk: int) -> StoryView:
    """Return the lead of a story. One query."""
    row = STORIES.rows([pk])[0]
    picture = picture_from_json(row.picture)
    return StoryView(
        name=row.name,
        title=row.title,
        excerpt=row.excerpt,
        published_at=to_datetime(row.published_at),
        type=row.type,
        source_url=row.web_url or row.original_url,
        provider=_provider_view(row),
        topics=topics_from_json(row.topic_items),
        picture=picture and picture._replace(is_first=True),
        video=youtube_id(row.featured_content, row.original_url),
    )


def topics_subquery() -> Subquery:
    """Return an expression for the topics of an article, as JSON."""
    topics = ArticleTopic.objects.filter(content_object=OuterRef("pk")).order_by()
    items = JSONList(JSONObject(position="position", topic=TOPIC_JSON))
    return Subquery(topics.values("content_object").annotate(all=items).values("all"))


def topics_from_json(value: Any) -> tuple[TopicNode, ...]:
    """Return the topics that `topics_subquery` selected, in the article's order."""
    items = sorted(from_json(value) or (), key=itemgetter("position"))
    return tuple(TopicNode(**from_json(item["topic"])) for item in items)


def story_context(pk: int) -> dict[str, object]:
    """Return the context of a story's page. Four queries, or three if it has no topic.

    A preview uses it too: coverage and other stories are public ones even if the article itself is not.
    """
    story = load_story(pk)
    coverage, see_also, seen_ids = _coverage_and_see_also(pk)
    topic = story.main_topic
    return {
        "story": story,
        "coverage": coverage,
        "unfolded": coverage[:COVERAGE_SHOWN],
        "rest": coverage[COVERAGE_SHOWN:],
        "see_also": see_also,
        "more": _more_about(topic, [pk, *seen_ids]) if topic else [],
    }


def _coverage_and_see_also(pk: int) -> tuple[list[Coverage], list[Teaser], list[int]]:
    """Return the coverage of a story, newest first, other linked stories in their order, and the keys of those."""
    coverage, see_also, seen_ids = [], [], []
    for row in LINKS.rows([pk]):
        if row.covers:
            url = row.web_url or row.target_web_url or row.target_original_url or ""
            time = to_datetime(row.published_at)
            provider = _provider_view(row)
            coverage.append(Coverage(row.target_name or "", row.title, row.excerpt, time, row.type, url, provider))
        elif row.is_shown:
            time = to_datetime(row.target_published_at)
            see_also.append(Teaser(row.target_name, row.target_title, time, row.provider_name))
            seen_ids.append(row.target_id)
    return sorted(coverage, key=attrgetter("published_at"), reverse=True), see_also, seen_ids


def _more_about(topic: TopicNode, excluded_ids: Sequence[int]) -> list[Teaser]:
    """Return the newest stories about a topic. Two queries."""
    newest = newest_for_topics([topic.pk], MORE_STORIES + len(excluded_ids))
    ids = [row.article_id for row in newest if row.article_id not in excluded_ids]
    teasers = {
        row.pk: Teaser(row.name, row.title, to_datetime(row.published_at), row.provider_name)
        for row in TEASERS.rows(ids)
    }
    return [teasers[pk] for pk in ids][:MORE_STORIES]


def _provider_view(row: _StoryRow | _LinkRow) -> ProviderView:
    return ProviderView(row.provider_name, row.provider_domain, logos_from_json(row.logo_files))


class _StoryRow(NamedTuple):
    name: str
    title: str
    excerpt: str
    published_at: Any
    type: str
    web_url: str
    original_url: str
    featured_content: str
    provider_name: str
    provider_domain: str
    logo_files: Any
    topic_items: Any
    picture: Any


class _LinkRow(NamedTuple):
    title: str
    excerpt: str
    published_at: Any
    type: str
    web_url: str
    target_web_url: str | None
    target_original_url: str | None
    provider_name: str
    provider_domain: str
    logo_files: Any
    target_id: int
    target_name: str
    target_title: str
    target_published_at: Any
    covers: bool
    is_shown: bool


class _TeaserRow(NamedTuple):
    pk: int
    name: str
    title: str
    published_at: Any
    provider_name: str


def _build_stories(ids: Sequence[int]) -> QuerySet[Any, Any]:
    stories = Article.objects.filter(pk__in=ids).order_by().annotate(**_provider_columns())
    return stories.annotate(topic_items=topics_subquery(), picture=picture_subquery("pk"))


def _build_links(ids: Sequence[int]) -> QuerySet[Any, Any]:
    target = ("web_url", "original_url", "name", "title", "published_at")
    links = RelatedLink.objects.filter(article__in=ids).order_by("position", "pk").annotate(**_provider_columns())
    return links.annotate(
        **{f"target_{field}": F(f"target__{field}") for field in target},
        covers=ExpressionWrapper(is_coverage(), BooleanField()),
        is_shown=ExpressionWrapper(shown_to_readers("target__", at=NOW), BooleanField()),
    )


def _build_teasers(ids: Sequence[int]) -> QuerySet[Any, Any]:
    return Article.objects.filter(pk__in=ids).order_by().annotate(provider_name=F("provider__name"))


def _provider_columns() -> dict[str, Any]:
    return {
        "provider_name": F("provider__name"),
        "provider_domain": F("provider__domain"),
        "logo_files": logos_subquery("provider"),
    }


PUBLIC_IDS = CompiledQuery(KeyRow, lambda names: Article.objects.public(NOW).filter(name__in=names).order_by())
STORIES = CompiledQuery(_StoryRow, _build_stories)
LINKS = CompiledQuery(_LinkRow, _build_links)
TEASERS = CompiledQuery(_TeaserRow, _build_teasers)
