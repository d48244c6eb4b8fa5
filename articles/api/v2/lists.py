"""Choose the stories of a page: by time, as on the front page, or by words.

Lists by time continue after a place in time (keyset pagination), as the pages of the site do. So `until` is such a
place, and `since` cuts off the end of the last page; neither costs anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from articles import search
from articles.models import Article, ArticleQuerySet, RelatedLink
from articles.public.front_page import FrontPageCursor, front_page
from articles.public.pagination import (
    MIN_TIME,
    ArticlePage,
    PageCursor,
    page_for_place,
    page_for_providers,
    page_for_topics,
    paginate,
)
from articles.public.providers import find_domain
from articles.public.story_page import StoryView, load_stories
from articles.public.topic_tree import TopicTree
from articles.rules.places import place_codes
from articles.search.query import parse

from .problems import ProblemError
from .schemas import Filters, SearchAsked, StoriesAsked

FEW_STORIES = 2000  # that an outlet reports: they are looked up by their ids


@dataclass(frozen=True)
class StoryPage:
    """Some stories; the next page starts at the cursor `next`, empty on the last page."""

    stories: list[StoryView]
    next: str


def front(asked: StoriesAsked) -> StoryPage:
    """Return the stories of the front page or of a later page, in their order. Five queries at most."""
    if asked.cursor and not FrontPageCursor.parse(asked.cursor):
        raise _foreign_cursor()
    page = front_page(asked.cursor)
    return StoryPage(load_stories(page.ids), str(page.older or ""))


def latest(asked: StoriesAsked) -> StoryPage:
    """Return the stories that pass the filters, latest first. The number of queries depends on the filters alone."""
    start = _start(asked)
    match asked:
        case StoriesAsked(topic=slug, outlet="", place="") if slug:
            page = page_for_topics(_published_topics(slug), start, asked.limit)
        case StoriesAsked(topic="", outlet=domain, place="") if domain:
            page = page_for_providers(_provider_ids(domain), start, asked.limit)
        case StoriesAsked(topic="", outlet="", place=code) if code:
            page = page_for_place(_stored_code(code), start, asked.limit)
        case _:
            page = paginate(_filtered(asked), start, asked.limit)
    return _cut_off(page, asked.since)


def found(asked: SearchAsked) -> StoryPage:
    """Return the stories that match, latest first or the most relevant of the newest matches first."""
    if not parse(asked.q):
        raise ProblemError(400, "q", "holds no word to search for", "Ask /api/v2/stories/ for lists without words.")
    articles = _filtered(asked)
    if asked.order == "latest":
        start = _start(asked)
        matches = search.matching(articles, asked.q, newest=not start)
        return _cut_off(paginate(matches, start, asked.limit), asked.since)
    if asked.since:
        articles = articles.filter(listed_at__gte=asked.since)
    if asked.until:
        articles = articles.filter(listed_at__lt=asked.until)
    return _most_relevant(articles, asked)


def _filtered(asked: Filters) -> ArticleQuerySet:
    """Return the public articles that pass the filters by topic, outlet and place."""
    articles = Article.objects.public()
    if asked.topic:
        articles = articles.with_topics(_published_topics(asked.topic))
    if asked.outlet:
        articles = _of_outlet(articles, _provider_ids(asked.outlet))
    if asked.place:
        articles = articles.filter(article_places__code=_stored_code(asked.place))
    return articles


def _most_relevant(articles: ArticleQuerySet, asked: SearchAsked) -> StoryPage:
    """Return a page of the most relevant matches; its cursor is the number of those before it."""
    cursor = asked.cursor or "0"
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= 4):
        raise _foreign_cursor()
    start = int(cursor)
    ids = search.most_relevant(articles, asked.q, start=start, size=asked.limit + 1)
    more = str(start + asked.limit) if len(ids) > asked.limit else ""
    return StoryPage(load_stories(ids[: asked.limit]), more)


def _start(asked: Filters) -> str:
    """Return the cursor at which a list by time starts: the client's, or that of `until` if it is earlier."""
    cursor = PageCursor.parse(asked.cursor) if asked.cursor else None
    if asked.cursor and cursor is None:
        raise _foreign_cursor()
    if asked.until and (cursor is None or cursor.listed_at >= asked.until):
        cursor = PageCursor(asked.until, MIN_TIME, "-")  # after all that were listed at that time
    return str(cursor or "")


def _cut_off(page: ArticlePage, since: datetime | None) -> StoryPage:
    """Return the stories of a page that were listed at `since` or later."""
    stories, older = load_stories(page.ids), page.older
    if since:
        stories = [story for story in stories if story.listed >= since]
        older = older if older and older.listed_at >= since else None
    return StoryPage(stories, str(older or ""))


def _stored_code(place: str) -> str:
    """Return the code under which a place is stored: stories may state another one, such as UK."""
    return place_codes([place])[0]


def _published_topics(slug: str) -> list[int]:
    """Return the keys of a topic and those below it that have stories; none for a topic without."""
    tree = TopicTree.load()
    topic = tree.find(slug)
    return tree.published_ids(topic) if topic else []


def _provider_ids(domain: str) -> Sequence[int]:
    """Return the keys of the names that this outlet uses; none if it reports no story."""
    outlet = find_domain(domain)
    return outlet.keys if outlet else ()


def _of_outlet(articles: ArticleQuerySet, provider_ids: Sequence[int]) -> ArticleQuerySet:
    """Return those of `articles` that these providers report, as the lead or as coverage. Two queries.

    Those of a small outlet are looked up by their ids, as those of a small topic are.
    """
    coverage = RelatedLink.objects.coverage().filter(provider__in=provider_ids).order_by().values("article")
    led = Article.objects.filter(provider__in=provider_ids, public=True).order_by().values_list("pk", flat=True)
    ids = [*led[: FEW_STORIES + 1], *coverage.values_list("article", flat=True)[: FEW_STORIES + 1]]
    if len(ids) <= FEW_STORIES:
        return articles.filter(pk__in=ids)
    return articles.filter(Q(provider__in=provider_ids) | Q(pk__in=coverage))


def _foreign_cursor() -> ProblemError:
    return ProblemError(400, "cursor", "is not one of this list", "Follow `next`, or leave it out to start again.")
