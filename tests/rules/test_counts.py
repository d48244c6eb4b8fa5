"""How numbers are written where there is little room."""

import pytest

from articles.rules.counts import short_count


@pytest.mark.parametrize(
    ("number", "at_most", "text"),
    [
        (0, 9_999, "0"),
        (999, 9_999, "999"),
        (1000, 9_999, "1k"),
        (1049, 9_999, "1k"),
        (1050, 9_999, "1.1k"),
        (1290, 9_999, "1.3k"),
        (4696, 9_999, "4.7k"),
        (9949, 9_999, "9.9k"),
        (9950, 9_999, "9.9k"),  # not 10k, which would be more than is counted
        (9999, 9_999, "9.9k"),
        (10_000, 9_999, "10k+"),
        (1000, 999, "1k+"),
        (101, 100, "101+"),
        (999_949, 999_999, "999.9k"),
        (999_950, 999_999, "999.9k"),
    ],
)
def test_counts_are_short(number, at_most, text):
    assert short_count(number, at_most) == text
