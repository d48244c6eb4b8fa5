"""Converters for parts of the site's URLs."""

from __future__ import annotations

from datetime import date, datetime

from django.urls import register_converter
from django.urls.converters import IntConverter, StringConverter

from articles.rules.places import CODE_PATTERN

from .dates import is_supported


class SegmentConverter(StringConverter):
    """One segment of a path, without NUL, which PostgreSQL can't compare with."""

    regex = r"[^/\x00]+"


class PathConverter(StringConverter):
    """One or more segments: a domain may be a whole path (docs/format.md#provider)."""

    regex = r"[^\x00]+"


class PlaceCodeConverter(StringConverter):
    """The code of a place as GB or US-CA."""

    regex = CODE_PATTERN


class FeedFormatConverter(StringConverter):
    regex = "rss|atom|json"


class PageNumberConverter(IntConverter):
    """A number from 1 without leading zeros; no feed has more pages than this has digits for."""

    regex = "[1-9][0-9]{0,8}"


class ColourConverter(StringConverter):
    """A colour in six hexadecimal digits."""

    regex = "[0-9a-f]{6}"


class DayConverter:
    """A day as 2020/06/09."""

    regex = r"[0-9]{4}/[0-9]{2}/[0-9]{2}"

    def to_python(self, value: str) -> date:
        """Return the day. Raises ValueError, which Django answers with 404."""
        day = datetime.strptime(value, "%Y/%m/%d").date()  # noqa: DTZ007  a day has no zone
        if not is_supported(day):
            raise ValueError(value)
        return day

    def to_url(self, value: date) -> str:
        return f"{value.year:04}/{value:%m/%d}"


class YearConverter:
    """A year as 2020."""

    regex = r"[0-9]{4}"

    def to_python(self, value: str) -> int:
        """Return the year. Raises ValueError, which Django answers with 404."""
        if not is_supported(date(int(value), 1, 1)):
            raise ValueError(value)
        return int(value)

    def to_url(self, value: int) -> str:
        return f"{value:04}"


class MonthConverter:
    """A month as 2020/06, by its first day."""

    regex = r"[0-9]{4}/[0-9]{2}"

    def to_python(self, value: str) -> date:
        """Return the first day of the month. Raises ValueError, which Django answers with 404."""
        return DayConverter().to_python(f"{value}/01")

    def to_url(self, value: date) -> str:
        return f"{value.year:04}/{value:%m}"


class PeriodConverter(StringConverter):
    regex = "day|yesterday|week|month"


register_converter(SegmentConverter, "segment")
register_converter(PathConverter, "segments")
register_converter(PlaceCodeConverter, "place_code")
register_converter(FeedFormatConverter, "feed_format")
register_converter(ColourConverter, "colour")
register_converter(DayConverter, "day")
register_converter(MonthConverter, "month")
register_converter(YearConverter, "year")
register_converter(PeriodConverter, "period")
register_converter(PageNumberConverter, "page_number")
