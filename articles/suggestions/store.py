"""The stored terms of articles, their index and counts, and the suggestions."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from articles.db.bulk import BulkTable, chunked, json_text, time_of_value, time_value
from articles.models import Article, ArticleTerms, IndexedTerm, Suggestion, TermCount, let_operations_wait
from articles.models.suggestion import as_stored_text, from_stored_text, term_key
from articles.rules.similar_reports import Posting
from articles.rules.similarity import Likeness, Report, Text, heaviest, readable_terms

from .comparing import Arrival, BatchResult, Pair, count_changes

TERMS = BulkTable(ArticleTerms)
NEW_TERMS = BulkTable(ArticleTerms, "article", "terms", "weights", "due")
INDEX = BulkTable(IndexedTerm, "term", "article", "published_at", "weight")
SUGGESTIONS = BulkTable(Suggestion, "article", "other", "score", "evidence")
KEPT_MAX = 10  # suggestions of one article
FORGOTTEN_AT_ONCE = 50  # articles whose terms are deleted in one transaction

SuggestionRow = tuple[int, int, float, str]  # the later article, the other, score, evidence as JSON

_COMPARED = ("article_id", "article__name", "article__published_at", "article__provider_id", "terms")


class StoredArticles:
    """The articles that were compared before, in the database."""

    def counts(self, terms: Iterable[str]) -> dict[str, int]:
        keys = {term_key(term): term for term in terms}
        rows = TermCount.objects.filter(key__listed=sorted(keys)).values_list("key", "articles")
        return {keys[key]: number for key, number in rows}

    def postings(self, terms: Sequence[str]) -> dict[str, list[Posting]]:
        postings: dict[str, list[Posting]] = {term: [] for term in terms}
        for term, published_at, pk, weight in _indexed(terms) if terms else ():
            postings[term].append((time_of_value(published_at), pk, weight))
        return postings

    def reports(self, keys: Sequence[int]) -> dict[int, tuple[str, Report]]:
        rows = ArticleTerms.objects.filter(article__in=keys, due=False).order_by().values_list(*_COMPARED, "weights")
        return {
            pk: (name, Report(from_stored_text(terms), weights, outlet, published_at))
            for pk, name, published_at, outlet, terms, weights in rows
        }


class CountsInMemory:
    """No articles but those that were compared in this process, whose counts are kept here."""

    def __init__(self) -> None:
        self.stored: dict[str, int] = {}

    def counts(self, terms: Iterable[str]) -> dict[str, int]:
        return {term: self.stored[term] for term in terms if term in self.stored}

    def postings(self, terms: Sequence[str]) -> dict[str, list[Posting]]:
        return {term: [] for term in terms}

    def reports(self, keys: Sequence[int]) -> dict[int, tuple[str, Report]]:
        return {}


def _indexed(terms: Sequence[str]) -> list[tuple[str, Any, int, float]]:
    """Return the rows of the index for these terms: hundreds for each arrival, on which Django takes 10 ms."""
    table = connection.ops.quote_name(IndexedTerm._meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            sql = f"SELECT term, published_at, article_id, weight FROM {table} WHERE term = ANY(%s)"  # noqa: S608
            cursor.execute(sql, [list(terms)])
        else:  # the concatenation keeps the driver from turning each text into a time
            sql = (
                f"SELECT term, published_at || '', article_id, weight FROM {table} "  # noqa: S608
                "WHERE term IN (SELECT value FROM json_each(%s))"
            )
            cursor.execute(sql, [json.dumps(list(terms))])
        return list(cursor.fetchall())


def due_keys(limit: int, oldest: datetime) -> list[int]:
    """Return the first articles of the window that are due, in the order of their publication.

    `oldest` begins the window. The database sorts all that are due.
    """
    due = ArticleTerms.objects.due().filter(article__published_at__gte=oldest)
    ordered = due.order_by("article__published_at", "article__file_name")
    return list(ordered.values_list("article_id", flat=True)[:limit])


def due_arrivals(keys: Sequence[int]) -> tuple[list[Arrival], dict[int, int]]:
    """Return those of these articles that are due, in the order of their publication, and their terms' versions."""
    due = ArticleTerms.objects.due().filter(article__in=keys).order_by("article__published_at", "article__file_name")
    arrivals, versions = [], {}
    columns = (*_COMPARED, "weights", "version", "article__title", "article__excerpt")
    for pk, name, published_at, outlet, terms, weights, version, title, excerpt in due.values_list(*columns):
        text = from_stored_text(terms) if terms else Text.of(title, excerpt)
        arrivals.append(Arrival(pk, name, published_at, outlet, text, frozenset(weights)))
        versions[pk] = version
    return arrivals, versions


