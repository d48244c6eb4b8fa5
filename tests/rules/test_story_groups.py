"""Groups of stories follow their likeliest pairs, as long as the rest of their pairs isn't much less likely."""

from __future__ import annotations

import pytest

from articles.rules.story_groups import propose_groups


def scores(**pairs: float) -> dict[frozenset[int], float]:
    return {frozenset(map(int, name[1:].split("_"))): score for name, score in pairs.items()}


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ({}, []),
        ({"p1_2": 0.59}, []),
        ({"p2_1": 0.6}, [[1, 2]]),
        ({"p3_4": 0.7, "p1_2": 0.9}, [[1, 2], [3, 4]]),
        ({"p1_2": 0.9, "p2_3": 0.8}, [[1, 2]]),  # nothing speaks for 1 and 3
        ({"p1_2": 0.9, "p2_3": 0.8, "p1_3": 0.1}, [[1, 2, 3]]),
        ({"p1_2": 0.9, "p3_4": 0.9, "p2_3": 0.7, "p1_4": 0.5, "p1_3": 0.4, "p2_4": 0.1}, [[1, 2], [3, 4]]),
        ({"p1_2": 0.9, "p3_4": 0.9, "p2_3": 0.7, "p1_4": 0.5, "p1_3": 0.4, "p2_4": 0.3}, [[1, 2, 3, 4]]),
    ],
)
def test_groups(pairs, expected):
    assert propose_groups(scores(**pairs), 0.6) == expected
