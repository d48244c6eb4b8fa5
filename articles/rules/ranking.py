"""The rank of stories on the front page, stored, which stays right as time passes. `front_page.py` has the order."""

from __future__ import annotations

import math
from datetime import datetime

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
