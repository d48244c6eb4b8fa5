from datetime import timedelta

import pytest

from articles.rules.ranking import front_page_rank
from tests.builders import MORNING


def test_ten_times_the_heat_is_worth_a_day():
    assert front_page_rank(999, MORNING) == pytest.approx(front_page_rank(99, MORNING + timedelta(days=1)), abs=1e-5)


def test_of_two_equal_heats_the_newer_article_comes_first():
    assert front_page_rank(80, MORNING + timedelta(hours=1)) > front_page_rank(80, MORNING)


@pytest.mark.parametrize("heat", [None, -1, 0])
def test_without_heat_only_time_counts(heat):
    assert front_page_rank(heat, MORNING) == front_page_rank(0, MORNING)
