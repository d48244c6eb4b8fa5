"""Check single values. Documents, registry files, forms, the desk and models all call these functions.

So whatever one of them accepts, the others accept too. Lengths and ranges are in `limits.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from texts import Text
from texts import gettext_lazy as _

from .limits import BODY_MAX, FILE_NAME_MAX, NAME_MAX, NAMES_MAX, TEXT_MAX, URL_MAX, YEAR_MAX, YEAR_MIN

# Neither database nor YAML holds all of these; tab, CR and LF are checked where a text has one line.
_FORBIDDEN_PATTERN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
_CONTROL_PATTERN = re.compile(r"[\x00-\x1f\x7f]")
# White space, control characters, and what Unicode calls default ignorable, with the blank Braille pattern.
_BLANK_PATTERN = re.compile(
    r"[\s\x00-\x20\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff]*"
)
_HOST_PATTERN = re.compile(r"[^\s/?#<>\"\\^`{|}@%]*[^\W_][^\s/?#<>\"\\^`{|}@%]*")
_SLUG_PATTERN = re.compile(r"[\w-]+")
_FILE_NAME_PATTERN = re.compile(r"[^./\\][^/\\]*\.(md|markdown|txt|yaml|yml)", re.IGNORECASE)
QUOTED_MAX = 60  # characters of a value in a message
SERVICES_FORM = _("must be a list of names, each with a URL")


class InvalidValueError(Exception):
    """A value doesn't fit its field; the text follows the field's name and says what the value should be."""

    def __init__(self, text: Text | str) -> None:
        super().__init__(text)


def is_blank(text: str) -> bool:
    """Return whether readers would see nothing of the text."""
    return _BLANK_PATTERN.fullmatch(text) is not None


def normalize_line_ends(text: str) -> str:
    """Return the text with the line ends that documents use."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def check_text(text: Any, length_max: int = TEXT_MAX) -> None:
    """Accept text of any number of lines, and none."""
    if not isinstance(text, str):
        raise InvalidValueError(_("must be text"))
    if len(text) > length_max:
        raise InvalidValueError(
            _("has %(number)s characters; %(most)s are allowed", number=f"{len(text):,}", most=f"{length_max:,}")
        )
    forbidden = _FORBIDDEN_PATTERN.search(text)
    if forbidden:
        raise InvalidValueError(
            _("contains the control character %(code)s; remove it", code=f"U+{ord(forbidden[0]):04X}")
        )


def check_line(text: Any, length_max: int) -> None:
    """Accept one line of text with something to see."""
    check_text(text, length_max)
    if any(char in text for char in "\n\r\t"):
        raise InvalidValueError(_("must be a single line without tabs"))
    if is_blank(text):
        raise InvalidValueError(_("is empty"))


def check_body(text: Any) -> None:
    """Accept the text below a document's front matter, where line ends are not escaped."""
    check_text(text, BODY_MAX)
    if "\r" in text:
        raise InvalidValueError(_("contains a carriage return that ends no line; remove it"))


def check_url(text: Any, *, site_relative: bool = False) -> None:
    """Accept an absolute http(s) URL, or also a path on the document's own site."""
    check_text(text, URL_MAX)
    if _CONTROL_PATTERN.search(text):
        raise InvalidValueError(_("contains a control character"))
    if site_relative and text.startswith("/") and not text.startswith(("//", "/\\")):
        return
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise InvalidValueError(_("is not a valid URL: %(url)s", url=shorten(text))) from None
    if parts.scheme not in ("http", "https"):
        raise InvalidValueError(_("must start with http:// or https://: %(url)s", url=shorten(text)))
    if not host or not host.isprintable() or not _HOST_PATTERN.fullmatch(host):
        raise InvalidValueError(_("has no host: %(url)s", url=shorten(text)))
    if port == 0:
        raise InvalidValueError(_("has an invalid port: %(url)s", url=shorten(text)))
    if "@" in parts.netloc:
        raise InvalidValueError(_("contains a user name; remove it: %(url)s", url=shorten(text)))


def check_slug(text: str) -> None:
    if not _SLUG_PATTERN.fullmatch(text):
        raise InvalidValueError(_("may hold only letters, digits, - and _"))


def check_file_name(text: Any) -> None:
    """Accept the name of a registry file, which export writes and import finds."""
    check_line(text, FILE_NAME_MAX)
    if not _FILE_NAME_PATTERN.fullmatch(text):
        raise InvalidValueError(_("must be a file name such as 00-topic.yaml, without a folder"))


def check_number(number: int, low: int, high: int) -> None:
    if not low <= number <= high:
        raise InvalidValueError(
            _("is %(number)s; it must be from %(low)s to %(high)s", number=number, low=low, high=f"{high:,}")
        )


def check_time(moment: datetime) -> None:
    """Accept an instant between the first and the last year, in UTC."""
    try:
        year = moment.astimezone(UTC).year
    except (OverflowError, ValueError):
        year = 0
    if not YEAR_MIN <= year <= YEAR_MAX:
        raise InvalidValueError(_("must lie between the years %(first)s and %(last)s", first=YEAR_MIN, last=YEAR_MAX))


def check_length(items: Sequence[Any], items_max: int) -> None:
    if len(items) > items_max:
        raise InvalidValueError(
            _("has %(number)s items; %(most)s are allowed", number=f"{len(items):,}", most=items_max)
        )


def check_names(names: Any, length_max: int) -> None:
    """Accept a list of names, each once."""
    if not isinstance(names, list):
        raise InvalidValueError(_("must be a list"))
    check_length(names, NAMES_MAX)
    for index, name in enumerate(names):
        try:
            check_line(name, length_max)
        except InvalidValueError as invalid:
            raise InvalidValueError(_("[%(index)s] %(problem)s", index=index, problem=invalid)) from None
    if len(set(names)) < len(names):
        raise InvalidValueError(_("has a name twice"))


def check_services(services: Any) -> None:
    """Accept pairs of a name and a URL, each name once."""
    if not isinstance(services, list):
        raise InvalidValueError(SERVICES_FORM)
    check_length(services, NAMES_MAX)
    for pair in services:
        if not isinstance(pair, list) or len(pair) != 2:
            raise InvalidValueError(SERVICES_FORM)
        name, url = pair
        check_line(name, NAME_MAX)
        if "://" in name:
            raise InvalidValueError(_("has a URL where a name belongs: %(url)s", url=shorten(name)))
        check_url(url)
    if len({name for name, _ in services}) < len(services):
        raise InvalidValueError(_("has a name twice"))


def shorten(text: str) -> str:
    """Return `text` on one line, cut for a message."""
    line = _CONTROL_PATTERN.sub("\N{REPLACEMENT CHARACTER}", text)
    return line if len(line) <= QUOTED_MAX else line[:QUOTED_MAX] + "…"
