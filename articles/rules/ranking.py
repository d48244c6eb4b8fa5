"""The order of the front page: a stored rank that stays right as time passes, and a limit for each provider."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from datetime import datetime
from typing import TypeVar

T = TypeVar("T")

HOURS_PER_TENFOLD_HEAT = 24.0  # ten times the heat keeps a story at the same rank one day longer
LIMITED_PLACES = 10  # number of top places in which ...
MAX_PER_PROVIDER = 2  # ... a provider has at most this many stories


def front_page_rank(heat: int | None, published_at: datetime) -> float:
    """Return the rank of an article on the front page, higher first.

    It is the logarithm of the heat plus the publication time in days. All articles age alike, so stored ranks never
    need to be updated. Unscored and folded articles count as heat 0.
    """
    days = published_at.timestamp() / 3600 / HOURS_PER_TENFOLD_HEAT
    return round(math.log10(1 + max(heat or 0, 0)) + days, 6)


def limit_per_provider(stories: Sequence[T], providers: Sequence[Hashable], *, fixed: int = 0) -> list[T]:
    """Return the stories in order, but at most MAX_PER_PROVIDER of one provider in the first LIMITED_PLACES.

    `providers` has the provider of each story. Stories over the limit move behind those places, unless other
    providers don't have enough stories to fill them. The first `fixed` stories keep their places, and count.
    """
    counts: Counter[Hashable] = Counter()
    first: list[int] = []
    later: list[int] = []
    for index, provider in enumerate(providers):
        fits = index < fixed or (len(first) < LIMITED_PLACES and counts[provider] < MAX_PER_PROVIDER)
        counts[provider] += fits
        (first if fits else later).append(index)
    return [stories[index] for index in first + later]


def is_within_limit(providers: Sequence[Hashable], *, fixed: int = 0) -> bool:
    """Return whether no provider has more than MAX_PER_PROVIDER of the first places, apart from the `fixed` ones."""
    counts = Counter(providers[:fixed])
    for provider in providers[fixed:LIMITED_PLACES]:
        counts[provider] += 1
        if counts[provider] > MAX_PER_PROVIDER:
            return False
    return True
