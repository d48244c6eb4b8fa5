"""Which lead a folded article belongs to. Pure.

Never the transitive closure of related links: it joins unrelated events (docs/format.md#stories).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .slugs import file_sort_key


@dataclass(frozen=True, slots=True)
class LeadCandidate:
    """A lead that lists a folded article, or that the folded article lists; `mutual` if both.

    `decided` if an editor folded the article under it.
    """

    lead_id: int
    name: str
    quality: int
    mutual: bool
    decided: bool = False


@dataclass(frozen=True, slots=True)
class LeadAssignment:
    """Where a folded article goes: None if no lead claims it. `ambiguous` asks an editor to look."""

    lead_id: int | None
    ambiguous: bool


def choose_lead(candidates: Iterable[LeadCandidate]) -> LeadAssignment:
    """Return the best claim: mutual before one-sided, then the highest quality, then the smallest file name.

    An editor's decision leaves nothing to claim for others.
    """
    known = list(candidates)
    decided = [claim for claim in known if claim.decided]
    ranked = sorted(decided or known, key=lambda claim: (not claim.mutual, -claim.quality, file_sort_key(claim.name)))
    return LeadAssignment(ranked[0].lead_id if ranked else None, ambiguous=len(ranked) > 1)
