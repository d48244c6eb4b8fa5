"""The lead of a folded article.

Only direct links count: following links of links would join unrelated events (docs/format.md#stories).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .slugs import file_sort_key


@dataclass(frozen=True, slots=True)
class LeadCandidate:
    """A lead that lists a folded article, or that the article lists. `mutual`: both list each other.

    `decided`: an editor folded the article under it.
    """

    lead_id: int
    name: str
    quality: int
    mutual: bool
    decided: bool = False


@dataclass(frozen=True, slots=True)
class LeadAssignment:
    """The lead of a folded article, None without candidates. `ambiguous`: there were several; an editor should look."""

    lead_id: int | None
    ambiguous: bool


def choose_lead(candidates: Iterable[LeadCandidate]) -> LeadAssignment:
    """Return the best candidate: mutual first, then the highest quality, then the smallest file name.

    If an editor decided, other candidates don't count.
    """
    candidates = list(candidates)
    decided = [candidate for candidate in candidates if candidate.decided]
    ranked = sorted(decided or candidates, key=_sort_key)
    return LeadAssignment(ranked[0].lead_id if ranked else None, ambiguous=len(ranked) > 1)


def _sort_key(candidate: LeadCandidate) -> tuple[bool, int, bytes]:
    return not candidate.mutual, -candidate.quality, file_sort_key(candidate.name)
