"""Sentences about what speaks for one event in two reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TERMS_SHOWN = 5


def hours_text(hours: float) -> str:
    """Return a time between two reports, as "5 hours"."""
    number, unit = (hours * 60, "minute") if hours < 1 else (hours, "hour") if hours < 48 else (hours / 24, "day")
    return f"{number:.0f} {unit}{'' if round(number) == 1 else 's'}"


def shared_terms(evidence: Mapping[str, Any]) -> str:
    """Return the first words that both reports have, as "xnor, apple"."""
    return ", ".join(list(evidence["terms"])[:TERMS_SHOWN])
