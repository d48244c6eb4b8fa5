"""What the page of a story shows: the story, everyone's coverage, and what is worth reading next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import BooleanField, ExpressionWrapper, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.urls import reverse

from articles.db.compiled_queries import NOW, CompiledQuery, JSONList, KeyRow, from_json, to_datetime
from articles.models import Article, ArticleTopic, RelatedLink, shown_to_readers
from articles.models.related import is_coverage

from .cards import copy_from, copy_of
from .media import Copy, Outlet
from .pagination import newest_about
from .providers import logos_from, logos_json
from .video import player_address, watch_address, youtube_id

COVERAGE_UNFOLDED = 8
MORE_STORIES = 5


class Subject(NamedTuple):
    """A topic of a story. `parent` is its parent's key."""

    position: int
    pk: int
    name: str
    slug: str
    parent: int | None

    @property
    def address(self) -> str:
        return reverse("topic", args=[self.slug])


class Told(NamedTuple):
    """The lead of a story as its page shows it."""

    pk: int
    name: str
    title: str
    excerpt: str
    published_at: datetime
    type: str
    source_url: str
    outlet: Outlet
    topics: tuple[Subject, ...]
    picture: Copy | None
    video: str

    @property
    def address(self) -> str:
        return reverse("story", args=[self.name])

    @property
    def player(self) -> str:
        return player_address(self.video) if self.video else ""

    @property
    def watch(self) -> str:
        return watch_address(self.video) if self.video else ""

    @property
    def subject(self) -> Subject | None:
        """The topic that says most: the first one below another, else the first."""
        return next((topic for topic in self.topics if topic.parent), self.topics[0] if self.topics else None)


class Coverage(NamedTuple):
    """One item of a story's coverage. `name` is that of our own article of it, empty if we have none."""

    name: str
    title: str
    excerpt: str
    published_at: datetime
    type: str
    address: str
    outlet: Outlet


class Aside(NamedTuple):
    """Another story in one line."""

    name: str
    title: str
    published_at: datetime
    outlet: str

    @property
    def address(self) -> str:
        return reverse("story", args=[self.name])


def shown(name: str) -> int | None:
    """Return the key of the article of that name that readers see by itself; None if there is none. One query."""
    return next((row.pk for row in SHOWN.rows([name])), None)


def told(pk: int) -> Told:
    """Return the lead of a story. One query."""
    row = STORIES.rows([pk])[0]
    copy = copy_from(row.copy)
    return Told(
        pk=pk,
        name=row.name,
        title=row.title,
        excerpt=row.excerpt,
        published_at=to_datetime(row.published_at),
        type=row.type,
        source_url=row.web_url or row.original_url,
        outlet=Outlet(row.provider_name, row.provider_domain, logos_from(row.logo_files)),
        topics=subjects_from(row.subjects),
        picture=copy and copy._replace(is_first=True),
        video=youtube_id(row.featured_content, row.original_url),
    )


def subjects_json() -> Subquery:
    """Return the expression for the topics of an article, as JSON."""
    topic = JSONObject(position="position", pk="tag__pk", name="tag__name", slug="tag__slug", parent="tag__parent")
    topics = ArticleTopic.objects.filter(content_object=OuterRef("pk")).order_by()
    return Subquery(topics.values("content_object").annotate(all=JSONList(topic)).values("all"))


def subjects_from(value: Any) -> tuple[Subject, ...]:
    """Return what `subjects_json` found, in the order of the article; text on SQLite."""
    return tuple(sorted(Subject(**topic) for topic in from_json(value) or ()))


def story_context(pk: int) -> dict[str, object]:
    """Return what the page of a story shows. Four queries, three if it has no topic.

    What stands around the article is what readers may see, whether they may see the article or not.
    """
    story = told(pk)
    coverage, see_also, seen = _links_of(pk)
    subject = story.subject
    return {
        "story": story,
        "coverage": coverage,
        "unfolded": coverage[:COVERAGE_UNFOLDED],
        "rest": coverage[COVERAGE_UNFOLDED:],
        "see_also": see_also,
        "more": _more_about(subject, [pk, *seen]) if subject else [],
    }


def _links_of(pk: int) -> tuple[list[Coverage], list[Aside], list[int]]:
    """Return the coverage of a story, newest first, the stories beside it, best first, and the keys of those."""
    coverage, beside, seen = [], [], []
    for row in LINKS.rows([pk]):
        if row.covers:
            url = row.web_url or row.target_web_url or row.target_original_url or ""
            outlet = Outlet(row.provider_name, row.provider_domain, logos_from(row.logo_files))
            published_at = to_datetime(row.published_at)
            coverage.append(
                Coverage(row.target_name or "", row.title, row.excerpt, published_at, row.type, url, outlet)
            )
        elif row.is_shown:
            published_at = to_datetime(row.target_published_at)
            beside.append(Aside(row.target_name, row.target_title, published_at, row.provider_name))
            seen.append(row.target_id)
    return sorted(coverage, key=lambda item: item.published_at, reverse=True), beside, seen


def _more_about(subject: Subject, but: Sequence[int]) -> list[Aside]:
    """Return the newest stories about a topic. Two queries."""
    latest = newest_about([subject.pk], MORE_STORIES + len(but))
    newest = [row.article_id for row in latest if row.article_id not in but]
    asides = {
        row.pk: Aside(row.name, row.title, to_datetime(row.published_at), row.provider_name)
        for row in ASIDES.rows(newest)
    }
    return [asides[pk] for pk in newest][:MORE_STORIES]


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
    subjects: Any
    copy: Any


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
    target_id: int | None
    target_name: str | None
    target_title: str | None
    target_published_at: Any
    covers: bool
    is_shown: bool


class _AsideRow(NamedTuple):
    pk: int
    name: str
    title: str
    published_at: Any
    provider_name: str


def _build_shown(names: Sequence[str]) -> QuerySet[Any, Any]:
    return Article.objects.public(NOW).filter(name__in=names).order_by()


def _build_stories(ids: Sequence[int]) -> QuerySet[Any, Any]:
    return (
        Article.objects.filter(pk__in=ids)
        .order_by()
        .annotate(
            provider_name=F("provider__name"),
            provider_domain=F("provider__domain"),
            logo_files=logos_json("provider"),
            subjects=subjects_json(),
            copy=copy_of("pk"),
        )
    )


def _build_links(ids: Sequence[int]) -> QuerySet[Any, Any]:
    target = ("web_url", "original_url", "name", "title", "published_at")
    return (
        RelatedLink.objects.filter(article__in=ids)
        .order_by("position", "pk")
        .annotate(
            **{f"target_{field}": F(f"target__{field}") for field in target},
            provider_name=F("provider__name"),
            provider_domain=F("provider__domain"),
            logo_files=logos_json("provider"),
            covers=ExpressionWrapper(is_coverage(), BooleanField()),
            is_shown=ExpressionWrapper(shown_to_readers("target__", at=NOW), BooleanField()),
        )
    )


def _build_asides(ids: Sequence[int]) -> QuerySet[Any, Any]:
    return Article.objects.filter(pk__in=ids).order_by().annotate(provider_name=F("provider__name"))


ASIDES = CompiledQuery(_AsideRow, _build_asides)
STORIES = CompiledQuery(_StoryRow, _build_stories)
LINKS = CompiledQuery(_LinkRow, _build_links)
SHOWN = CompiledQuery(KeyRow, _build_shown)
