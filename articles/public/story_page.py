"""Load stories with their links, and what the page of a story shows beside them: what to read next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from django.db.models import BooleanField, ExpressionWrapper, F, OuterRef, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import JSONObject
from django.urls import reverse

from articles.db.compiled_queries import NOW, CompiledQuery, JSONList, KeyRow, from_json
from articles.models import Article, ArticleTopic, RelatedLink, shown_to_readers
from articles.models.languages import text_language
from articles.models.related import is_coverage, outlet_count
from articles.rules.headlines import outlets_headline

from .cards import picture_from_json, picture_subquery
from .media import ProviderView, StoredLogo, StoredPicture
from .pagination import latest_for_topics
from .places import Place, places_of
from .providers import logos_from_json, logos_subquery
from .topic_tree import TOPIC_JSON, TopicNode
from .video import player_url, watch_url, youtube_id

COVERAGE_SHOWN = 8
MORE_STORIES = 5
# What decides whether the public sees an article, or its lead instead.
VISIBILITY_FIELDS = ("name", "public", "publish_at", "unpublish_at", "heat", "removed", "missing", "staged")
LEAD_VISIBILITY_FIELDS = tuple(f"lead__{name}" for name in VISIBILITY_FIELDS)


class StoryView(NamedTuple):
    """The lead of a story as its page and the API show it, with all its links, the best coverage first."""

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
    featured_content: str
    provider_id: int
    provider_name: str
    provider_domain: str
    provider_country: str
    logo_files: tuple[StoredLogo, ...]
    topic_list: tuple[TopicNode, ...]
    picture: StoredPicture | None
    outlets: int
    lang: str | None
    tags: Sequence[str]
    incoming_title: str | None
    links: tuple[StoryLink, ...] = ()

    @property
    def listed(self) -> datetime:
        return self.listed_at or self.published_at

    @property
    def coverage(self) -> list[StoryLink]:
        """Return the links to other reports, the newest first."""
        return sorted((link for link in self.links if link.covers), key=attrgetter("published_at"), reverse=True)

    @property
    def provider(self) -> ProviderView:
        return ProviderView(self.provider_id, self.provider_name, self.provider_domain, self.logo_files)

    @property
    def places(self) -> list[Place]:
        return places_of(self.tags)

    @property
    def outlets_title(self) -> str:
        """Return the outlet's own headline if `title` is ours; else nothing."""
        return outlets_headline(self.title, self.incoming_title)

    @property
    def source_url(self) -> str:
        return self.web_url or self.original_url

    @property
    def video_id(self) -> str:
        return youtube_id(self.featured_content, self.original_url)

    @property
    def player(self) -> str:
        return player_url(self.video_id) if self.video_id else ""

    @property
    def watch(self) -> str:
        return watch_url(self.video_id) if self.video_id else ""

    @property
    def main_topic(self) -> TopicNode | None:
        """Return the most specific topic: the first one below another, else the first."""
        return next((topic for topic in self.topic_list if topic.parent_id), next(iter(self.topic_list), None))


class StoryLink(NamedTuple):
    """A link of a story: an item of its coverage, or another story. `target_name` is empty if we have no article."""

    pk: int
    article_id: int
    title: str
    excerpt: str
    published_at: datetime
    type: str
    web_url: str
    target_web_url: str | None
    target_original_url: str | None
    provider_id: int
    provider_name: str
    provider_domain: str
    provider_country: str
    logo_files: tuple[StoredLogo, ...]
    target_id: int
    target_name: str
    target_title: str
    target_published_at: datetime
    covers: bool
    is_shown: bool
    lang: str | None

    @property
    def provider(self) -> ProviderView:
        return ProviderView(self.provider_id, self.provider_name, self.provider_domain, self.logo_files)

    @property
    def source_url(self) -> str:
        return self.web_url or self.target_web_url or self.target_original_url or ""

    @property
    def anchor(self) -> str:
        """Return the id of the report on the page of its story."""
        return self.target_name or f"report-{self.pk}"


class Teaser(NamedTuple):
    """Another story in one line."""

    pk: int
    name: str
    title: str
    published_at: datetime
    provider_name: str
    lang: str | None

    @property
    def url(self) -> str:
        return reverse("story", args=[self.name])


def public_id(name: str) -> int | None:
    """Return the key of the public article of that name; None if there is none. One query."""
    return next((row.pk for row in PUBLIC_IDS.rows([name])), None)


def shown_lead(name: str) -> str:
    """Return the name of the public story that shows the folded article of that name; empty if none does. One query."""
    articles = Article.objects.select_related("lead").only(*VISIBILITY_FIELDS, *LEAD_VISIBILITY_FIELDS)
    article = articles.filter(name=name).first()
    if article is None or not article.is_folded or article.removed or article.missing or article.staged is not None:
        return ""
    return article.lead.name if article.lead and article.lead.is_shown() else ""


