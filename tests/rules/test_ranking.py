from datetime import timedelta

import pytest

from articles.rules.ranking import hot_value, mixed
from tests.builders import MORNING


def test_ten_times_the_heat_is_worth_a_day():
    assert hot_value(999, MORNING) == pytest.approx(hot_value(99, MORNING + timedelta(days=1)), abs=1e-5)


def test_the_younger_of_two_equals_stands_first():
    assert hot_value(80, MORNING + timedelta(hours=1)) > hot_value(80, MORNING)


@pytest.mark.parametrize("heat", [None, -1, 0])
def test_without_heat_only_time_counts(heat):
    assert hot_value(heat, MORNING) == hot_value(0, MORNING)


@pytest.mark.parametrize(
    ("outlets", "order"),
    [
        ("", []),
        ("abc", [0, 1, 2]),
        ("aaab", [0, 1, 3, 2]),
        ("aaaa", [0, 1, 2, 3]),
        ("abababcdefghij", [0, 1, 2, 3, 6, 7, 8, 9, 10, 11, 4, 5, 12, 13]),
        ("bcdefghijkaaaa", list(range(14))),  # beyond the first ten places nothing has to wait
    ],
)
def test_one_outlet_has_two_of_the_first_ten_places_if_others_can_fill_them(outlets, order):
    assert mixed(range(len(outlets)), outlets) == order
