"""Groups of stories that are all one event, proposed from the scores of their pairs."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from statistics import fmean

MEAN_SHARE = 0.75  # of the least score: over whole groups errors add up, so the weak pairs count too


def propose_groups(scores: Mapping[frozenset[int], float], least: float) -> list[list[int]]:
    """Return groups of at least two stories, each sorted; the groups with the likeliest pairs first.

    `scores` has the pairs of stories. Two groups are joined by a pair with the score `least` if the mean of all their
    pairs, where one that is missing counts nothing, isn't much lower.
    """
    groups: dict[int, list[int]] = {}
    for pair in sorted(scores, key=lambda pair: (-scores[pair], sorted(pair))):
        if scores[pair] < least:
            break
        one, other = (groups.setdefault(story, [story]) for story in sorted(pair))
        if one is other or fmean(scores.get(frozenset(cross), 0.0) for cross in product(one, other)) < (
            MEAN_SHARE * least
        ):
            continue
        one += other
        groups.update(dict.fromkeys(other, one))
    distinct = {id(group): group for group in groups.values() if len(group) > 1}
    return [sorted(group) for group in distinct.values()]
