"""Full-text search of articles over title, excerpt, provider, topics and coverage: one interface, two databases.

`query.py` has the query language, `sqlite.py` and `postgresql.py` how articles are found, and `schema.py` the index and
the triggers that update it. Pending articles of an import are never found.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections

from articles.models import ArticleQuerySet

from . import postgresql, sqlite
from .condition import MANY, Condition, Purpose
from .query import Query, parse

RANKED_MAX = 250  # how many matches are compared by relevance
BACKENDS: dict[str, Any] = {"sqlite": sqlite, "postgresql": postgresql}


def matching(articles: ArticleQuerySet, text: str, *, newest: bool = False, complete: bool = False) -> ArticleQuerySet:
    """Return those of `articles` that match `text`; all of them if it holds no word.

    One or two quick queries decide, when called, how the articles are found; the result can be filtered, ordered
    and sliced as any other queryset, and is fastest newest first. Filter `articles` first where you can. If `text` only
    excludes words, all other articles match. With `newest`, only the first page, latest first, may be read: that can be
    found faster. With `complete`, all are counted or read, and not only a page.
    """
    purpose = Purpose.COUNTING if complete else Purpose.PAGE
    return _filter(articles, parse(text), purpose, newest=newest)


def has_many_matches(text: str, using: str = DEFAULT_DB_ALIAS) -> bool:
    """Return whether more than MANY articles match, which is much faster than counting a thousand of them."""
    query = parse(text)
    if not query.required:
        return False
    backend = BACKENDS[connections[using].vendor]
    with connections[using].cursor() as cursor:
        words = backend.match_expression(query, using)
        cursor.execute(f"SELECT ({backend.COUNT_SQL}) > %s", [words, MANY + 1, MANY])
        return bool(cursor.fetchone()[0])


def most_relevant(articles: ArticleQuerySet, text: str, *, start: int = 0, size: int) -> list[int]:
    """Return the keys of the most relevant of the latest RANKED_MAX matches: `size` from the one at `start`.

    Those that match only with their coverage come last; of equally relevant ones the later listed comes first.
    Comparing all matches would take seconds for a word of half a million articles.
    """
    query = parse(text)
    matches = _filter(articles, query, Purpose.RANKING, newest=True).latest_first()
    ids = list(matches.values_list("pk", flat=True)[:RANKED_MAX])
    if ids and query.required:
        backend = _backend(articles)
        ranks = backend.rank_matches(ids, query, articles.db)
        in_coverage = set(ids) - backend.matching_without_coverage(ids, query, articles.db)
        ids.sort(key=lambda pk: (pk in in_coverage, -ranks.get(pk, 0)))
    return ids[start : start + size]


def found_by_coverage(articles: ArticleQuerySet, ids: Sequence[int], text: str) -> set[int]:
    """Return those of these matches that match only with their coverage. One query."""
    query = parse(text)
    if not ids or not query.required:
        return set()
    return set(ids) - _backend(articles).matching_without_coverage(ids, query, articles.db)


def count(articles: ArticleQuerySet, text: str, *, up_to: int) -> tuple[int, bool]:
    """Return how many of `articles` match `text`, `up_to` + 1 if there are more, and whether that is all.

    If more than MANY match, whatever filters leave of them, only the first MANY are looked at: the others would take
    long.
    """
    query = parse(text)
    if not query.required:
        number = _filter(articles, query, Purpose.COUNTING).newest_first()[: up_to + 1].count()
        return number, number <= up_to
    backend = _backend(articles)
    words = backend.match_expression(query, articles.db)
    first = articles.filter(Condition(backend.FIRST_MATCHES_SQL.format(MANY), words)).order_by()
    number = first[: up_to + 1].count()
    return number, number <= up_to and not has_many_matches(text, articles.db)


def purge_deleted(using: str = DEFAULT_DB_ALIAS) -> None:
    """Remove the words of deleted articles from the index itself, which may keep them until it is reorganized."""
    BACKENDS[connections[using].vendor].purge_deleted(using)


def _filter(articles: ArticleQuerySet, query: Query, purpose: Purpose, *, newest: bool = False) -> ArticleQuerySet:
    if not query:
        return articles
    try:
        return _backend(articles).filter_matching(articles, query, purpose, newest=newest)
    except EmptyResultSet:  # `articles` is empty
        return articles.none()


def _backend(articles: ArticleQuerySet) -> Any:
    return BACKENDS[connections[articles.db].vendor]
