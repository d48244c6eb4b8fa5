"""Days in the site's time zone."""

from __future__ import annotations

from datetime import date, datetime, time

from django.utils import timezone


def start_of_day(day: date) -> datetime:
    """Return when a day begins in the site's time zone."""
    return timezone.make_aware(datetime.combine(day, time()))


def is_supported(day: date) -> bool:
    """Return whether a day can be shifted to another time zone: those of the first and the last year can't."""
    return 1 < day.year < 9999
