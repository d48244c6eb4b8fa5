"""Dates as feeds write them: ISO 8601, RFC 822, and day and month names of twelve languages."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime

from articles.rules.limits import YEAR_MAX, YEAR_MIN

ISO_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
FUTURE_TOLERANCE = timedelta(minutes=10)  # clocks differ
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # what programs write that have no date
_ENGLISH_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# The beginnings of month names: German, French, Spanish, Italian, Portuguese, Dutch, Polish, Swedish, Danish,
# Norwegian, Russian, Turkish, English. The first that fits decides, so that longer ones stand first.
_MONTH_BEGINNINGS = (
    ("jan", "jän", "gen", "ene", "sty", "янв", "oca"),
    ("feb", "fév", "fev", "lut", "фев", "şub", "sub"),
    ("mar", "mär", "mrz", "mrt", "maa", "мар"),
    ("apr", "avr", "abr", "kwi", "апр", "nis"),
    ("may", "mai", "mag", "maj", "mei", "mayo", "май", "мая"),
    ("juin", "jun", "giu", "cze", "июн", "haz"),
    ("juil", "jul", "lug", "lip", "июл", "tem"),
    ("aug", "aoû", "aou", "ago", "sie", "авг", "ağu", "agu"),
    ("sep", "set", "wrz", "сен", "eyl"),
    ("oct", "okt", "ott", "out", "paź", "paz", "окт", "eki"),
    ("nov", "lis", "ноя", "kas"),
    ("dec", "dez", "déc", "dic", "des", "gru", "дек", "ara"),
)
_MONTHS = {name: month for month, names in enumerate(_MONTH_BEGINNINGS) for name in names}
_NAMED_DATE_PATTERN = re.compile(
    r"(?:[^\W\d_]+\.?(?:-[^\W\d_]+)?,?\s+)?(\d{1,2})\.?(?:\s+de)?[\s-]+([^\W\d_]+)\.?(?:\s+de)?[\s-]+(\d{4})"
    r"(?:,?\s+(\d{1,2}:\d{2}(?::\d{2})?))?\s*([+-]\d{2}:?\d{2}|[A-Z]{1,5})?"
)
_NUMERIC_DATE_PATTERN = re.compile(
    r"(\d{4})(?:[-/.]| ?年 ?)(\d{1,2})(?:[-/.]| ?月 ?)(\d{1,2})(?: ?日)?"
    r"(?:[T\s,]+(\d{1,2}:\d{2}(?::\d{2})?)(?:[.,]\d+)?\s*([+-]\d{2}(?::?\d{2})?|[A-Za-z]{1,5})?)?"
)
# What begins with a number and is read by feedparser, which takes the beginning of any other number for a date too: a
# day and the name of its month, or a year alone or with its month, compact or Korean or Hungarian forms, and ISO 8601.
_FEEDPARSER_PATTERN = re.compile(
    r"\D|\d{1,2}[\s.-]+[^\W\d]|\d{4}(?:-\d{2})?\Z|\d{8}(?:T?(?:\d{4}|\d{6})(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})?)?\Z"
    r"|\d{4}년|\d{4}-\d{2}-\d{2}(?:T| 오)|\d{4}-[^\W\dW]"
)
# The year of a moment that a program never set, which others would read as 2001.
_NO_YEAR_PATTERN = re.compile(r"[^\W\d]{3}\.?[\s-]+0\d{3}\b")
_HAS_TIME_PATTERN = re.compile(r"\d:\d\d")
_ZONE_PATTERN = re.compile(r"\d\s*([+-]\d{2}(?::?\d{2})?|[A-Za-z]{1,5})(?:\s*\([^()]*\))?$")
# Names of zones: those that feedparser and email know, and hours ahead of UTC for some that both read as UTC.
_KNOWN_ZONES = frozenset(
    (
        "Z",
        "UT",
        "UTC",
        "GMT",
        "ET",
        "EST",
        "EDT",
        "CT",
        "CST",
        "CDT",
        "MT",
        "MST",
        "MDT",
        "PT",
        "PST",
        "PDT",
        "AT",
        "AST",
        "ADT",
    )
)
_OTHER_ZONES = {
    **{"WET": 0, "WEST": 1, "CET": 1, "MET": 1, "CEST": 2, "MEST": 2, "MESZ": 2, "EET": 2, "EEST": 3, "MSK": 3},
    **{"SAST": 2, "HKT": 8, "SGT": 8, "AWST": 8, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13},
}


def parse_date(text: str) -> datetime | None:
    """Return the instant in UTC, or None if the text is no date. A time without a zone is read as UTC."""
    text = text.strip()[:100]
    for parse in (datetime.fromisoformat, _parse_numeric_date, parsedate_to_datetime, _parse_named_date):
        try:
            if _NO_YEAR_PATTERN.search(text):
                return None
            return _in_stated_zone(text, in_utc(parse(text)))
        except (ValueError, OverflowError, IndexError, TypeError):
            continue
    return None


def checked_date(text: str, read: datetime | None) -> datetime | None:
    """Return the instant that feedparser `read`, unless it took the beginning of something else for a date."""
    text = text.strip()[:100]
    if _NUMERIC_DATE_PATTERN.fullmatch(text):
        return parse_date(text)
    if read is None or _NO_YEAR_PATTERN.search(text) or not _FEEDPARSER_PATTERN.match(text):
        return None
    try:
        return _in_stated_zone(text, read)
    except OverflowError:
        return None


def parse_localized_date(text: str) -> tuple[int, ...] | None:
    """Return a date with day and month names as feedparser wants it, or None if the text is none."""
    try:
        return tuple(in_utc(_parse_named_date(text.strip()[:100])).timetuple())
    except (ValueError, OverflowError):
        return None


def in_utc(moment: datetime) -> datetime:
    """Return the moment in UTC without fractions. Raises OverflowError at the ends of the calendar."""
    moment = moment.replace(microsecond=0)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def read_in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """Return the instant of a time that was read as UTC, because it states no zone, but is one of this zone.

    Raises OverflowError at the ends of the calendar.
    """
    return moment.replace(tzinfo=zone).astimezone(UTC)


def is_plausible(moment: datetime) -> bool:
    """Return whether this can be when something was published."""
    return YEAR_MIN <= moment.year <= YEAR_MAX and moment != _EPOCH


def is_in_future(moment: datetime, now: datetime) -> bool:
    return moment > now + FUTURE_TOLERANCE


def lacks_zone(text: str) -> bool:
    """Return whether the text states a time but not in which zone, or one that nobody knows."""
    zone = _stated_zone(text)
    is_known = zone[:1] in ("+", "-") or zone in _KNOWN_ZONES or zone in _OTHER_ZONES
    return bool(_HAS_TIME_PATTERN.search(text)) and not (zone and is_known)


def _stated_zone(text: str) -> str:
    """Return the offset or the name of the zone at the end of the text; empty without one."""
    match = _ZONE_PATTERN.search(text.strip()[:100])
    return match[1].upper() if match else ""


def _in_stated_zone(text: str, read_as_utc: datetime) -> datetime:
    """Return the instant of a time in a zone whose name was read as UTC."""
    return read_as_utc - timedelta(hours=_OTHER_ZONES.get(_stated_zone(text), 0))


def _parse_numeric_date(text: str) -> datetime:
    """Return the date with its year first: 2024/05/01 10:30. Raises ValueError if it is none."""
    match = _NUMERIC_DATE_PATTERN.fullmatch(text)
    if not match:
        raise ValueError("no date of numbers")
    year, month, day, time, zone = match.groups()
    if zone and zone[0] in "+-":
        zone = zone.replace(":", "").ljust(5, "0")
    if not 1 <= int(month) <= 12:
        raise ValueError("no month")
    return parsedate_to_datetime(f"{day} {_ENGLISH_MONTHS[int(month) - 1]} {year} {time or '00:00'} {zone or '+0000'}")


def _parse_named_date(text: str) -> datetime:
    """Return the date with its month named in any of the languages. Raises ValueError if it is none."""
    match = _NAMED_DATE_PATTERN.fullmatch(text)
    if not match:
        raise ValueError("no date with names")
    day, name, year, time, zone = match.groups()
    name = name.casefold()
    month = next((_MONTHS[name[:length]] for length in (4, 3) if name[:length] in _MONTHS), None)
    if month is None:
        raise ValueError("no month")
    return parsedate_to_datetime(f"{day} {_ENGLISH_MONTHS[month]} {year} {time or '00:00'} {zone or '+0000'}")
