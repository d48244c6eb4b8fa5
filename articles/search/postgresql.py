"""Search on PostgreSQL: find and rank matches by tsvector and GIN.

The planner assumes that words are spread evenly over time, and walks through years for a word of the past. So the
choice is made here: if the newest articles show that a walk soon fills a page, each article is tested on the way;
otherwise GIN finds all matches first, and those are sorted.

Two cases stay slow, in proportion to the matches: a word of very many articles but few new ones (1 s for 240,000 of a
million), and a phrase of words that are nearly everywhere, but not together (3 s).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from django.core.cache import cache
from django.db import connections

from articles.models import ArticleQuerySet

from .condition import Condition, Purpose
from .languages_postgresql import IN_USE, configurations
from .query import Query, SearchTerm

SAMPLE = 1000  # articles examined, newest first
SAMPLE_SECONDS = 600  # how long the result of a sample is used, and the languages in use
CONFIGURATIONS_KEY = "search-languages"
# Matches in the sample from which a walk is faster: to a page, to what is ranked, to a count of MANY at most.
DENSE = {Purpose.PAGE: 5, Purpose.RANKING: 15, Purpose.COUNTING: 400}

# Inside coalesce() the planner can't estimate how many match, assumes half of them, and so walks.
PER_ROW_SQL = (
    "coalesce((SELECT document FROM article_search WHERE article_id = %(expressions)s) @@ %%s::tsquery, FALSE)"
)
INDEX_FIRST_SQL = "%(expressions)s = ANY(ARRAY(SELECT article_id FROM article_search WHERE document @@ %%s::tsquery))"
FIRST_MATCHES_SQL = (
    "%(expressions)s = ANY(ARRAY(SELECT article_id FROM article_search WHERE document @@ %%s::tsquery LIMIT {}))"
)
COUNT_SQL = "SELECT count(*) FROM (SELECT 1 FROM article_search WHERE document @@ %s::tsquery LIMIT %s) found"

ENGLISH = "article_search"
TERM_SQL = "phraseto_tsquery('{}', article_search_plain(%s))"
PREFIX_SQL = f"coalesce((nullif({TERM_SQL}::text, '') || ':*')::tsquery, '')"


def filter_matching(
    articles: ArticleQuerySet, query: Query, purpose: Purpose, *, newest: bool = False
) -> ArticleQuerySet:
    """Return those of `articles` that match; `newest` makes no difference.

    One query parses the words unless it did lately; one decides how articles are found, every ten minutes.
    """
    words = match_expression(query, articles.db)
    if not query.required:
        return articles.filter(Condition(PER_ROW_SQL, words))
    examined, matches = _sample(articles, words)
    is_dense = examined < SAMPLE or matches >= DENSE[purpose]
    return articles.filter(Condition(PER_ROW_SQL if is_dense else INDEX_FIRST_SQL, words))


def rank_matches(ids: Sequence[int], query: Query, using: str) -> dict[int, float]:
    """Return how relevant each of these articles is; the title counts four times, names twice, coverage a quarter."""
    weights = "'{0.0625, 0.25, 0.5, 1.0}'"
    sql = f"SELECT article_id, ts_rank({weights}, document, %s::tsquery) FROM article_search WHERE article_id = ANY(%s)"  # noqa: S608
    with connections[using].cursor() as cursor:
        cursor.execute(sql, [match_expression(query, using), list(ids)])
        return dict(cursor.fetchall())


def matching_without_coverage(ids: Sequence[int], query: Query, using: str) -> set[int]:
    """Return those of these articles that match even without their coverage."""
    document = "ts_filter(document, '{a,b,c}')"
    sql = f"SELECT article_id FROM article_search WHERE article_id = ANY(%s) AND {document} @@ %s::tsquery"  # noqa: S608
    with connections[using].cursor() as cursor:
        cursor.execute(sql, [list(ids), match_expression(query, using)])
        return {pk for (pk,) in cursor.fetchall()}


def match_expression(query: Query, using: str) -> str:
    """Return the query as a tsquery, with the stems of each language in use."""
    return to_tsquery(query, using, (ENGLISH, *_configurations(using)))


@lru_cache(maxsize=1000)
def to_tsquery(query: Query, using: str, configurations: tuple[str, ...]) -> str:
    """Return the query as a tsquery. PostgreSQL's own parser reads the words, so nothing in them is an operator."""
    parts = [_term_sql(term, configurations) for term in query.required]
    parts += [f"!!{_term_sql(term, configurations)}" for term in query.excluded]
    terms: list[SearchTerm] = [*query.required, *query.excluded]
    words = [str(term) for term in terms for _ in configurations]
    with connections[using].cursor() as cursor:
        cursor.execute(f"SELECT ({' && '.join(parts)})::text", words)
        return cursor.fetchone()[0]


def _term_sql(term: SearchTerm, configurations: tuple[str, ...]) -> str:
    sql = PREFIX_SQL if term.is_beginning else TERM_SQL
    return f"({' || '.join(sql.format(configuration) for configuration in configurations)})"


def _configurations(using: str) -> tuple[str, ...]:
    """Return the text search configurations of the languages in use, at most ten minutes ago."""
    found: tuple[str, ...] | None = cache.get(CONFIGURATIONS_KEY)
    if found is None:
        with connections[using].cursor() as cursor:
            cursor.execute(IN_USE)
            found = configurations([language for (language,) in cursor.fetchall()])
        cache.set(CONFIGURATIONS_KEY, found, SAMPLE_SECONDS)
    return found


def _sample(articles: ArticleQuerySet, words: str) -> tuple[int, int]:
    """Return how many of the newest articles were examined, and how many of them match, at most ten minutes ago.

    Examining them takes longer than finding matches, and affects only how long the search takes.
    """
    sql, params = articles.query.sql_with_params()
    question = repr((words, sql, [value for value in params if not isinstance(value, datetime)]))  # without the time
    key = f"sample-{hashlib.blake2b(question.encode(errors='surrogatepass'), digest_size=16).hexdigest()}"
    sample: tuple[int, int] | None = cache.get(key)
    if sample is None:
        newest = articles.newest_first().annotate(matches=Condition(PER_ROW_SQL, words))
        matches = list(newest.values_list("matches", flat=True)[:SAMPLE])
        sample = len(matches), sum(matches)
        cache.set(key, sample, SAMPLE_SECONDS)
    return sample


def purge_deleted(using: str) -> None:
    """Do nothing: a row of the index is deleted with its article, and vacuumed like any other."""
