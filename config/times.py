"""Times as the desk, the admin and mails write them: in the format of the language, with the time zone."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.dateformat import format as format_by
from django.utils.formats import get_format

STYLES = {
    "clock": "TIME_FORMAT",
    "time": "TIME_FORMAT",
    "day": "DATE_FORMAT",
    "short": "SHORT_DATETIME_FORMAT",
    "full": "DATETIME_FORMAT",
}


def format_time(moment: datetime, style: str = "full") -> str:
    """Return a time in the present time zone, in one of `STYLES`; all but a day and a clock name the zone."""
    local = timezone.localtime(moment)
    text = format_by(local, get_format(STYLES[style]))
    return text if style in ("day", "clock") else f"{text} {local:%Z}"
