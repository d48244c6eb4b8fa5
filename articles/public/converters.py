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


register_converter(SegmentConverter, "segment")
register_converter(PathConverter, "segments")
register_converter(PlaceCodeConverter, "place_code")
register_converter(FeedFormatConverter, "feed_format")
register_converter(ColourConverter, "colour")
register_converter(DayConverter, "day")
register_converter(PageNumberConverter, "page_number")
