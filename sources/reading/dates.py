"""Dates as feeds write them: ISO 8601, RFC 822, and day and month names of twelve languages."""

from __future__ import annotations

import re
from contextlib import suppress
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
    r"(?:[^\W\d_]+\.?(?:-[^\W\d_]+)?(?:,\s*|\s+))?(\d{1,2})\.?(?:\s+de)?[\s-]+([^\W\d_]+)\.?(?:\s+de)?[\s-]+(\d{4})"
    r"(?:,?\s+(\d{1,2}:\d{2}(?::\d{2})?))?\s*([+-]\d{2}:?\d{2}|[A-Z]{1,5})?"
)
_NUMERIC_DATE_PATTERN = re.compile(
    r"(\d{4})(?:[-/.]| ?年 ?)(\d{1,2})(?:[-/.]| ?月 ?)(\d{1,2})(?: ?日)?"
    r"(?:[Tt\s,]+(\d{1,2}:\d{2}(?::\d{2})?)(?:[.,]\d+)?\s*([+-]\d{2}(?::?\d{2})?|[A-Za-z]{1,5})?)?"
)
# What begins with a number and is read by feedparser, which takes the beginning of any other number for a date too: a
# day and the name of its month, or a year alone or with its month, compact or Korean or Hungarian forms, and ISO 8601.
_FEEDPARSER_PATTERN = re.compile(
    r"\D|\d{1,2}[\s.-]+[^\W\d]|\d{4}(?:-\d{2})?\Z|\d{8}(?:T?(?:\d{4}|\d{6})(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})?)?\Z"
    r"|\d{4}년|\d{4}-\d{2}-\d{2}(?:[Tt]| 오)|\d{4}-[^\W\dW]"
)
# The year of a moment that a program never set, which others would read as 2001.
_NO_YEAR_PATTERN = re.compile(r"[^\W\d]{3}\.?[\s-]+0\d{3}\b")
# What only some programs write, and how others write the same.
_VARIANTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b(?:GMT|UTC) ?([+-])(\d):?(\d{2})?(?= \(|$)"), r"\g<1>0\2\3"),
    (re.compile(r"\b(?:GMT|UTC) ?(?=[+-]\d{2}(?::?\d{2})?(?: \(|$))"), ""),
    (re.compile(r"(?:(?<=:\d{2}[+-]\d{2})|(?<=:\d{2} [+-]\d{2}))(?= \(|$)"), "00"),
    (re.compile(r"(?<=[\d\s][+-]\d{2}):(?=\d{2}(?: \(|$))"), ""),
    (re.compile(r"^[A-Z][a-z]{2} ([A-Z][a-z]{2}) +(\d{1,2}) ([\d:]{5,8}) ([A-Z]{1,5}) (\d{4})$"), r"\2 \1 \5 \3 \4"),
    (re.compile(r"^(?:[^\W\d_]+,? )?([^\W\d_]{3,})\.? (\d{1,2})(?:st|nd|rd|th)?, ?(\d{4})\b,?"), r"\2 \1 \3"),
)
_HALF_DAY_PATTERN = re.compile(r"\b(1[0-2]|0?[1-9])(:\d{2}(?::\d{2})?) ?([AP])\.?M\b\.?", re.IGNORECASE)
_HAS_TIME_PATTERN = re.compile(r"\d:\d\d")
_ZONE_PATTERN = re.compile(r"\d\s*([+-]\d{2}(?::?\d{2})?|[A-Za-z]{1,5})(?:\s*\([^()]*\))?$")
# Names of zones: those that feedparser and email know, and hours ahead of UTC for some that both read as UTC.
_KNOWN_ZONES = frozenset(
    ("Z", "UT", "UTC", "GMT", "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT", "AST", "ADT")
)
_OTHER_ZONES = {
    **{"PT": -8, "MT": -7, "CT": -6, "ET": -5, "AT": -4},
    **{"WET": 0, "WEST": 1, "CET": 1, "MET": 1, "CEST": 2, "MEST": 2, "MESZ": 2, "EET": 2, "EEST": 3, "MSK": 3},
    **{"SAST": 2, "HKT": 8, "SGT": 8, "AWST": 8, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13},
}


def parse_date(text: str) -> datetime | None:
    """Return the instant in UTC, or None if the text is no date. A time without a zone is read as UTC."""
    text = _normalized(text)
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
    text = _normalized(text)
    if _NUMERIC_DATE_PATTERN.fullmatch(text) or _NAMED_DATE_PATTERN.fullmatch(text):
        return parse_date(text)
    if text[:1].isdigit():
        with suppress(ValueError, OverflowError):
            return in_utc(datetime.fromisoformat(text))
    if read is None or _NO_YEAR_PATTERN.search(text) or not _FEEDPARSER_PATTERN.match(text):
        return None
    try:
        return _in_stated_zone(text, read)
    except OverflowError:
        return None


def parse_localized_date(text: str) -> tuple[int, ...] | None:
    """Return a date with day and month names as feedparser wants it, or None if the text is none."""
    try:
        return tuple(in_utc(_parse_named_date(_normalized(text))).timetuple())
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
    match = _ZONE_PATTERN.search(_normalized(text))
    return match[1].upper() if match else ""


def _in_stated_zone(text: str, read_as_utc: datetime) -> datetime:
    """Return the instant of a time in a zone whose name was read as UTC."""
    return read_as_utc - timedelta(hours=_OTHER_ZONES.get(_stated_zone(text), 0))


def _normalized(text: str) -> str:
    """Return a date in the form that most programs write, if it is in another one that is known."""
    text = " ".join(text[:200].split())[:100]
    for pattern, replacement in _VARIANTS:
        text = pattern.sub(replacement, text)
    return _HALF_DAY_PATTERN.sub(_in_24_hours, text)


def _in_24_hours(match: re.Match[str]) -> str:
    return f"{int(match[1]) % 12 + 12 * (match[3] in 'pP'):02}{match[2]}"


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
