"""Read single values from YAML with strict types, and format them as YAML; encode the values of unknown keys. No
I/O."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from articles.rules.languages import check_country, check_language
from articles.rules.limits import URL_MAX
from articles.rules.values import (
    InvalidValueError,
    check_line,
    check_number,
    check_text,
    check_time,
    check_url,
    shorten,
)
from texts import gettext_lazy as _

from .fields import Field, FieldKind
from .yaml_tree import NULLS, UNSAFE_CHARACTERS, Mapping, Node, Scalar, Sequence

_INTEGER_PATTERN = re.compile(r"-?(0|[1-9][0-9]{0,14})")
_TIME_PATTERN = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]{1,6})? ?(Z|[+-][0-9]{2}:?[0-9]{2})"
)
_UNPRINTED_PATTERN = re.compile(r"[\x00-\x1f\x7f]")
_EDGE_SPACE = " \t\r\n"


# Kinds of fields whose names other programs may have used for something else.
_CHECKS = {FieldKind.LANGUAGE: check_language, FieldKind.COUNTRY: check_country}


def is_known_value(node: Node, field: Field) -> bool:
    """Return whether the value is what the field's name means to us; if not, the key is an unknown one."""
    check = _CHECKS.get(field.kind)
    if check is None:
        return True
    try:
        check(_read_scalar(node))
    except InvalidValueError:
        return False
    return True


def read_text(node: Node, length_max: int) -> str:
    """Return any text, line breaks included."""
    text = _read_scalar(node)
    check_text(text, length_max)
    return text


def read_line(node: Node, length_max: int) -> str:
    """Return text of one line that is not blank."""
    text = _read_scalar(node)
    check_line(text, length_max)
    return text


def read_url(node: Node, *, site_relative: bool = False) -> str:
    """Return an http(s) URL as written, without white space around it."""
    text = _read_scalar(node)
    check_text(text, URL_MAX)  # with the white space, which is stored too
    url = text.strip(_EDGE_SPACE)
    check_url(url, site_relative=site_relative)
    return url


def _read_scalar(node: Node) -> str:
    if not isinstance(node, Scalar):
        raise InvalidValueError(_("must be text"))
    if node.is_null:
        raise InvalidValueError(_("is null; write text in quotes") if node.text else _("is empty"))
    return node.text


def read_integer(node: Node, low: int, high: int) -> int:
    if not isinstance(node, Scalar) or node.style != "p" or not _INTEGER_PATTERN.fullmatch(node.text):
        raise InvalidValueError(_("must be a whole number without quotes"))
    number = int(node.text)
    check_number(number, low, high)
    return number


def read_boolean(node: Node) -> bool:
    if not isinstance(node, Scalar) or node.style != "p" or node.text not in ("true", "false"):
        raise InvalidValueError(_("must be true or false, without quotes"))
    return node.text == "true"


def read_time(node: Node) -> datetime:
    """Return the instant, in UTC."""
    match = _TIME_PATTERN.fullmatch(node.text) if isinstance(node, Scalar) else None
    if not match:
        raise InvalidValueError(_("must be a time such as 2020-06-09T12:37:00Z"))
    *numbers, fraction, zone = match.groups()
    try:
        moment = datetime(*map(int, numbers), tzinfo=UTC)  # type: ignore[misc, arg-type]
        if fraction:
            moment = moment.replace(microsecond=int(fraction[1:].ljust(6, "0")))
        if zone != "Z":
            hours, minutes = int(zone[1:3]), int(zone[-2:])
            if hours > 23 or minutes > 59:
                raise ValueError
            shift = timedelta(hours=hours, minutes=minutes)
            moment = moment - shift if zone[0] == "+" else moment + shift
    except (ValueError, OverflowError):
        raise InvalidValueError(_("is a time that doesn't exist: %(match)s", match=shorten(match[0]))) from None
    check_time(moment)
    return moment


def encode_unknown(node: Node) -> Any:
    """Return a value of an unknown key as JSON can hold it, nothing lost but comments and folding.

    Quoted text is a string, and so is text that only double quotes hold on one line; whole numbers, true, false and
    null are themselves; other unquoted text is {"plain": text}, single-quoted text {"single": text}, text with escaped
    characters {"escaped": text}; a mapping is {"keys": [[key, value], ...]}.
    """
    if isinstance(node, Sequence):
        return [encode_unknown(item) for item in node.items]
    if isinstance(node, Mapping):
        return {"keys": [[entry.key, encode_unknown(entry.value)] for entry in node.entries]}
    if node.style == "e":
        return {"escaped": node.text}
    if node.style not in ("s", "p") or "\n" in node.text:
        return node.text
    if node.style == "s":
        return {"single": node.text}
    if node.text == "null":
        return None
    if node.text in ("true", "false"):
        return node.text == "true"
    if _INTEGER_PATTERN.fullmatch(node.text) and node.text != "-0":
        return int(node.text)
    return {"plain": node.text}


_FIRST_INDICATORS = "[]{},#&*!|>'\"%@`"
_RESERVED = NULLS | {"---", "..."}


@lru_cache(maxsize=4096)  # names of outlets and topics repeat
def is_plain_safe(text: str) -> bool:
    """Return whether YAML reads `text`, written without quotes, as exactly this text."""
    if text in _RESERVED or text != text.strip(" \t") or _UNPRINTED_PATTERN.search(text):
        return False
    if text[0] in _FIRST_INDICATORS or (text[0] in "-?:" and (len(text) == 1 or text[1] in " \t")):
        return False
    return not (": " in text or " #" in text or "\t" in text or text.endswith(":") or text == "<<")


def double_quoted(text: str) -> str:
    """Return `text` in double quotes with the escapes of the format, and no others (docs/format.md)."""
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + text.replace("\t", "\\t").replace("\r", "\\r").replace("\n", "\\n") + '"'


def format_scalar(text: str, style: str) -> str:
    """Return `text` as YAML in one of the styles of `Scalar`, or in double quotes if that style can't hold it."""
    if style == "e":
        return UNSAFE_CHARACTERS.sub(lambda match: f"\\u{ord(match[0]):04X}", double_quoted(text))
    if style == "p" and is_plain_safe(text):
        return text
    if style == "s" and not _UNPRINTED_PATTERN.search(text):
        return "'" + text.replace("'", "''") + "'"
    return double_quoted(text)


def format_time(moment: datetime) -> str:
    text = moment.astimezone(UTC).isoformat()[:-6]  # without +00:00
    return (text.rstrip("0") if moment.microsecond else text) + "Z"


def format_value(value: Any) -> list[str] | str:
    """Return an encoded value as YAML: a string if it fits on the line of its key, else the lines below it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            return double_quoted(value)
        case {"plain": text}:
            return double_quoted(text) if "\n" in text else str(text)
        case {"single": text}:
            return format_scalar(text, "s")
        case {"escaped": text}:
            return format_scalar(text, "e")
        case {"keys": []}:
            return "{}"
        case {"keys": pairs}:
            return [line for key, item in pairs for line in key_lines(key, item)]
        case []:
            return "[]"
        case _:
            return [line for item in value for line in item_lines(format_value(item))]


def key_lines(key: str, value: Any) -> list[str]:
    """Return the lines of one unknown key with its value."""
    name, text = format_scalar(key, "p"), format_value(value)
    if isinstance(text, str):
        return [f"{name}: {text}" if text else f"{name}:"]
    return [f"{name}:", *(f"  {line}" for line in text)]


def item_lines(text: list[str] | str) -> list[str]:
    if isinstance(text, str):
        return [f"- {text}"]
    return [f"- {text[0]}", *(f"  {line}" for line in text[1:])]
