"""The stored terms of articles, their index and counts, and the suggestions."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from articles.db.bulk import BulkTable, chunked, json_text, time_value
from articles.models import Article, ArticleTerms, IndexedTerm, Suggestion, SuggestionCut, TermCount
from articles.models.suggestion import as_stored_text, from_stored_text, term_key
from articles.rules.similar_reports import Posting
from articles.rules.similarity import Likeness, Report, Text, heaviest, readable_terms

from .comparing import Arrival, BatchResult, Pair

TERMS = BulkTable(ArticleTerms)
NEW_TERMS = BulkTable(ArticleTerms, "article", "terms", "weights", "due")
INDEX = BulkTable(IndexedTerm, "term", "article", "published_at", "weight")
SUGGESTIONS = BulkTable(Suggestion, "article", "other", "score", "evidence")
KEPT_MAX = 10  # suggestions of one article

_COMPARED = ("article_id", "article__name", "article__published_at", "article__provider_id", "terms")


class StoredArticles:
    """The articles that were compared before, in the database."""

    def counts(self, terms: Iterable[str]) -> dict[str, int]:
        keys = {term_key(term): term for term in terms}
        rows = TermCount.objects.filter(key__listed=sorted(keys)).values_list("key", "articles")
        return {keys[key]: number for key, number in rows}

    def postings(self, terms: Sequence[str]) -> dict[str, list[Posting]]:
        postings: dict[str, list[Posting]] = {term: [] for term in terms}
        rows = IndexedTerm.objects.filter(term__listed=terms).order_by()
        for term, published_at, pk, weight in rows.values_list("term", "published_at", "article_id", "weight"):
            postings[term].append((published_at, pk, weight))
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


def due_arrivals(limit: int) -> tuple[list[Arrival], dict[int, int]]:
    """Return the first articles that are due, in the order of their publication, and the versions of their terms."""
    due = ArticleTerms.objects.due().order_by("article__published_at", "article__file_name")[:limit]
    arrivals, versions = [], {}
    columns = (*_COMPARED, "weights", "version", "article__title", "article__excerpt")
    for pk, name, published_at, outlet, terms, weights, version, title, excerpt in due.values_list(*columns):
        text = from_stored_text(terms) if terms else Text.of(title, excerpt)
        arrivals.append(Arrival(pk, name, published_at, outlet, text, frozenset(weights)))
        versions[pk] = version
    return arrivals, versions


def write_result(arrivals: Sequence[Arrival], result: BatchResult, versions: Mapping[int, int]) -> int:
    """Store what comparing found, in one short transaction; return how many pairs the desk shows.

    Articles that were changed or deleted meanwhile stay due, or are left out.
    """
    by_pk = {arrival.pk: arrival for arrival in arrivals}
    evidence = evidence_of(result.pairs)
    with transaction.atomic():
        rows = ArticleTerms.objects.select_for_update().filter(article__in=by_pk).order_by("article_id")
        found = rows.values_list("article_id", "pk", "version")
        stored = {pk: key for pk, key, version in found if version == versions[pk]}
        unwritten = by_pk.keys() - stored.keys()
        compared = [(as_stored_text(by_pk[pk].text), json_text(result.weights[pk]), False, stored[pk]) for pk in stored]
        TERMS.update(["terms", "weights", "due"], compared)
        written = [by_pk[pk] for pk in stored]
        _write_index(written, result.weights)
        write_counts(result.counts)
        pairs = [pair for pair in result.pairs if not (unwritten & {pair.later, pair.earlier})]
        return _replace_suggestions(written, pairs, evidence)


def write_rebuilt(arrivals: Sequence[Arrival], result: BatchResult, oldest: datetime) -> int:
    """Store what a rebuild found about a batch; return how many pairs the desk shows. `oldest` begins the window.

    An article of the window that has terms already came in or was changed meanwhile, and stays due.
    """
    evidence = evidence_of(result.pairs)
    by_pk = {arrival.pk: arrival for arrival in arrivals}
    with transaction.atomic():
        present = set(Article.objects.filter(pk__in=by_pk).values_list("pk", flat=True))
        changed = set(ArticleTerms.objects.filter(article__in=by_pk).values_list("article_id", flat=True))
        live = [arrival for pk, arrival in by_pk.items() if pk in present - changed and arrival.published_at >= oldest]
        NEW_TERMS.insert(
            [
                (arrival.pk, as_stored_text(arrival.text), json_text(result.weights[arrival.pk]), False)
                for arrival in live
            ]
        )
        _write_index(live, result.weights)
        Suggestion.objects.filter(article__in=by_pk).delete()
        return _insert_suggestions(result.pairs, evidence)


def _write_index(arrivals: Sequence[Arrival], weights: Mapping[int, Mapping[str, float]]) -> None:
    if again := [arrival.pk for arrival in arrivals if arrival.counted]:
        IndexedTerm.objects.filter(article__in=again).delete()
    INDEX.insert(
        [
            (term, arrival.pk, time_value(arrival.published_at), weights[arrival.pk][term])
            for arrival in arrivals
            for term in heaviest(weights[arrival.pk])
        ]
    )


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


def _replace_suggestions(
    articles: Iterable[Arrival], pairs: Sequence[Pair], evidence: Mapping[tuple[int, int], Any]
) -> int:
    """Store the pairs of these articles instead of those that they had, and return how many the desk shows."""
    again = [article.pk for article in articles if article.counted]
    if again:
        Suggestion.objects.filter(Q(article__in=again) | Q(other__in=again)).delete()
    return _insert_suggestions(pairs, evidence)


def _insert_suggestions(pairs: Sequence[Pair], evidence: Mapping[tuple[int, int], Any]) -> int:
    keys = {key for pair in pairs for key in (pair.later, pair.earlier)}
    present = set(Article.objects.filter(pk__in=keys).values_list("pk", flat=True)) if keys else set()
    rows = [
        (pair.later, pair.earlier, pair.likeness.score, json_text(evidence[pair.later, pair.earlier]))
        for pair in best_pairs(pairs)
        if {pair.later, pair.earlier} <= present
    ]
    SUGGESTIONS.insert(rows)
    cut = SuggestionCut.current()
    return sum(score >= cut for _, _, score, _ in rows)


def best_pairs(pairs: Iterable[Pair], number: int = KEPT_MAX) -> list[Pair]:
    """Return the best pairs of each later article."""
    by_article: defaultdict[int, list[Pair]] = defaultdict(list)
    for pair in pairs:
        by_article[pair.later].append(pair)
    return [
        pair
        for group in by_article.values()
        for pair in sorted(group, key=lambda pair: (-pair.likeness.score, pair.earlier))[:number]
    ]


def evidence_of(pairs: Sequence[Pair]) -> dict[tuple[int, int], dict[str, Any]]:
    """Return the evidence of each pair, its terms as words of the later article."""
    evidence = {}
    for chunk in chunked(pairs):
        texts = Article.objects.filter(pk__in={pair.later for pair in chunk}).values_list("pk", "title", "excerpt")
        words = {pk: (title, excerpt) for pk, title, excerpt in texts}
        for pair in chunk:
            readable = readable_terms(pair.likeness.terms, *words.get(pair.later, ()))
            evidence[pair.later, pair.earlier] = as_evidence(pair.likeness, readable)
    return evidence


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
    for chunk in chunked(sorted(set(old.order_by().values_list("article", flat=True)))):
        ArticleTerms.objects.filter(article__in=chunk).delete()
    old.delete()


def forget_everything_compared() -> None:
    """Delete all terms and counts before a rebuild. Suggestions stay until it replaces them."""
    with transaction.atomic():
        for model in (ArticleTerms, IndexedTerm, TermCount):
            model._default_manager.all().delete()
