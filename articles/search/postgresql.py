"""Search on PostgreSQL: which articles match, and how well, by tsvector and GIN.

The planner takes words to be spread evenly over time and walks years for a word of the past. So the choice is ours:
where the newest articles show that a walk soon fills a page, each article is asked on the way; otherwise GIN says first
which articles match, and those are sorted.

Two things stay slow, in proportion to what matches: a word of very many articles but hardly of new ones (1 s for
240,000 of a million), and a phrase of words that are nearly everywhere, but not together (3 s).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from django.core.cache import cache
from django.db import connections

from articles.models import ArticleQuerySet

from .condition import Condition
from .purposes import COUNTING, PAGE, RANKING
from .query import Query, Term

SAMPLE = 1000  # articles looked at, newest first
SAMPLE_SECONDS = 600  # how long what was seen of them decides
# Matches among them that make walking the shorter way: to a page, to what is ranked, to a count of FEW at most.
DENSE = {PAGE: 5, RANKING: 15, COUNTING: 400}

# Inside coalesce() the planner has no opinion on how many match: half of them, so it walks.
ASKED = "coalesce((SELECT document FROM article_search WHERE article_id = %(expressions)s) @@ %%s::tsquery, FALSE)"
LOOKED_UP = "%(expressions)s = ANY(ARRAY(SELECT article_id FROM article_search WHERE document @@ %%s::tsquery))"

FEW = 5000
MATCHED = "SELECT count(*) FROM (SELECT 1 FROM article_search WHERE document @@ %s::tsquery LIMIT %s) found"

TERM = "phraseto_tsquery('article_search', article_search_plain(%s))"
BEGINNING = f"coalesce((nullif({TERM}::text, '') || ':*')::tsquery, '')"


def narrow(articles: ArticleQuerySet, query: Query, purpose: str, *, newest: bool = False) -> ArticleQuerySet:
    """Return those of `articles` that match; `newest` makes no difference.

    One query reads the words, where they are new, one decides how articles are found, every ten minutes.
    """
    words = _tsquery(query, articles.db)
    if not query.wanted:
        return articles.filter(Condition(ASKED, words))
    seen, found = _sample(articles, words)
    is_dense = seen < SAMPLE or found >= DENSE[purpose]
    return articles.filter(Condition(ASKED if is_dense else LOOKED_UP, words))


def is_common(query: Query, using: str) -> bool:
    """Return whether more than FEW articles match: GIN tells sooner than a walk that asks one after another."""
    with connections[using].cursor() as cursor:
        cursor.execute(f"SELECT ({MATCHED}) > %s", [_tsquery(query, using), FEW + 1, FEW])
        return bool(cursor.fetchone()[0])


def ranks(ids: Sequence[int], query: Query, using: str) -> dict[int, float]:
    """Return how well each of these articles matches; the title counts four times, names twice."""
    weights = "'{0.25, 0.25, 0.5, 1.0}'"
    sql = f"SELECT article_id, ts_rank({weights}, document, %s::tsquery) FROM article_search WHERE article_id = ANY(%s)"  # noqa: S608
    with connections[using].cursor() as cursor:
        cursor.execute(sql, [_tsquery(query, using), list(ids)])
        return dict(cursor.fetchall())


@lru_cache(maxsize=1000)
def _tsquery(query: Query, using: str) -> str:
    """Return the query in PostgreSQL's language. Its own parser reads the words, so nothing in them is an operator."""
    parts = [BEGINNING if term.prefix else TERM for term in query.wanted] + [f"!!{TERM}" for _ in query.unwanted]
    terms: list[Term] = [*query.wanted, *query.unwanted]
    with connections[using].cursor() as cursor:
        cursor.execute(f"SELECT ({' && '.join(parts)})::text", [str(term) for term in terms])
        return cursor.fetchone()[0]


def _sample(articles: ArticleQuerySet, words: str) -> tuple[int, int]:
    """Return how many of the newest articles were looked at, and how many of them match, a while ago at most.

    Looking takes longer than finding, and no answer depends on it but by how long it takes.
    """
    sql, params = articles.query.sql_with_params()
    asked = repr((words, sql, [value for value in params if not isinstance(value, datetime)]))  # but the time of asking
    key = f"sample-{hashlib.blake2b(asked.encode(errors='surrogatepass'), digest_size=16).hexdigest()}"
    known = cache.get(key)
    if known is None:
        sample = articles.newest_first().annotate(matches=Condition(ASKED, words))
        found = list(sample.values_list("matches", flat=True)[:SAMPLE])
        known = len(found), sum(found)
        cache.set(key, known, SAMPLE_SECONDS)
    return known
