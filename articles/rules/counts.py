"""How numbers are written where there is little room. Pure."""

from __future__ import annotations


def short_count(number: int, at_most: int) -> str:
    """Return a count that stopped at `at_most` + 1, for a narrow place: 950, 1.2k, 10k+.

    Thousands are rounded to the nearest hundred, but never up beyond `at_most`: 9,999 of at most 9,999 are 9.9k.
    """
    if number > at_most:
        return f"{_thousands(number // 100)}+" if number >= 1000 else f"{number:d}+"
    if number < 1000:
        return f"{number:d}"
    hundreds = (number + 50) // 100
    return _thousands(hundreds if hundreds * 100 <= at_most else number // 100)


def _thousands(hundreds: int) -> str:
    return f"{hundreds / 10:g}k"
