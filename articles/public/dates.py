"""The days of the site's time zone, and their places in addresses."""

from __future__ import annotations

from datetime import date, datetime, time

from django.utils import timezone


def midnight(day: date) -> datetime:
    """Return when a day begins in the site's time zone."""
    return timezone.make_aware(datetime.combine(day, time()))


class DayConverter:
    """A day in an address: 2020/06/09. What is no day has no page; the first and the last year can't be shifted."""

    regex = r"[0-9]{4}/[0-9]{2}/[0-9]{2}"

    def to_python(self, value: str) -> date:
        """Return the day. Raises ValueError, which means that no page is there."""
        day = datetime.strptime(value, "%Y/%m/%d").date()  # noqa: DTZ007  a day has no zone
        if not 1 < day.year < 9999:
            raise ValueError(value)
        return day

    def to_url(self, value: date) -> str:
        return f"{value.year:04}/{value:%m/%d}"