def write_result(arrivals: Sequence[Arrival], result: BatchResult, versions: Mapping[int, int]) -> list[float]:
    """Store what comparing found, in one short transaction; return the scores of the suggestions.

    Articles that were changed or deleted meanwhile stay due, or are left out. Whatever can be prepared is prepared
    before the transaction: on SQLite, editors who save wait for it.
    """
    by_pk = {arrival.pk: arrival for arrival in arrivals}
    suggestions = _suggestion_rows(result.pairs)
    compared = {pk: (as_stored_text(row.text), json_text(result.weights[pk]), False) for pk, row in by_pk.items()}
    index = _index_rows(arrivals, result.weights)
    with transaction.atomic():
        let_operations_wait()
        rows = ArticleTerms.objects.select_for_update().filter(article__in=by_pk).order_by("article_id")
        found = rows.values_list("article_id", "pk", "version")
        stored = {pk: key for pk, key, version in found if version == versions[pk]}
        unwritten = by_pk.keys() - stored.keys()
        TERMS.update(["terms", "weights", "due"], [(*compared[pk], stored[pk]) for pk in stored])
        if again := [pk for pk in stored if by_pk[pk].counted]:
            IndexedTerm.objects.filter(article__in=again).delete()
        # Articles without terms may have suggestions: a longer window takes in articles that it had left behind.
        _suggestions_of(stored).delete()
        INDEX.insert([row for row in index if row[1] in stored])
        uncounted = count_changes(by_pk[pk] for pk in unwritten)
        write_counts({term: max(0, number - uncounted[term]) for term, number in result.counts.items()})
        return _insert_suggestions([row for row in suggestions if unwritten.isdisjoint(row[:2])])


def write_rebuilt(arrivals: Sequence[Arrival], result: BatchResult, oldest: datetime) -> list[float]:
    """Store what a rebuild found about a batch; return the scores of the suggestions. `oldest` begins the window.

    An article of the window that has terms already came in or was changed meanwhile, and stays due.
    """
    by_pk = {arrival.pk: arrival for arrival in arrivals}
    suggestions = _suggestion_rows(result.pairs)
    with transaction.atomic():
        let_operations_wait()
        present = set(Article.objects.filter(pk__in=by_pk).values_list("pk", flat=True))
        changed = set(ArticleTerms.objects.filter(article__in=by_pk).values_list("article_id", flat=True))
        live = [arrival for pk, arrival in by_pk.items() if pk in present - changed and arrival.published_at >= oldest]
        NEW_TERMS.insert(
            [
                (arrival.pk, as_stored_text(arrival.text), json_text(result.weights[arrival.pk]), False)
                for arrival in live
            ]
        )
        INDEX.insert(_index_rows(live, result.weights))
        Suggestion.objects.filter(article__in=by_pk).delete()
        return _insert_suggestions(suggestions)


def _index_rows(
    arrivals: Iterable[Arrival], weights: Mapping[int, Mapping[str, float]]
) -> list[tuple[str, int, Any, float]]:
    return [
        (term, arrival.pk, time_value(arrival.published_at), weights[arrival.pk][term])
        for arrival in arrivals
        for term in heaviest(weights[arrival.pk])
    ]


def write_counts(counts: Mapping[str, int]) -> None:
    """Set the counts of all terms of a batch in one statement, so that no row is written for each edit."""
    is_postgresql = connection.vendor == "postgresql"
    rows = (
        "SELECT key, value::integer FROM json_each_text(%s)"
        if is_postgresql
        else "SELECT key, value FROM json_each(%s)"
    )
    table = connection.ops.quote_name(TermCount._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (key, articles) {rows} WHERE true "
            "ON CONFLICT (key) DO UPDATE SET articles = excluded.articles",
            [json.dumps({term_key(term): counts[term] for term in sorted(counts)})],
        )


