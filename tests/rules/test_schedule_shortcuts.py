from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from articles.rules.schedule_shortcuts import in_an_hour, monday_morning, tomorrow_morning

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("shortcut", "now", "expected"),
    [
        (in_an_hour, "2026-06-09T14:20:31", "2026-06-09T15:20:00+02:00"),
        (in_an_hour, "2026-03-29T01:30", "2026-03-29T03:30:00+02:00"),
        (in_an_hour, "2026-10-25T02:30", "2026-10-25T02:30:00+01:00"),  # the hour from two to three comes twice
        (tomorrow_morning, "2026-06-09T00:01", "2026-06-10T08:00:00+02:00"),
        (tomorrow_morning, "2026-12-31T23:59", "2027-01-01T08:00:00+01:00"),
        (tomorrow_morning, "2026-03-28T12:00", "2026-03-29T08:00:00+02:00"),  # the clocks change in the night
        (monday_morning, "2026-06-09T14:20", "2026-06-15T08:00:00+02:00"),  # a Tuesday
        (monday_morning, "2026-06-14T23:00", "2026-06-15T08:00:00+02:00"),
        (monday_morning, "2026-06-15T07:00", "2026-06-22T08:00:00+02:00"),  # a Monday
    ],
)
def test_shortcuts_are_times_of_the_editors_clock(shortcut, now, expected):
    assert shortcut(at(now)).isoformat() == expected
