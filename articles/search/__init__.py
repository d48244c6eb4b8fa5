"""Full-text search of articles over title, excerpt, outlet and topics: one interface, two databases.

The query language is in `query.py`, how articles are found in `sqlite.py` and `postgresql.py`, and how the index
stays up to date in `schema.py`. Staged articles are never found.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections

from articles.models import ArticleQuerySet
from articles.public.pagination import PAGE_SIZE

from . import postgresql, sqlite
from .highlighting import from_first_match, highlighted, segments
from .purposes import COUNTING, PAGE, RANKING
from .query import Query, parse

__all__ = ["RANKED", "best", "count", "from_first_match", "highlighted", "is_common", "matching", "segments"]

RANKED = 250  # how many matches are compared for the best ones
COUNTED = 1000
BACKENDS: dict[str, Any] = {"sqlite": sqlite, "postgresql": postgresql}


def matching(articles: ArticleQuerySet, text: str, *, prefix: bool = False, newest: bool = False) -> ArticleQuerySet:
    """Return those of `articles` that match `text`; all of them if it holds no word.

    One or two quick queries decide, when called, how the articles are found; the result can be filtered, ordered
    and sliced as any other queryset, and newest first is the order that it is made for. Narrow `articles` first
    where you can. Only exclusions: everything else that isn't staged. With `prefix` a last word still being typed
    is a beginning. With `newest` nothing but the first page, newest first, is to be read: that may be found quicker.
    """
    return _narrow(articles, parse(text, prefix=prefix), PAGE, newest=newest)


def is_common(text: str, using: str = DEFAULT_DB_ALIAS) -> bool:
    """Return whether thousands of articles match, where telling so is much quicker than counting a thousand of them."""
    query = parse(text)
    return bool(query.wanted) and BACKENDS[connections[using].vendor].is_common(query, using)


def best(articles: ArticleQuerySet, text: str, *, start: int = 0, size: int = PAGE_SIZE) -> list[int]:
    """Return the keys of `size` of the newest RANKED matches, best first, from the one at `start`; of equals the newer.

    Comparing all matches takes time in proportion to them: seconds where half a million articles hold a word.
    """
    query = parse(text)
    found = _narrow(articles, query, RANKING, newest=True).newest_first()
    ids = list(found.values_list("pk", flat=True)[:RANKED])
    if ids and query.wanted:
        ranks = _backend(articles).ranks(ids, query, articles.db)
        ids.sort(key=lambda pk: -ranks.get(pk, 0))
    return ids[start : start + size]


def count(articles: ArticleQuerySet, text: str, *, up_to: int = COUNTED) -> int:
    """Return how many of `articles` match `text`; `up_to` + 1 if they are more, for counting all takes as long.

    For what `is_common()` says no to: it looks up what matches.
    """
    return _narrow(articles, parse(text), COUNTING).newest_first()[: up_to + 1].count()


def _narrow(articles: ArticleQuerySet, query: Query, purpose: str, *, newest: bool = False) -> ArticleQuerySet:
    if not query:
        return articles
    try:
        return _backend(articles).narrow(articles, query, purpose, newest=newest)
    except EmptyResultSet:  # there are none to look among
        return articles.none()


def _backend(articles: ArticleQuerySet) -> Any:
    return BACKENDS[connections[articles.db].vendor]
