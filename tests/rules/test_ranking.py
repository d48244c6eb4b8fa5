from datetime import timedelta

import pytest

from articles.rules.ranking import front_page_rank, limit_per_provider
from tests.builders import MORNING


def test_ten_times_the_heat_is_worth_a_day():
    assert front_page_rank(999, MORNING) == pytest.approx(front_page_rank(99, MORNING + timedelta(days=1)), abs=1e-5)


def test_of_two_equal_heats_the_newer_article_comes_first():
    assert front_page_rank(80, MORNING + timedelta(hours=1)) > front_page_rank(80, MORNING)


@pytest.mark.parametrize("heat", [None, -1, 0])
def test_without_heat_only_time_counts(heat):
    assert front_page_rank(heat, MORNING) == front_page_rank(0, MORNING)


@pytest.mark.parametrize(
    ("providers", "order"),
    [
        ("", []),
        ("abc", [0, 1, 2]),
        ("aaab", [0, 1, 3, 2]),
        ("aaaa", [0, 1, 2, 3]),
        ("abababcdefghij", [0, 1, 2, 3, 6, 7, 8, 9, 10, 11, 4, 5, 12, 13]),
        ("bcdefghijkaaaa", list(range(14))),  # beyond the first ten places nothing has to wait
    ],
)
def test_a_provider_has_two_of_the_first_ten_places_if_others_can_fill_them(providers, order):
    assert limit_per_provider(range(len(providers)), providers) == order
