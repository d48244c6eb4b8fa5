"""Parse a canonical document with patterns for the strict subset of YAML that real files use. No I/O.

For a canonical file in dialects D3 to D5 `parse_canonical()` returns what `parse.parse_yaml()` would, many times as
fast. For any other file it returns None, and the caller falls back to the full parser, which reads all of YAML and
reports problems with their lines. The patterns are made from the table of fields; property tests compare the two
parsers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from articles.rules.languages import check_language
from articles.rules.limits import URL_MAX, YEAR_MAX, YEAR_MIN
from articles.rules.values import InvalidValueError, is_blank

from .document import Document, Image, ProviderData, Related
from .fields import LIST_LENGTH_MAX, QUOTED_DIALECTS, Field, FieldKind, Fields

# Quoted text without line breaks, control characters and the substitutes of yaml_tree.py; five escapes.
_RAW = r'[^"\\\x00-\x1f\U0010F000-\U0010F0FF]'
_TEXT = rf'"({_RAW}*+(?:\\["\\trn]{_RAW}*+)*+)"'
# A URL whose host needs no further check; without white space.
_URL = r'"(https?://[A-Za-z0-9][A-Za-z0-9.-]*+(?:[/?#][^"\\\s\x00-\x20\x7f-\xa0\U0010F000-\U0010F0FF]*+)?)"'
# A bare word or name that YAML reads as itself: no indicator in front, no ": " and no " #" inside, no space around.
_UNQUOTED = (
    r"((?!(?:null|Null|NULL|---|\.\.\.)\n)[^\s\-?:,\[\]{}#&*!|>'\"%@`=~<\x00-\x20\x7f-\xa0\ufeff\U0010F000-\U0010F0FF]"
    r"(?:[^\s:\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff\U0010F000-\U0010F0FF]|:(?=\S)| (?=[^\s#]))*+)"
)
_NUMBER = r"(-1|0|[1-9][0-9]{0,5})"
_TIME = r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})Z"
_BOOLEAN = r"(true|false)"


class _NotCanonicalError(Exception):
    """The file needs the full parser."""


def parse_canonical(text: str) -> Document | None:
    """Return the document in a canonical file, without name and hash; None for any other file."""
    if not text.startswith(_OPENING):
        return None
    try:
        document, end = _parse_document(text, len(_OPENING))
    except _NotCanonicalError:
        return None
    if text[end:] != _CLOSING:
        return None
    document.dialect = _dialect(document)
    return document


def _dialect(document: Document) -> str:
    """Return the dialect by the rule of `parse.dialect_of()`."""
    if document.original_url or document.featured_content:
        return "D5"
    if document.images and document.images[0].is_cached is not None:
        return "D4" if document.images[0].title else "D5"
    return "D3"


# The values of plain fields


def _name(raw: str, field: Field) -> str:
    if len(raw) > field.length_max or (not raw.isascii() and is_blank(raw)):
        raise _NotCanonicalError
    return raw


def _text(raw: str, field: Field) -> str:
    if len(raw) > field.length_max or not (raw or field.keeps_empty):
        raise _NotCanonicalError
    return json.loads(f'"{raw}"') if "\\" in raw else raw  # the five escapes mean the same in JSON


def _line(raw: str, field: Field) -> str:
    text = _text(raw, field)
    if is_blank(text) or "\n" in text or "\t" in text or "\r" in text:
        raise _NotCanonicalError
    return text


def _url(raw: str, field: Field) -> str:
    if len(raw) > URL_MAX:
        raise _NotCanonicalError
    return raw


def _number(raw: str, field: Field) -> int:
    if raw == "-1" and field.kind is not FieldKind.HEAT:
        raise _NotCanonicalError
    return int(raw)


def _time(raw: str, field: Field) -> datetime:
    try:
        moment = datetime.fromisoformat(raw).replace(tzinfo=UTC)
    except ValueError:
        raise _NotCanonicalError from None
    if not YEAR_MIN <= moment.year <= YEAR_MAX:
        raise _NotCanonicalError
    return moment


def _language(raw: str, field: Field) -> str:
    try:
        check_language(raw)
    except InvalidValueError:
        raise _NotCanonicalError from None
    return raw


def _boolean(raw: str, field: Field) -> bool:
    return raw == "true"


# For each kind of plain value the pattern, with one group, and the function that returns the value of that group.
_PLAIN: dict[FieldKind, tuple[str, Callable[[str, Field], Any]]] = {
    FieldKind.LINE: (_UNQUOTED, _name),
    FieldKind.TEXT: (_TEXT, _text),
    **dict.fromkeys((FieldKind.URL, FieldKind.LOGO_URL), (_URL, _url)),
    **dict.fromkeys((FieldKind.SIZE, FieldKind.SCORE, FieldKind.QUALITY, FieldKind.HEAT), (_NUMBER, _number)),
    **dict.fromkeys((FieldKind.BOOLEAN, FieldKind.STATE), (_BOOLEAN, _boolean)),
    FieldKind.TIME: (_TIME, _time),
    FieldKind.LANGUAGE: (_TEXT, _language),
}
_QUOTED_LINE = _TEXT, _line
_RECORDS: dict[FieldKind, Callable[..., Any]] = {
    **dict.fromkeys((FieldKind.PROVIDER, FieldKind.RELATED_PROVIDER), ProviderData),
    **dict.fromkeys((FieldKind.IMAGES, FieldKind.LOGOS), Image),
    FieldKind.RELATED: Related,
}

# A function that returns the value at a position in a text, and the position after it.
_Parser = Callable[[str, int], tuple[Any, int]]
# A function that adds the values of the keys at a position, and returns the position after them.
_KeysParser = Callable[[str, int, dict[str, Any]], int]


def _mapping_parser(record: Callable[..., Any], fields: Fields, indent: str, first_indent: str) -> _Parser:
    """Return the parser of a mapping whose keys stand in the order of the format."""
    parsers: list[_KeysParser] = []
    for is_nested, group in groupby(fields, lambda field: field.kind in _RECORDS or field.kind in LIST_LENGTH_MAX):
        if is_nested:
            parsers += [_nested_key_parser(field, indent) for field in group]
        else:
            parsers.append(_plain_keys_parser(list(group), indent, indent if parsers else first_indent))

    def parse(text: str, position: int) -> tuple[Any, int]:
        values: dict[str, Any] = {}
        for parse_keys in parsers:
            position = parse_keys(text, position, values)
        return record(**values), position

    return parse


def _plain_keys_parser(fields: Sequence[Field], indent: str, first_indent: str) -> _KeysParser:
    """Return the parser of keys with plain values. It matches all their lines at once, which is why it is fast."""
    pattern, converters = "", []
    for field in fields:
        is_quoted_line = field.kind is FieldKind.LINE and field.style == "d"
        value, convert = _QUOTED_LINE if is_quoted_line else _PLAIN[field.kind]
        line = f"{_key(field, indent if pattern else first_indent)} {value}\n"
        pattern += line if field.required else f"(?:{line})?+"
        converters.append((field, convert))
    match_lines = re.compile(pattern).match

    def parse(text: str, position: int, values: dict[str, Any]) -> int:
        match = match_lines(text, position)
        if not match:
            raise _NotCanonicalError
        for (field, convert), raw in zip(converters, match.groups(), strict=True):
            if raw is not None:
                values[field.attribute] = convert(raw, field)
        return match.end()

    return parse


def _nested_key_parser(field: Field, indent: str) -> _KeysParser:
    """Return the parser of a key with a mapping or list."""
    key = f"{_key(field, indent)}\n"
    inner = indent + "  "
    if field.kind in LIST_LENGTH_MAX:
        parse_value = _list_parser(field, inner)
    else:
        parse_value = _mapping_parser(_RECORDS[field.kind], QUOTED_DIALECTS.nested[field.kind], inner, inner)

    def parse(text: str, position: int, values: dict[str, Any]) -> int:
        if text.startswith(key, position):
            values[field.attribute], position = parse_value(text, position + len(key))
        elif field.required:
            raise _NotCanonicalError
        return position

    return parse


def _list_parser(field: Field, indent: str) -> _Parser:
    dash = f"{indent}- "
    if field.kind in _RECORDS:
        parse_item = _mapping_parser(_RECORDS[field.kind], QUOTED_DIALECTS.nested[field.kind], f"{indent}  ", "")
    else:
        parse_item = _name_parser(field)

    def parse(text: str, position: int) -> tuple[list[Any], int]:
        items: list[Any] = []
        while text.startswith(dash, position) and len(items) < LIST_LENGTH_MAX[field.kind]:
            item, position = parse_item(text, position + len(dash))
            items.append(item)
        if not items or (field.kind is FieldKind.NAMES and len(set(items)) < len(items)):
            raise _NotCanonicalError
        return items, position

    return parse


def _name_parser(field: Field) -> _Parser:
    match_name = re.compile(f"{_UNQUOTED}\n").match

    def parse(text: str, position: int) -> tuple[str, int]:
        match = match_name(text, position)
        if not match:
            raise _NotCanonicalError
        return _name(match[1], field), match.end()

    return parse


def _key(field: Field, indent: str) -> str:
    gap = "\n" if field.block else ""
    return f"{gap}{indent}{field.name}:"


_OPENING, _CLOSING = "---\n", "---\n\n"
_parse_document = _mapping_parser(Document, QUOTED_DIALECTS.article, "", "")
