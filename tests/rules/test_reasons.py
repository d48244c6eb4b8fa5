import pytest

from articles.rules.limits import REASON_MAX
from articles.rules.reasons import parse_reason
from articles.rules.values import InvalidValueError


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("", ""), ("  ", ""), (" the lawyer\r\n called ", "the lawyer called"), ("x" * REASON_MAX, "x" * REASON_MAX)],
)
def test_a_reason_is_one_line(typed, stored):
    assert parse_reason(typed) == stored


@pytest.mark.parametrize("typed", ["x" * (REASON_MAX + 1), "nul\0", "half \ud800"])
def test_a_reason_that_no_database_stores_is_refused(typed):
    with pytest.raises(InvalidValueError):
        parse_reason(typed)
