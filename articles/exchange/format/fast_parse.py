"""Parse a canonical document with patterns for the strict subset of YAML that real files use. No I/O.

For a canonical file in dialects D3 to D5 `parse_canonical()` returns what `parse.parse_yaml()` would, many times as
fast. For any other file it returns None, and the caller falls back to the full parser, which reads all of YAML and
reports problems with their lines. The patterns are made from the table of fields; property tests compare the two
parsers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from .document import Document, Image, ProviderData, Related
from .fields import LIST_LENGTH_MAX, QUOTED_DIALECTS, Field, FieldKind, Fields
from .values import URL_LENGTH_MAX, YEAR_MAX, YEAR_MIN

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
    if len(raw) > field.length_max:
        raise _NotCanonicalError
    return raw


def _text(raw: str, field: Field) -> str:
    if len(raw) > field.length_max or not (raw or field.keeps_empty):
        raise _NotCanonicalError
    return json.loads(f'"{raw}"') if "\\" in raw else raw  # the five escapes mean the same in JSON


def _line(raw: str, field: Field) -> str:
    text = _text(raw, field)
    if not text.strip() or "\n" in text or "\t" in text or "\r" in text:
        raise _NotCanonicalError
    return text


def _url(raw: str, field: Field) -> str:
    if len(raw) > URL_LENGTH_MAX:
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
    FieldKind.NAMES: (_UNQUOTED, _name),  # each of them
}
_QUOTED_LINE = _TEXT, _line
_RECORDS: dict[FieldKind, Callable[..., Any]] = {
    **dict.fromkeys((FieldKind.PROVIDER, FieldKind.RELATED_PROVIDER), ProviderData),
    **dict.fromkeys((FieldKind.IMAGES, FieldKind.LOGOS), Image),
    FieldKind.RELATED: Related,
}

# A function that returns the value at a position in a text, and the position after it.
_Parser = Callable[[str, int], tuple[Any, int]]


def _mapping_parser(record: Callable[..., Any], fields: Fields, indent: str, *, is_item: bool = False) -> _Parser:
    """Return the parser of a mapping whose keys stand in the order of the format."""
    keys: list[tuple[str, str, bool, _Parser]] = []
    for field in fields:
        gap = "\n" if field.block else ""
        key_indent = "" if is_item and not keys else indent  # a dash stands before the first key of an item
        end = "\n" if field.kind in _RECORDS or field.kind in LIST_LENGTH_MAX else " "
        key = f"{gap}{key_indent}{field.name}:{end}"
        keys.append((key, field.attribute, field.required, _value_parser(field, indent + "  ")))

    def parse(text: str, position: int) -> tuple[Any, int]:
        values = {}
        for key, attribute, is_required, parse_value in keys:
            if text.startswith(key, position):
                values[attribute], position = parse_value(text, position + len(key))
            elif is_required:
                raise _NotCanonicalError
        return record(**values), position

    return parse


def _value_parser(field: Field, indent: str) -> _Parser:
    is_list = field.kind in LIST_LENGTH_MAX
    if field.kind in _RECORDS:
        item_indent = f"{indent}  " if is_list else indent
        fields = QUOTED_DIALECTS.nested[field.kind]
        parser = _mapping_parser(_RECORDS[field.kind], fields, item_indent, is_item=is_list)
    else:
        parser = _plain_parser(field)
    return _list_parser(parser, field, f"{indent}- ") if is_list else parser


def _list_parser(parse_item: _Parser, field: Field, dash: str) -> _Parser:
    def parse(text: str, position: int) -> tuple[list[Any], int]:
        items: list[Any] = []
        while text.startswith(dash, position) and len(items) < LIST_LENGTH_MAX[field.kind]:
            item, position = parse_item(text, position + len(dash))
            items.append(item)
        if not items or (field.kind is FieldKind.NAMES and len(set(items)) < len(items)):
            raise _NotCanonicalError
        return items, position

    return parse


def _plain_parser(field: Field) -> _Parser:
    is_quoted_line = field.kind is FieldKind.LINE and field.style == "d"
    value, convert = _QUOTED_LINE if is_quoted_line else _PLAIN[field.kind]
    match_line = re.compile(f"{value}\n").match

    def parse(text: str, position: int) -> tuple[Any, int]:
        match = match_line(text, position)
        if not match:
            raise _NotCanonicalError
        return convert(match[1], field), match.end()

    return parse


_OPENING, _CLOSING = "---\n", "---\n\n"
_parse_document = _mapping_parser(Document, QUOTED_DIALECTS.article, "")
