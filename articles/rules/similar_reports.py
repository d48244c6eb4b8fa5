"""Find the reports that may be similar to one, through the heaviest terms of each."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from heapq import nlargest

from .similarity import decay, heaviest, hours_between

CANDIDATES_MAX = 60  # to compare in full; 200 found 1 in 1,000 links more among 6,241 real articles

Posting = tuple[datetime, int, float]  # time of publication, key of the report, weight of the term


class TermIndex:
    """Which reports have a term among their heaviest, in the order of their publication."""

    def __init__(self, window: timedelta) -> None:
        self.window = window
        self._postings: dict[str, list[Posting]] = {}

    def missing(self, terms: Iterable[str]) -> list[str]:
        """Return those terms whose postings were never loaded."""
        return sorted({term for term in terms if term not in self._postings})

    def load(self, term: str, postings: Iterable[Posting]) -> None:
        """Set all postings of a term."""
        self._postings[term] = sorted(postings)

    def add(self, key: int, published_at: datetime, weights: Mapping[str, float]) -> None:
        """Add a report to the postings of its heaviest terms, as far as those are loaded."""
        for term in heaviest(weights):
            if term in self._postings:
                insort(self._postings[term], (published_at, key, weights[term]))

    def forget(self, keys: Collection[int]) -> None:
        """Remove reports, which were changed or deleted."""
        for term, postings in self._postings.items():
            if any(posting[1] in keys for posting in postings):
                self._postings[term] = [posting for posting in postings if posting[1] not in keys]

    def forget_before(self, moment: datetime) -> None:
        """Remove the reports that were published earlier."""
        for postings in self._postings.values():
            del postings[: bisect_left(postings, (moment,))]  # sorts before all of that moment

    def candidates(self, published_at: datetime, weights: Mapping[str, float]) -> list[int]:
        """Return the reports within the window that share most of the weight, most first."""
        shared: defaultdict[int, float] = defaultdict(float)
        times: dict[int, datetime] = {}
        for term in heaviest(weights):
            postings = self._postings.get(term, [])
            start = bisect_left(postings, published_at - self.window, key=_time)
            end = bisect_right(postings, published_at + self.window, key=_time)
            weight = weights[term]
            for place in range(start, end):
                time, key, other_weight = postings[place]
                shared[key] += weight * other_weight
                times[key] = time
        scored = ((score * decay(hours_between(published_at, times[key])), -key) for key, score in shared.items())
        return [-key for _, key in nlargest(CANDIDATES_MAX, scored)]


def _time(posting: Posting) -> datetime:
    return posting[0]
