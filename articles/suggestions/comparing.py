"""Compare articles with those published before them, batch by batch, in memory.

A `Comparison` gets the terms, counts and other articles that it needs from a store; it writes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from articles.rules.similar_reports import Posting, TermIndex
from articles.rules.similarity import Likeness, Report, Text, compare, heaviest, weigh

BATCH = 25  # articles that are worked out and stored together
ALL = ""  # the term whose count is that of all articles


@dataclass(frozen=True, slots=True)
class Arrival:
    """An article that is to be compared. `counted` are the terms with which it was counted before."""

    pk: int
    name: str
    published_at: datetime
    outlet: int
    text: Text
    counted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Pair:
    """Two articles that may report one event, the later one first."""

    later: int
    earlier: int
    likeness: Likeness


class Store(Protocol):
    """Where articles that were compared before are kept."""

    def counts(self, terms: Iterable[str]) -> dict[str, int]:
        """Return in how many articles these terms occur; those that occur nowhere may be left out."""
        ...

    def postings(self, terms: Sequence[str]) -> dict[str, list[Posting]]:
        """Return the articles of the window that have each term among their heaviest."""
        ...

    def reports(self, keys: Sequence[int]) -> dict[int, tuple[str, Report]]:
        """Return these articles' names and reports."""
        ...


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What comparing a batch found: weights by article, pairs, and the new counts of terms."""

    weights: dict[int, dict[str, float]]
    pairs: list[Pair]
    counts: dict[str, int]


class Comparison:
    """Articles that are compared with one another and with those of the store."""

    def __init__(self, store: Store, window: timedelta) -> None:
        self._store = store
        self._index = TermIndex(window)
        self._reports: dict[int, tuple[str, Report]] = {}

    def compare_batch(self, arrivals: Sequence[Arrival], least: float) -> BatchResult:
        """Compare articles, given in the order of their publication, and remember them.

        Of two articles the later one, by time and name, gets the pair. Pairs with a score below `least` are left out.
        """
        changes = count_changes(arrivals)
        frequencies = [arrival.text.frequencies() for arrival in arrivals]
        stored = self._store.counts({ALL, *(term for terms in frequencies for term in terms)})
        counts = {term: max(0, stored.get(term, 0) + changes[term]) for term in stored.keys() | changes.keys()}
        weights = {arrival.pk: weigh(arrival.text, counts, counts[ALL]) for arrival in arrivals}
        self._load_postings(weights.values())
        # One that was changed while its first result was stored isn't counted yet, but compared.
        self._forget({arrival.pk for arrival in arrivals if arrival.counted or arrival.pk in self._reports})
        candidates = {}
        for arrival in arrivals:  # each is compared with those before it in the batch too
            candidates[arrival.pk] = self._index.candidates(arrival.published_at, weights[arrival.pk])
            self._index.add(arrival.pk, arrival.published_at, weights[arrival.pk])
        for arrival in arrivals:
            report = Report(arrival.text, weights[arrival.pk], arrival.outlet, arrival.published_at)
            self._reports[arrival.pk] = arrival.name, report
        self._load_reports(candidates.values())
        pairs = [pair for arrival in arrivals for pair in self._pairs_of(arrival.pk, candidates[arrival.pk], least)]
        return BatchResult(weights, pairs, counts)

    def forget_before(self, moment: datetime) -> None:
        """Forget the articles that were published earlier, when no article to come is compared with them."""
        self._index.forget_before(moment)
        self._reports = {key: value for key, value in self._reports.items() if value[1].published_at >= moment}

    def _forget(self, keys: set[int]) -> None:
        if keys:
            self._index.forget(keys)
            for key in keys:
                self._reports.pop(key, None)

    def _load_postings(self, weights: Iterable[dict[str, float]]) -> None:
        missing = self._index.missing(term for row in weights for term in heaviest(row))
        for term, postings in self._store.postings(missing).items():
            self._index.load(term, postings)

    def _load_reports(self, candidates: Iterable[Iterable[int]]) -> None:
        """Load all articles with which these may be compared, at once."""
        missing = {key for keys in candidates for key in keys} - self._reports.keys()
        if missing:
            self._reports |= self._store.reports(sorted(missing))

    def _pairs_of(self, pk: int, candidates: Iterable[int], least: float) -> list[Pair]:
        name, report = self._reports[pk]
        pairs = []
        for key in candidates:
            other_name, other = self._reports.get(key, ("", None))
            likeness = compare(report, other, least) if other and key != pk else None
            if other and likeness:
                is_later = (report.published_at, name) > (other.published_at, other_name)
                later, earlier = (pk, key) if is_later else (key, pk)
                pairs.append(Pair(later, earlier, likeness))
        return pairs


def count_changes(arrivals: Iterable[Arrival]) -> Counter[str]:
    """Return by how much the counts change: an article that was counted before no longer counts for its old terms."""
    changes: Counter[str] = Counter()
    for arrival in arrivals:
        changes.update(set(arrival.text.frequencies()))
        changes.subtract(arrival.counted)
        changes[ALL] += 0 if arrival.counted else 1
    return changes