def _suggestion_rows(pairs: Iterable[Pair]) -> list[SuggestionRow]:
    kept = best_pairs(pairs)
    evidence = evidence_of(kept)
    return [
        (pair.later, pair.earlier, pair.likeness.score, json_text(evidence[pair.later, pair.earlier])) for pair in kept
    ]


def _suggestions_of(keys: Collection[int]) -> QuerySet[Suggestion]:
    return Suggestion.objects.filter(Q(article__in=keys) | Q(other__in=keys))


def _insert_suggestions(rows: Sequence[SuggestionRow]) -> list[float]:
    """Store suggestions, but those of articles that were deleted meanwhile, and return their scores."""
    keys = {key for row in rows for key in row[:2]}
    present = set(Article.objects.filter(pk__in=keys).order_by().values_list("pk", flat=True)) if keys else set()
    found = [row for row in rows if present.issuperset(row[:2])]
    SUGGESTIONS.insert(found)
    return [score for _, _, score, _ in found]


def best_pairs(pairs: Iterable[Pair]) -> list[Pair]:
    """Return the best pairs of each later article."""
    by_article: defaultdict[int, list[Pair]] = defaultdict(list)
    for pair in pairs:
        by_article[pair.later].append(pair)
    return [
        pair
        for group in by_article.values()
        for pair in sorted(group, key=lambda pair: (-pair.likeness.score, pair.earlier))[:KEPT_MAX]
    ]


def evidence_of(pairs: Sequence[Pair]) -> dict[tuple[int, int], dict[str, Any]]:
    """Return the evidence of each pair, its terms as words of the later article."""
    terms: defaultdict[int, set[str]] = defaultdict(set)
    for pair in pairs:
        terms[pair.later].update(pair.likeness.terms)
    words = {pk: readable_terms(shared) for pk, shared in terms.items()}
    for chunk in chunked(terms):
        texts = Article.objects.filter(pk__in=chunk).order_by().values_list("pk", "title", "excerpt")
        words |= {pk: readable_terms(terms[pk], title, excerpt) for pk, title, excerpt in texts}
    return {
        (pair.later, pair.earlier): as_evidence(
            pair.likeness, words.get(pair.later) or readable_terms(terms[pair.later])
        )
        for pair in pairs
    }


def as_evidence(likeness: Likeness, readable: Mapping[str, str]) -> dict[str, Any]:
    return {
        "terms": {readable[term]: round(weight, 3) for term, weight in likeness.terms.items()},
        "hours": round(likeness.hours, 2),
        "numbers": list(likeness.numbers),
        "same_outlet": likeness.same_outlet,
        "same_text": likeness.same_text,
        "doubts": list(likeness.doubts),
    }


def forget_before(oldest: datetime) -> None:
    """Delete the terms of articles that are too old to be compared with those that come in."""
    old = IndexedTerm.objects.filter(published_at__lt=oldest)
    for chunk in chunked(sorted(set(old.order_by().values_list("article", flat=True))), FORGOTTEN_AT_ONCE):
        with transaction.atomic():
            ArticleTerms.objects.filter(article__in=chunk).delete()
            IndexedTerm.objects.filter(article__in=chunk).delete()


def leave_out_before(oldest: datetime) -> None:
    """Let articles that are older than the window not be due.

    The suggestions of one that was changed are deleted: they were found with other words.
    """
    due = ArticleTerms.objects.due().filter(article__published_at__lt=oldest)
    for chunk in chunked(list(due.order_by().values_list("article", flat=True))):
        with transaction.atomic():
            let_operations_wait()
            left_out = list(due.filter(article__in=chunk).order_by().values_list("article", flat=True))
            ArticleTerms.objects.filter(article__in=left_out).delete()
            IndexedTerm.objects.filter(article__in=left_out).delete()
            _suggestions_of(left_out).delete()


def forget_everything_compared() -> None:
    """Delete all terms and counts before a rebuild. Suggestions stay until it replaces them."""
    with transaction.atomic():
        for model in (ArticleTerms, IndexedTerm, TermCount):
            model._default_manager.all().delete()
