"""The order of the front page: a value that is stored once and never grows old. Pure."""

from __future__ import annotations

import math
from datetime import datetime

HOURS_PER_TENFOLD_HEAT = 24.0  # an event ten times as hot stays up one day longer


def hot_value(heat: int | None, published_at: datetime) -> float:
    """Return an article's place on the front page, higher first.

    The logarithm of its heat plus its publication time in days: nothing needs to be recomputed as time passes,
    because all articles age alike. Unscored articles count as heat 0, folded ones too.
    """
    days = published_at.timestamp() / 3600 / HOURS_PER_TENFOLD_HEAT
    return round(math.log10(1 + max(heat or 0, 0)) + days, 6)
