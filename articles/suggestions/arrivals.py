"""Compare articles that are about to come in with those that are there. Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from articles.models import SuggestionCut

from .comparing import Arrival, Comparison, Pair
from .store import StoredArticles, due_arrivals, due_keys
from .working_out import beginning_of_window, current_window

DUE_MAX = 200  # articles that came in before, and were not compared yet


def likely_pairs(arrivals: Sequence[Arrival]) -> list[Pair]:
    """Return the pairs that would be suggested if these articles came in now; none if suggestions are switched off.

    The keys of articles that don't exist yet are negative.
    """
    window = current_window()
    if not (arrivals and window):
        return []
    due, _ = due_arrivals(due_keys(DUE_MAX, beginning_of_window(window)))
    keys = {arrival.pk for arrival in arrivals}
    batch = [*arrivals, *(arrival for arrival in due if arrival.pk not in keys)]
    batch.sort(key=lambda arrival: (arrival.published_at, arrival.name))
    pairs = Comparison(StoredArticles(), window).compare_batch(batch, SuggestionCut.current()).pairs
    return [pair for pair in pairs if not keys.isdisjoint((pair.later, pair.earlier))]
