"""From which score pairs are suggested, learned from what editors answered, and which less likely ones are mixed in.

The cut keeps a share of the suggestions right that the site sets. What is answered is a sample: pairs below the cut are
shown rarely. So each band of scores counts by the number of pairs that were found in it, not by that of its answers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

STARTING_CUT = 0.40  # gave a precision of 0.9 on the articles that it was chosen on
LOWEST_CUT, HIGHEST_CUT = 0.15, 0.70
STEP = 0.05  # the width of a band of scores, and how far the cut moves at once
MOVE_EVERY = timedelta(days=1)
LEARNED_FROM = timedelta(days=90)
ANSWERS_MIN = 30
BAND_ANSWERS_MIN = 5  # of the band that would be shown too
LESS_SURE_BELOW = 0.1  # so far below the cut are those that are mixed in
LESS_SURE_EVERY = 5  # two in ten
LESS_SURE_MIN = 2  # without a likely pair, so that a new site sees some and the cut can fall

Shown = TypeVar("Shown")


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether editors said that a pair of this score is one event."""

    score: float
    is_same: bool


@dataclass(frozen=True, slots=True)
class Answers:
    """How many pairs were answered with yes and no."""

    yes: int = 0
    no: int = 0

    @classmethod
    def of(cls, answers: Iterable[Answer], cut: float = 0.0) -> Answers:
        """Count the answers to pairs with a score from `cut`."""
        counts = Counter(answer.is_same for answer in answers if band_of(answer.score) >= band_of(cut))
        return cls(counts[True], counts[False])

    @property
    def number(self) -> int:
        return self.yes + self.no


def band_of(score: float) -> int:
    """Return the number of the band of a score: 8 for 0.40 to 0.45."""
    return int(score / STEP + 1e-9)


def estimated_precision(cut: float, answers: Iterable[Answer], found: Mapping[int, int]) -> float | None:
    """Return which share of the pairs from `cut` is right, None without an answer.

    `found` has the number of pairs in each band. A band without answers doesn't count.
    """
    by_band: dict[int, list[bool]] = {}
    for answer in answers:
        by_band.setdefault(band_of(answer.score), []).append(answer.is_same)
    shown = {band: given for band, given in by_band.items() if band >= band_of(cut)}
    weights = {band: max(len(given), found.get(band, 0)) for band, given in shown.items()}
    right = sum(weights[band] * sum(given) / len(given) for band, given in shown.items())
    return right / sum(weights.values()) if weights else None


def next_cut(cut: float, answers: Sequence[Answer], found: Mapping[int, int], precision: float) -> float:
    """Return the cut of the next day, one step away at most.

    It rises if less than `precision` of the pairs from it are right, and falls if a lower one keeps `precision`.
    """
    if len(answers) < ANSWERS_MIN:
        return cut
    present = estimated_precision(cut, answers, found)
    if present is not None and present < precision:
        return min(HIGHEST_CUT, round(cut + STEP, 2))
    lower = max(LOWEST_CUT, round(cut - STEP, 2))
    in_band = sum(band_of(lower) <= band_of(answer.score) < band_of(cut) for answer in answers)
    below = estimated_precision(lower, answers, found)
    return lower if in_band >= BAND_ANSWERS_MIN and below is not None and below >= precision else cut


def less_sure_max(sure: int) -> int:
    """Return how many less sure suggestions are shown at most beside so many likely ones."""
    return max(LESS_SURE_MIN, sure // (LESS_SURE_EVERY - 1))


def number_shown(likely: int, less_sure: int) -> int:
    """Return how many suggestions are shown, of so many that wait."""
    return likely + min(less_sure, less_sure_max(likely))


def mix(sure: Sequence[Shown], less_sure: Sequence[Shown], answered: int) -> list[Shown]:
    """Return both in the order in which they are shown: every fifth is a less sure one.

    The places count on from the number `answered` so far: so a less sure one comes to the top in its turn.
    """
    mixed: list[Shown] = []
    likely, others = list(sure), list(less_sure)
    while likely:
        is_turn = (answered + len(mixed)) % LESS_SURE_EVERY == LESS_SURE_EVERY - 1
        mixed.append((others if is_turn and others else likely).pop(0))
    taken = len(less_sure) - len(others)
    return mixed + others[: max(0, LESS_SURE_MIN - taken)]
