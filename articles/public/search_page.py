"""The search page: what a reader asks for, taken apart, and the stories that answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_safe

from articles import search
from articles.models import Article, ArticleQuerySet
from articles.page_cache.cacheable import cacheable
from articles.search.query import MAX_CHARACTERS, parse
from providers.models import Provider

from .cards import Card, cards_of
from .dates import midnight
from .pagination import PAGE_SIZE, Page, page_of
from .text import first_words, unescape
from .topic_tree import TopicTree

NEWEST, RELEVANCE = "newest", "relevance"
PARAMETERS = ("q", "topic", "provider", "from", "to", "sort", "before", "page")
EXCERPT_LENGTH = 180
COUNTED = 1000


@dataclass(frozen=True)
class Asked:
    """What a reader looks for. Dates are days of the site's time zone, both included; damaged ones are left out."""

    q: str = ""
    topic: str = ""
    provider: str = ""
    since: date | None = None
    until: date | None = None
    sort: str = NEWEST

    @classmethod
    def read(cls, given: QueryDict) -> Asked:
        """Return what the parameters say; what can't be understood counts as not said."""

        def text(name: str) -> str:
            return given.get(name, "").replace("\0", "").strip()[:MAX_CHARACTERS]

        return cls(
            text("q"),
            text("topic"),
            text("provider"),
            _day(text("from")),
            _day(text("to")),
            RELEVANCE if given.get("sort") == RELEVANCE else NEWEST,
        )

    def __bool__(self) -> bool:
        """Return whether there is something to look for; filters without words will do."""
        return bool(parse(self.q) or self.filters())

    @property
    def title(self) -> str:
        return self.q or ", ".join(name for name, _ in self.filters())

    @property
    def query(self) -> str:
        """Return the query string by which feeds ask for this."""
        return urlencode(self._given())

    def address(self, **more: str) -> str:
        """Return the address of the page that answers this."""
        sort = {} if self.sort == NEWEST else {"sort": self.sort}
        return f"{reverse('search')}?{urlencode(self._given() | sort | more)}"

    def _given(self) -> dict[str, Any]:
        named = {"q": self.q, "topic": self.topic, "provider": self.provider, "from": self.since, "to": self.until}
        return {name: value for name, value in named.items() if value}

    def filters(self) -> list[tuple[str, str]]:
        """Return each filter in words, with the address of the same search without it."""
        found = []
        if self.topic:
            found.append((f"topic {self.topic}", replace(self, topic="").address()))
        if self.provider:
            found.append((f"outlet {self.provider}", replace(self, provider="").address()))
        if self.since or self.until:
            days = " ".join(f"{word} {day}" for word, day in (("from", self.since), ("to", self.until)) if day)
            found.append((days, replace(self, since=None, until=None).address()))
        return found


class Found(NamedTuple):
    """A card with its title and excerpt in pieces, each with whether the query meant it."""

    card: Card
    title: tuple[tuple[str, bool], ...]
    excerpt: tuple[tuple[str, bool], ...]


@cacheable(*PARAMETERS)
@require_safe
def results(request: HttpRequest) -> HttpResponse:
    """Show the stories that match, newest first or the best of the newest matches first."""
    asked = Asked.read(request.GET)
    tree = TopicTree.load()
    context: dict[str, object] = {"asked": asked, "topics": tree.told(), "NEWEST": NEWEST}
    if asked:
        context |= _answer(request, asked, narrowed(asked, tree))
    return render(request, "articles/search.html", context)


def _answer(request: HttpRequest, asked: Asked, stories: ArticleQuerySet) -> dict[str, object]:
    number = _number(request.GET.get("page", ""))
    if asked.sort == RELEVANCE:
        ids = search.best(stories, asked.q, start=(number - 1) * PAGE_SIZE, size=PAGE_SIZE + 1)
        page, more = Page(ids[:PAGE_SIZE], None, None), len(ids) > PAGE_SIZE
        if number > 1 and not ids:
            raise Http404
        older = asked.address(page=str(number + 1)) if more else ""
    else:
        found = search.matching(stories, asked.q, newest=True)
        page = page_of(found, request.GET.get("before", ""))
        older = asked.address(before=str(page.older)) if page.older else ""
    is_first = number == 1 and page.cursor is None
    return {
        "found": [_found(card, asked.q) for card in cards_of(page.ids)],
        "older": older,
        "newest": "" if is_first else asked.address(),
        "told": _count(stories, asked, len(page.ids), is_whole=is_first and not older),
    }


def narrowed(asked: Asked, tree: TopicTree) -> ArticleQuerySet:
    """Return the public articles that the filters leave; none for a topic or an outlet that isn't there."""
    stories = Article.objects.public()
    if asked.topic:
        topic = tree.find(asked.topic)
        stories = stories.about([below.pk for below in tree.subtree(topic)]) if topic else stories.none()
    if asked.provider:
        stories = stories.of_outlets(Provider.objects.for_domain(asked.provider))
    if asked.since:
        stories = stories.filter(published_at__gte=midnight(asked.since))
    if asked.until:
        stories = stories.filter(published_at__lt=midnight(asked.until + timedelta(days=1)))
    return stories


def _count(stories: ArticleQuerySet, asked: Asked, shown: int, *, is_whole: bool) -> str:
    """Return how many stories match, in words; many are not counted, which would take longer than finding them."""
    if is_whole:
        return f"{shown} stor{'y' if shown == 1 else 'ies'}"
    if search.is_common(asked.q, stories.db):
        return "Thousands of stories"
    number = search.count(stories, asked.q, up_to=COUNTED)
    return f"More than {COUNTED:,} stories" if number > COUNTED else f"{number:,} stories"


def _found(card: Card, query: str) -> Found:
    title, words = unescape(card.title), " ".join(unescape(card.excerpt).split())
    excerpt = first_words(search.from_first_match(words, query, EXCERPT_LENGTH), EXCERPT_LENGTH)
    return Found(card, tuple(search.segments(title, query)), tuple(search.segments(excerpt, query)))


def _day(text: str) -> date | None:
    try:
        found = parse_date(text)
    except ValueError:
        return None
    return found if found and 1 < found.year < 9999 else None


def _number(text: str) -> int:
    """Return the number of a page of the best matches; nonsense is the first."""
    return int(text) if text.isascii() and text.isdecimal() and 1 <= len(text) <= 4 and int(text) else 1
