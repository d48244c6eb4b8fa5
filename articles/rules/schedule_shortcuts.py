"""The times that the desk offers for a schedule, in the time zone of the editor."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

HOUR_OF_MORNING = 8
MONDAY = 0


def in_an_hour(now: datetime) -> datetime:
    """Return the time in an hour, to the minute, also where the clocks change within it."""
    return (now.astimezone(UTC) + timedelta(hours=1)).replace(second=0, microsecond=0).astimezone(now.tzinfo)


def tomorrow_morning(now: datetime) -> datetime:
    """Return 8:00 of the day after `now`, by the clock of the zone of `now`."""
    return _morning(now, 1)


def monday_morning(now: datetime) -> datetime:
    """Return 8:00 of the next Monday, by the clock of the zone of `now`: on a Monday that in a week."""
    return _morning(now, (MONDAY - now.weekday() - 1) % 7 + 1)


def _morning(now: datetime, days: int) -> datetime:
    return datetime.combine(now.date() + timedelta(days=days), time(HOUR_OF_MORNING), now.tzinfo)
