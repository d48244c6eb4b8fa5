"""Search on SQLite: which articles match, and how well, by FTS5.

FTS5 knows no dates, and asking it about one article after another is slow (up to 0.3 ms each). So it always says which
articles match, once, and what differs is who leads. Few matches are looked up and sorted. Many are laid out as a
list, and SQLite walks the index that it would walk anyway, newest first, and asks that list. The list costs 0.2 µs for
each match and the longest walk 0.1 s in a million articles, however the matches lie in time. Only where the newest of
many are wanted, and a look at the newest articles shows that every other one matches, is FTS5 asked about each: 2 ms.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connections

from articles.models import ArticleQuerySet

from .condition import Condition
from .query import Query, Term

SAMPLE, DENSE = 200, 100  # of the newest articles so many are looked at, so many must match for asking one by one
FEW = 5000  # looking these up and sorting them costs some 25 ms; walking for them could cost ten times that

MATCHES = "(SELECT rowid FROM article_search WHERE article_search MATCH %%s)"
LOOKED_UP = f"%(expressions)s IN {MATCHES}"
WALKED = f"+%(expressions)s IN {MATCHES}"  # the plus keeps the list from leading
MATCHED = "SELECT count(*) FROM (SELECT 1 FROM article_search WHERE article_search MATCH %s LIMIT %s)"
ASKED = "EXISTS (SELECT 1 FROM article_search WHERE rowid = %(expressions)s AND article_search MATCH %%s)"
WITHOUT = f"+%(expressions)s NOT IN {MATCHES}"


def narrow(articles: ArticleQuerySet, query: Query, purpose: str, *, newest: bool = False) -> ArticleQuerySet:
    """Return those of `articles` that match; the purpose makes no difference here.

    `newest`: of those, only the first page is read, newest first.

    One query decides how they are found.
    """
    if not query.wanted:
        return articles.filter(Condition(WITHOUT, _any(query.unwanted)), staged=None)
    words = match_expression(query)
    return articles.filter(Condition(_way(articles, words, newest), words))


def is_common(query: Query, using: str) -> bool:
    """Return whether more than FEW articles match."""
    with connections[using].cursor() as cursor:
        cursor.execute(f"SELECT ({MATCHED}) > %s", [match_expression(query), FEW + 1, FEW])
        return bool(cursor.fetchone()[0])


def ranks(ids: Sequence[int], query: Query, using: str) -> dict[int, float]:
    """Return how well each of these articles matches; the title counts four times, names twice."""
    marks = ", ".join(["%s"] * len(ids))
    # The range, which follows from the list, is what FTS5 can start and stop by.
    sql = f"""SELECT rowid, -bm25(article_search, 4.0, 1.0, 2.0, 2.0) FROM article_search
        WHERE article_search MATCH %s AND rowid BETWEEN %s AND %s AND +rowid IN ({marks})"""  # noqa: S608
    with connections[using].cursor() as cursor:
        cursor.execute(sql, [match_expression(query), min(ids), max(ids), *ids])
        return dict(cursor.fetchall())


def match_expression(query: Query) -> str:
    """Return the query in FTS5's language. Terms hold no quotes, so quoted they are nothing but words."""
    wanted = " AND ".join(map(_quoted, query.wanted))
    return f"({wanted}) NOT ({_any(query.unwanted)})" if query.unwanted else wanted


def _any(terms: Sequence[Term]) -> str:
    return " OR ".join(map(_quoted, terms))


def _quoted(term: Term) -> str:
    return f'"{term}" *' if term.prefix else f'"{term}"'


def _way(articles: ArticleQuerySet, words: str, newest: bool) -> str:
    """Return how the matches are to be found. One query: it looks at the newest articles only if matches are many."""
    sample, params = "0", []
    if newest:
        seen = articles.newest_first().values("pk")[:SAMPLE]
        matches = articles.model._default_manager.filter(Condition(ASKED, words), pk__in=seen).order_by().values("pk")
        sql, given = matches.query.sql_with_params()
        sample, params = f"(SELECT count(*) FROM ({sql}) sampled)", list(given)  # noqa: S608
    with connections[articles.db].cursor() as cursor:
        decision = f"SELECT CASE WHEN ({MATCHED}) <= %s THEN -1 ELSE {sample} END"
        cursor.execute(decision, [words, FEW + 1, FEW, *params])
        found = cursor.fetchone()[0]
    if found < 0:
        return LOOKED_UP
    return ASKED if found >= DENSE else WALKED
