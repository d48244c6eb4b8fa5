"""Search on SQLite: find and rank matches by FTS5.

FTS5 knows no dates, and testing one article after another is slow (up to 0.3 ms each). So it always returns all matches
at once, and what differs is which side drives the query. A few matches are looked up and sorted. Many become a list,
and SQLite walks the index of times, newest first, testing each article against that list. The list costs 0.2 µs per
match and the longest walk 0.1 s in a million articles, however the matches are spread over time. Only if the newest of
many are needed, and a sample of the newest articles shows that every other one matches, is FTS5 asked about each: 2 ms.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connections
from django.db.backends.signals import connection_created

from articles.models import Article, ArticleQuerySet

from .condition import MANY, Condition, Purpose
from .east_asian import split_runs
from .query import Query, SearchTerm
from .schema_sqlite import SPLIT

SAMPLE, DENSE = 200, 100  # articles examined, newest first, and matches among them from which each one is tested

MATCHES_SQL = "(SELECT rowid FROM article_search WHERE article_search MATCH %%s)"
INDEX_FIRST_SQL = f"%(expressions)s IN {MATCHES_SQL}"  # for MANY matches 25 ms; a walk could take ten times that
SCAN_SQL = f"+%(expressions)s IN {MATCHES_SQL}"  # the plus stops SQLite from using the list as the outer loop
PER_ROW_SQL = "EXISTS (SELECT 1 FROM article_search WHERE rowid = %(expressions)s AND article_search MATCH %%s)"
FIRST_MATCHES_SQL = "%(expressions)s IN (SELECT rowid FROM article_search WHERE article_search MATCH %%s LIMIT {})"
EXCLUDE_SQL = f"+%(expressions)s NOT IN {MATCHES_SQL}"
COUNT_SQL = "SELECT count(*) FROM (SELECT 1 FROM article_search WHERE article_search MATCH %s LIMIT %s)"


def connect_signals() -> None:
    """Let the triggers of the index call `split_runs` on each connection."""
    connection_created.connect(_add_function, dispatch_uid=SPLIT)


def _add_function(connection: Any, **options: Any) -> None:
    if connection.vendor == "sqlite":
        connection.connection.create_function(SPLIT, 1, split_runs, deterministic=True)


def filter_matching(
    articles: ArticleQuerySet, query: Query, purpose: Purpose, *, newest: bool = False
) -> ArticleQuerySet:
    """Return those of `articles` that match; the purpose makes no difference.

    With `newest`, only the first page, newest first, may be read. One query decides how the articles are found.
    """
    if not query.required:
        return articles.filter(Condition(EXCLUDE_SQL, _any(query.excluded)), staged=None)
    words = match_expression(query, articles.db)
    return articles.filter(Condition(_plan(articles, words, newest), words))


def rank_matches(ids: Sequence[int], query: Query, using: str) -> dict[int, float]:
    """Return how relevant each of these articles is; the title counts four times, names twice, coverage a quarter."""
    return dict(_among(ids, "-bm25(article_search, 4.0, 1.0, 2.0, 2.0, 0.25)", match_expression(query, using), using))


def matching_without_coverage(ids: Sequence[int], query: Query, using: str) -> set[int]:
    """Return those of these articles that match even without their coverage."""
    return {pk for pk, _ in _among(ids, "1", f"- coverage : ({match_expression(query, using)})", using)}


def _among(ids: Sequence[int], value: str, words: str, using: str) -> list[tuple[int, Any]]:
    """Return the key and the `value` of those of these articles that match."""
    marks = ", ".join(["%s"] * len(ids))
    # The range follows from the list, but lets FTS5 start and stop early.
    sql = f"""SELECT rowid, {value} FROM article_search
        WHERE article_search MATCH %s AND rowid BETWEEN %s AND %s AND +rowid IN ({marks})"""  # noqa: S608
    with connections[using].cursor() as cursor:
        cursor.execute(sql, [words, min(ids), max(ids), *ids])
        return cursor.fetchall()


def match_expression(query: Query, using: str) -> str:
    """Return the query in FTS5's language. Terms hold no quotation marks, so quoted they are only words."""
    required = " AND ".join(map(_quoted, query.required))
    return f"({required}) NOT ({_any(query.excluded)})" if query.excluded else required


def purge_deleted(using: str) -> None:
    """Merge the parts of the index into one, which leaves out what was deleted. Takes seconds for a large index."""
    with connections[using].cursor() as cursor:
        cursor.execute("INSERT INTO article_search (article_search) VALUES ('optimize')")


def _any(terms: Sequence[SearchTerm]) -> str:
    return " OR ".join(map(_quoted, terms))


def _quoted(term: SearchTerm) -> str:
    return f'"{term}" *' if term.is_beginning else f'"{term}"'


def _plan(articles: ArticleQuerySet, words: str, newest: bool) -> str:
    """Return the condition that finds the matches fastest. One query, which samples only if there are many matches."""
    sample, params = "0", []
    if newest:
        ids = articles.newest_first().values("pk")[:SAMPLE]
        matches = Article.objects.filter(Condition(PER_ROW_SQL, words), pk__in=ids).order_by()
        sql, sql_params = matches.values("pk").query.sql_with_params()
        sample, params = f"(SELECT count(*) FROM ({sql}) sampled)", list(sql_params)  # noqa: S608
    with connections[articles.db].cursor() as cursor:
        decision = f"SELECT CASE WHEN ({COUNT_SQL}) <= %s THEN -1 ELSE {sample} END"
        cursor.execute(decision, [words, MANY + 1, MANY, *params])
        sampled = cursor.fetchone()[0]
    if sampled < 0:
        return INDEX_FIRST_SQL
    return PER_ROW_SQL if sampled >= DENSE else SCAN_SQL