def topics_subquery() -> Subquery:
    """Return an expression for the topics of an article, as JSON."""
    topics = ArticleTopic.objects.filter(content_object=OuterRef("pk")).order_by()
    items = JSONList(JSONObject(position="position", topic=TOPIC_JSON))
    return Subquery(topics.values("content_object").annotate(all=items).values("all"))


def incoming_title() -> KeyTextTransform:
    """Return an expression for the outlet's own headline of an article with an edited one; else NULL."""
    return KeyTextTransform("title", "wishes")


def topics_from_json(value: Any) -> tuple[TopicNode, ...]:
    """Return the topics that `topics_subquery` selected, in the article's order."""
    items = [(item["position"], TopicNode(**from_json(item["topic"]))) for item in from_json(value) or ()]
    return tuple(topic for _, topic in sorted(items))


def load_stories(ids: Sequence[int]) -> list[StoryView]:
    """Return these articles in their order, with their links. Two queries."""
    links: dict[int, list[StoryLink]] = defaultdict(list)
    for link in LINKS.rows(ids):
        links[link.article_id].append(link)
    stories = {story.pk: story._replace(links=tuple(links[story.pk])) for story in STORIES.rows(ids)}
    return [stories[pk] for pk in ids if pk in stories]  # one may just have been deleted


def story_context(pk: int, preview: str = "") -> dict[str, Any]:
    """Return the context of a story's page. Four queries, or three if it has no topic.

    A preview uses it too: coverage and other stories are public ones even if the article itself is not. `preview` is
    the token of its link.
    """
    (story,) = load_stories([pk])
    coverage = story.coverage
    see_also = [
        Teaser(
            link.target_id, link.target_name, link.target_title, link.target_published_at, link.provider_name, link.lang
        )
        for link in story.links
        if link.is_shown and not link.covers
    ]
    topic = story.main_topic
    return {
        "story": story._replace(picture=story.picture and story.picture._replace(is_first=True, preview=preview)),
        "coverage": coverage,
        "unfolded": coverage[:COVERAGE_SHOWN],
        "rest": coverage[COVERAGE_SHOWN:],
        "see_also": see_also,
        "more": _more_about(topic, [pk, *(teaser.pk for teaser in see_also)]) if topic else [],
    }


def _more_about(topic: TopicNode, excluded_ids: Sequence[int]) -> list[Teaser]:
    """Return the latest stories about a topic. Two queries."""
    latest = latest_for_topics([topic.pk], MORE_STORIES + len(excluded_ids))
    ids = [row.article_id for row in latest if row.article_id not in excluded_ids][:MORE_STORIES]
    teasers = {teaser.pk: teaser for teaser in TEASERS.rows(ids)}
    return [teasers[pk] for pk in ids if pk in teasers]  # one may just have been deleted


def _build_stories(ids: Sequence[int]) -> QuerySet[Any, Any]:
    stories = Article.objects.filter(pk__in=ids).order_by().annotate(**_provider_columns())
    return stories.annotate(
        topic_list=topics_subquery(),
        picture=picture_subquery("pk"),
        outlets=outlet_count(),
        lang=text_language(),
        incoming_title=incoming_title(),
    )


def _build_links(ids: Sequence[int]) -> QuerySet[Any, Any]:
    target = ("web_url", "original_url", "name", "title", "published_at")
    links = RelatedLink.objects.filter(article__in=ids).order_by("article", "position", "pk")
    return links.annotate(
        **_provider_columns(),
        **{f"target_{field}": F(f"target__{field}") for field in target},
        covers=ExpressionWrapper(is_coverage(), BooleanField()),
        lang=text_language("target__"),
        is_shown=ExpressionWrapper(shown_to_readers("target__", at=NOW), BooleanField()),
    )


def _build_teasers(ids: Sequence[int]) -> QuerySet[Any, Any]:
    teasers = Article.objects.filter(pk__in=ids).order_by()
    return teasers.annotate(provider_name=F("provider__name"), lang=text_language())


def _provider_columns() -> dict[str, Any]:
    return {
        "provider_name": F("provider__name"),
        "provider_domain": F("provider__domain"),
        "provider_country": F("provider__country"),
        "logo_files": logos_subquery("provider"),
    }


PUBLIC_IDS = CompiledQuery(KeyRow, lambda names: Article.objects.public(NOW).filter(name__in=names).order_by())
STORIES = CompiledQuery(
    StoryView,
    _build_stories,
    tags=from_json,
    logo_files=logos_from_json,
    topic_list=topics_from_json,
    picture=picture_from_json,
)
LINKS = CompiledQuery(StoryLink, _build_links, logo_files=logos_from_json)
TEASERS = CompiledQuery(Teaser, _build_teasers)
