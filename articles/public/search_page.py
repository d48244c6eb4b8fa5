"""The search page: parse what a visitor asks for, and find the stories that match."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from articles import search
from articles.models import Article, ArticleQuerySet
from articles.page_cache.cacheable import cacheable
from articles.rules.values import shorten
from articles.search.highlighting import best_match, from_first_match, segments
from articles.search.query import MAX_CHARACTERS, MAX_WORDS, parse
from providers.models import Provider

from .cards import Card, CoverageLink, load_cards, load_coverage
from .dates import is_supported, start_of_day
from .pagination import PAGE_SIZE, ArticlePage, paginate
from .text import first_words, unescape
from .topic_tree import TopicTree

NEWEST, RELEVANCE = "newest", "relevance"
PARAMETERS = ("q", "topic", "provider", "from", "to", "sort", "before", "page")
EXCERPT_LENGTH = 180
COUNT_MAX = 1000


@dataclass(frozen=True)
class SearchQuery:
    """What a visitor searches for. Dates are days of the site's time zone, both included.

    `problems` say which parts of the URL were left out.
    """

    q: str = ""
    topic: str = ""
    provider: str = ""
    since: date | None = None
    until: date | None = None
    sort: str = NEWEST
    problems: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def read(cls, parameters: QueryDict) -> SearchQuery:
        """Return the query in the parameters of a URL; invalid values count as absent, and are named as problems."""
        names = ("q", "topic", "provider", "from", "to")
        q, topic, provider, *days = (parameters.get(name, "").replace("\0", "").strip() for name in names)
        since, until = map(_parse_day, days)
        problems = []
        if parse(q).is_cut:
            problems.append(
                _("Only the beginning was searched for: a search has at most %(most)d words.") % {"most": MAX_WORDS}
            )
        problems += [
            _("“%(text)s” is not a day, so it was left out. Write a day as 2020-06-09.") % {"text": shorten(text)}
            for text, day in zip(days, (since, until), strict=True)
            if text and day is None
        ]
        return cls(
            q[:MAX_CHARACTERS],
            topic[:MAX_CHARACTERS],
            provider[:MAX_CHARACTERS],
            since,
            until,
            RELEVANCE if parameters.get("sort") == RELEVANCE else NEWEST,
            tuple(problems),
        )

    def __bool__(self) -> bool:
        """Return whether there is something to search for: words, or filters alone."""
        return bool(parse(self.q) or self.filters())

    @property
    def title(self) -> str:
        return self.q or ", ".join(name for name, _ in self.filters())

    @property
    def query(self) -> str:
        """Return the query string for feeds."""
        return urlencode(self._parameters())

    def url(self, **more: str) -> str:
        sort = {} if self.sort == NEWEST else {"sort": self.sort}
        return f"{reverse('search')}?{urlencode(self._parameters() | sort | more)}"

    def _parameters(self) -> dict[str, Any]:
        values = {"q": self.q, "topic": self.topic, "provider": self.provider, "from": self.since, "to": self.until}
        return {name: value for name, value in values.items() if value}

    def filters(self) -> list[tuple[str, str]]:
        """Return each filter in words, with the URL of the same search without it."""
        filters = []
        if self.topic:
            filters.append((_("topic %(name)s") % {"name": self.topic}, replace(self, topic="").url()))
        if self.provider:
            filters.append((_("outlet %(name)s") % {"name": self.provider}, replace(self, provider="").url()))
        if self.since or self.until:
            words = (_("from %(day)s"), self.since), (_("to %(day)s"), self.until)
            days = " ".join(text % {"day": day} for text, day in words if day)
            filters.append((days, replace(self, since=None, until=None).url()))
        return filters


Pieces = tuple[tuple[str, bool], ...]


class CoverageMatch(NamedTuple):
    """The report of another outlet that matches: headline and outlet in pieces, and where to read it."""

    url: str
    title: Pieces
    outlet: Pieces
    lang: str | None


class SearchHit(NamedTuple):
    """A card with its title and excerpt in pieces, each with whether it matches the query.

    `coverage` is the report by which the story was found, if it doesn't match without.
    """

    card: Card
    title: Pieces
    excerpt: Pieces
    coverage: CoverageMatch | None


@cacheable(*PARAMETERS)
@require_safe
def results(request: HttpRequest) -> HttpResponse:
    """Show the stories that match, newest first, or the most relevant of the newest matches first."""
    query = SearchQuery.read(request.GET)
    tree = TopicTree.load()
    context: dict[str, object] = {"search": query, "topics": tree.published_topics(), "NEWEST": NEWEST}
    if query:
        context["robots"] = "noindex"
        context |= _results_context(request, query, filter_articles(query, tree))
    return render(request, "articles/search.html", context)


def filter_articles(query: SearchQuery, tree: TopicTree) -> ArticleQuerySet:
    """Return the public articles that pass the query's filters; none for an unknown topic or provider."""
    stories = Article.objects.public()
    if query.topic:
        topic = tree.find(query.topic)
        stories = stories.with_topics([below.pk for below in tree.subtree(topic)]) if topic else stories.none()
    if query.provider:
        stories = stories.of_providers(Provider.objects.filter(domain=query.provider))
    if query.since:
        stories = stories.filter(published_at__gte=start_of_day(query.since))
    if query.until:
        stories = stories.filter(published_at__lt=start_of_day(query.until + timedelta(days=1)))
    return stories


