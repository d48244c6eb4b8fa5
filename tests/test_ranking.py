from datetime import timedelta

import pytest

from articles.ranking import hot_value
from tests.builders import MORNING


def test_ten_times_the_heat_is_worth_a_day():
    assert hot_value(999, MORNING) == pytest.approx(hot_value(99, MORNING + timedelta(days=1)), abs=1e-5)


def test_the_younger_of_two_equals_stands_first():
    assert hot_value(80, MORNING + timedelta(hours=1)) > hot_value(80, MORNING)


@pytest.mark.parametrize("heat", [None, -1, 0])
def test_without_heat_only_time_counts(heat):
    assert hot_value(heat, MORNING) == hot_value(0, MORNING)
