"""The cut keeps a share of the suggestions right, and less likely pairs are mixed in so that it can fall."""

from __future__ import annotations

import random

import pytest

from articles.rules.suggestion_cut import (
    ANSWERS_MIN,
    HIGHEST_CUT,
    LOWEST_CUT,
    Answer,
    band_of,
    estimated_precision,
    less_sure_max,
    mix,
    next_cut,
)


def answers(score: float, yes: int, no: int = 0) -> list[Answer]:
    return [Answer(score, True)] * yes + [Answer(score, False)] * no


def test_it_stays_until_there_are_enough_answers():
    assert next_cut(0.40, answers(0.45, 0, ANSWERS_MIN - 1), {}, 0.9) == 0.40
    assert next_cut(0.40, answers(0.45, 0, ANSWERS_MIN), {}, 0.9) == 0.45


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (answers(0.42, 27, 3), 0.40),  # right as often as it should be
        (answers(0.42, 26, 4), 0.45),
        (answers(0.42, 40) + answers(0.37, 5), 0.35),
        (answers(0.42, 40) + answers(0.37, 4), 0.40),  # too few answers below
        (answers(0.42, 40) + answers(0.37, 3, 7), 0.40),
        (answers(0.42, 40) + answers(0.32, 9), 0.40),  # no answers between
    ],
)
def test_it_moves_by_a_step_where_the_answers_say_so(given, expected):
    assert next_cut(0.40, given, {}, 0.9) == expected


def test_a_band_counts_by_the_pairs_that_were_found_in_it():
    given = answers(0.42, 90) + answers(0.37, 7, 3)
    assert estimated_precision(0.35, given, {}) == pytest.approx(0.97)
    assert next_cut(0.40, given, {}, 0.9) == 0.35
    assert estimated_precision(0.35, given, {8: 90, 7: 910}) == pytest.approx(0.727)
    assert next_cut(0.40, given, {8: 90, 7: 910}, 0.9) == 0.40


def test_it_stays_within_its_bounds():
    assert next_cut(HIGHEST_CUT, answers(0.9, 0, 50), {}, 0.9) == HIGHEST_CUT
    assert next_cut(LOWEST_CUT, answers(0.1, 50) + answers(0.2, 50), {}, 0.9) == LOWEST_CUT
    assert [band_of(number * 0.05) for number in range(21)] == list(range(21))


@pytest.mark.parametrize(("right_from", "expected"), [(0.25, 0.25), (0.55, 0.55)])
def test_it_finds_the_score_from_which_pairs_are_right_and_stays_there(right_from, expected):
    """Nearly all pairs from this score are right, and none below; editors see what the cut lets through."""
    chance, cut, given = random.Random(1), 0.40, []  # noqa: S311  no secret
    for _ in range(20):
        for _ in range(30):
            score = chance.uniform(
                cut if chance.random() < 0.8 else cut - 0.1, 1 if chance.random() < 0.5 else cut + 0.1
            )
            given.append(Answer(score, chance.random() < (0.97 if score >= right_from else 0.0)))
        cut = next_cut(cut, given, {}, 0.9)
    assert abs(cut - expected) <= 0.05


def test_every_fifth_suggestion_is_a_less_sure_one():
    sure, less_sure = list(range(20)), ["a", "b", "c", "d", "e", "f"]
    mixed = mix(sure, less_sure, 0)
    assert mixed[:10] == [0, 1, 2, 3, "a", 4, 5, 6, 7, "b"]
    assert mix(sure[4:], less_sure, 4)[0] == "a"  # its turn has come: four were answered
    assert sum(isinstance(shown, str) for shown in mixed[:20]) == 4
    assert mix([], less_sure, 7) == ["a", "b"]
    assert mix([1], [], 4) == [1]
    assert (less_sure_max(0), less_sure_max(20)) == (2, 5)