def _results_context(request: HttpRequest, query: SearchQuery, stories: ArticleQuerySet) -> dict[str, object]:
    number = _parse_page_number(request.GET.get("page", ""))
    if query.sort == RELEVANCE:
        ids = search.most_relevant(stories, query.q, start=(number - 1) * PAGE_SIZE, size=PAGE_SIZE + 1)
        page = ArticlePage(ids[:PAGE_SIZE], None, None)
        if number > 1 and not ids:
            raise Http404
        older = query.url(page=str(number + 1)) if len(ids) > PAGE_SIZE else ""
    else:
        before = request.GET.get("before", "")
        page = paginate(search.matching(stories, query.q, newest=not before), before)
        older = query.url(before=str(page.older)) if page.older else ""
    is_first = number == 1 and page.cursor is None
    return {
        "hits": _hits(stories, page.ids, query.q),
        "older": older,
        "newest": "" if is_first else query.url(),
        "count": _count_text(stories, query, len(page.ids), is_complete=is_first and not older),
        "ranked_max": search.RANKED_MAX if query.sort == RELEVANCE and (older or not is_first) else None,
    }


def _count_text(stories: ArticleQuerySet, query: SearchQuery, shown: int, *, is_complete: bool) -> str:
    """Return how many stories match, in words. Of many, only some are counted: the rest would take long."""
    if is_complete:
        return ngettext("%(count)d story", "%(count)d stories", shown) % {"count": shown}
    count, is_all = search.count(stories, query.q, up_to=COUNT_MAX)
    if count > COUNT_MAX:
        return _("More than %(count)s stories") % {"count": number_format(COUNT_MAX, force_grouping=True)}
    if not is_all:
        least = max(count, PAGE_SIZE + 1)  # there is another page
        return _("At least %(count)s stories") % {"count": number_format(least, force_grouping=True)}
    return ngettext("%(number)s story", "%(number)s stories", count) % {
        "number": number_format(count, force_grouping=True)
    }


def _hits(stories: ArticleQuerySet, ids: Sequence[int], words: str) -> list[SearchHit]:
    """Return what the page shows of these matches. Two queries, or three if coverage matches."""
    coverage = load_coverage(sorted(search.found_by_coverage(stories, ids, words)))
    return [_to_hit(card, words, coverage.get(card.pk, [])) for card in load_cards(ids)]


def _to_hit(card: Card, words: str, coverage: Sequence[CoverageLink]) -> SearchHit:
    title, excerpt = unescape(card.title), " ".join(unescape(card.excerpt).split())
    excerpt = first_words(from_first_match(excerpt, words, EXCERPT_LENGTH), EXCERPT_LENGTH)
    match = _coverage_match(coverage, words)
    return SearchHit(card, tuple(segments(title, words)), tuple(segments(excerpt, words)), match)


def _coverage_match(links: Sequence[CoverageLink], words: str) -> CoverageMatch | None:
    """Return the link in which most words of the query stand."""
    titles = [unescape(link.title) for link in links]
    place = best_match([f"{title}\n{link.provider_name}" for title, link in zip(titles, links, strict=True)], words)
    if place is None:
        return None
    outlet = links[place].provider_name
    pieces = tuple(segments(titles[place], words)), tuple(segments(outlet, words))
    return CoverageMatch(links[place].url, *pieces, links[place].lang)


def _parse_day(text: str) -> date | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day and is_supported(day) else None


def _parse_page_number(text: str) -> int:
    """Return the number of a page of the most relevant matches; 1 if it is invalid."""
    return int(text) if text.isascii() and text.isdecimal() and 1 <= len(text) <= 4 and int(text) else 1
