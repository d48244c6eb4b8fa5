"""The order of the front page: a value that is stored once and never grows old. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from datetime import datetime
from typing import TypeVar

T = TypeVar("T")

HOURS_PER_TENFOLD_HEAT = 24.0  # an event ten times as hot stays up one day longer
LIMITED_PLACES, MAX_PER_PROVIDER = 10, 2  # so many of the first places may one outlet's leads take


def front_page_rank(heat: int | None, published_at: datetime) -> float:
    """Return an article's place on the front page, higher first.

    The logarithm of its heat plus its publication time in days: nothing needs to be recomputed as time passes,
    because all articles age alike. Unscored articles count as heat 0, folded ones too.
    """
    days = published_at.timestamp() / 3600 / HOURS_PER_TENFOLD_HEAT
    return round(math.log10(1 + max(heat or 0, 0)) + days, 6)


def limit_per_provider(stories: Sequence[T], outlets: Sequence[Hashable], *, fixed: int = 0) -> list[T]:
    """Return the stories in their order, but with at most PER_OUTLET of one outlet among the first MIXED_PLACES.

    `outlets` tells whose each story is. What has to wait follows the first places; where other outlets don't have
    enough stories to fill those, it stays. The first `fixed` stories keep their places, and count.
    """
    taken: Counter[Hashable] = Counter()
    first: list[int] = []
    later: list[int] = []
    for place, outlet in enumerate(outlets):
        fits = place < fixed or (len(first) < LIMITED_PLACES and taken[outlet] < MAX_PER_PROVIDER)
        taken[outlet] += fits
        (first if fits else later).append(place)
    return [stories[place] for place in first + later]


def is_within_limit(outlets: Sequence[Hashable], *, fixed: int = 0) -> bool:
    """Return whether the first places hold no more of one outlet than they may, beside what is `fixed`."""
    taken = Counter(outlets[:fixed])
    for outlet in outlets[fixed:LIMITED_PLACES]:
        taken[outlet] += 1
        if taken[outlet] > MAX_PER_PROVIDER:
            return False
    return True
