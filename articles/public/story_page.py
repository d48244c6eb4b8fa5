"""What the page of a story shows: the story, everyone's coverage, and what is worth reading next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import BooleanField, ExpressionWrapper, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.urls import reverse

from articles.db.compiled_queries import MOMENT, JSONList, Statement, json_of, time_of
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
    return next((pk for (pk,) in SHOWN.rows([name])), None)


def told(pk: int) -> Told:
    """Return the lead of a story. One query."""
    row = STORIES.rows([pk])[0]
    _, name, title, excerpt, at, kind, web, original, featured, outlet, domain, logos, topics, picture = row
    copy = copy_from(picture)
    return Told(
        pk,
        name,
        title,
        excerpt,
        time_of(at),
        kind,
        web or original,
        Outlet(outlet, domain, logos_from(logos)),
        subjects_from(topics),
        copy and copy._replace(is_first=True),
        youtube_id(featured, original),
    )


def subjects_json() -> Subquery:
    """Return the expression for the topics of an article, as JSON."""
    topic = JSONObject(position="position", pk="tag__pk", name="tag__name", slug="tag__slug", parent="tag__parent")
    topics = ArticleTopic.objects.filter(content_object=OuterRef("pk")).order_by()
    return Subquery(topics.values("content_object").annotate(all=JSONList(topic)).values("all"))


def subjects_from(value: Any) -> tuple[Subject, ...]:
    """Return what `subjects_json` found, in the order of the article; text on SQLite."""
    return tuple(sorted(Subject(**topic) for topic in json_of(value) or ()))


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
        title, excerpt, at, kind, *addresses, outlet, domain, logos, target, name, own_title, own_at, covers, shown = (
            row
        )
        if covers:
            address = next(filter(None, addresses), "")
            whose = Outlet(outlet, domain, logos_from(logos))
            coverage.append(Coverage(name or "", title, excerpt, time_of(at), kind, address, whose))
        elif shown:
            beside.append(Aside(name, own_title, time_of(own_at), outlet))
            seen.append(target)
    return sorted(coverage, key=lambda item: item.published_at, reverse=True), beside, seen


def _more_about(subject: Subject, but: Sequence[int]) -> list[Aside]:
    """Return the newest stories about a topic. Two queries."""
    newest = [pk for pk, _, _ in newest_about([subject.pk], MORE_STORIES + len(but)) if pk not in but]
    found = {pk: Aside(name, title, time_of(at), outlet) for pk, name, title, at, outlet in ASIDES.rows(newest)}
    return [found[pk] for pk in newest][:MORE_STORIES]


def _build_shown(names: Sequence[int]) -> QuerySet[Any, Any]:
    return Article.objects.public(MOMENT).filter(name__in=names).order_by().values_list("pk")


def _build_stories(ids: Sequence[int]) -> QuerySet[Any, Any]:
    columns = ("pk", "name", "title", "excerpt", "published_at", "type", "web_url", "original_url", "featured_content")
    return (
        Article.objects.filter(pk__in=ids)
        .order_by()
        .values_list(
            *columns,
            "provider__name",
            "provider__domain",
            logos_json("provider"),
            subjects_json(),
            copy_of("pk"),
        )
    )


def _build_links(ids: Sequence[int]) -> QuerySet[Any, Any]:
    columns = ("title", "excerpt", "published_at", "type", "web_url", "target__web_url", "target__original_url")
    own = ("target", "target__name", "target__title", "target__published_at")
    return (
        RelatedLink.objects.filter(article__in=ids)
        .order_by("position", "pk")
        .values_list(
            *columns,
            "provider__name",
            "provider__domain",
            logos_json("provider"),
            *own,
            ExpressionWrapper(is_coverage(), BooleanField()),
            ExpressionWrapper(shown_to_readers("target__", at=MOMENT), BooleanField()),
        )
    )


def _build_asides(ids: Sequence[int]) -> QuerySet[Any, Any]:
    columns = ("pk", "name", "title", "published_at", "provider__name")
    return Article.objects.filter(pk__in=ids).order_by().values_list(*columns)


ASIDES = Statement(_build_asides)
STORIES = Statement(_build_stories)
LINKS = Statement(_build_links)
SHOWN = Statement(_build_shown)
