"""Parse YAML text into a small tree that keeps lines and quoting; reject YAML features that documents don't use. No
I/O.

It makes one pass over libyaml's events, so aliases, tags, merges and repeated keys are refused before they cost
anything. Every scalar stays text: its type depends on the field, not on YAML's guesses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from texts import Text
from texts import gettext_lazy as _

DEPTH_MAX = 12  # real documents nest four levels
KEY_MAX = 500  # characters; YAML reads no longer ones back as they are written, which may take twice as many
NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_PRIVATE_PLANE = 0x10F000  # private use: news never contains these

# YAML refuses, folds or skips these characters; documents may contain them, so they are replaced while YAML is parsed.
_UNSAFE_CODES = [*range(0x7F, 0xA0), 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF]
UNSAFE_CHARACTERS = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_SUBSTITUTES = [chr(_PRIVATE_PLANE + index) for index in range(len(_UNSAFE_CODES))]
_MARK = chr(_PRIVATE_PLANE + len(_UNSAFE_CODES))  # before a character that is one of these in the text itself
_ESCAPE_MAP = dict(zip(_UNSAFE_CODES, _SUBSTITUTES, strict=True)) | {
    ord(char): _MARK + char for char in (*_SUBSTITUTES, _MARK)
}
_UNESCAPE_MAP = {substitute: chr(code) for code, substitute in zip(_UNSAFE_CODES, _SUBSTITUTES, strict=True)}
_ESCAPED_PATTERN = re.compile(f"{_MARK}(.)|[{_SUBSTITUTES[0]}-{_SUBSTITUTES[-1]}]", re.DOTALL)
_LINE_END_PATTERN = re.compile("\r\n?|\n")  # libyaml's, except those in _UNSAFE_CODES
_FORBIDDEN_PATTERN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_UNSTORABLE_PATTERN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


class TreeError(Exception):
    """The text isn't valid YAML for a document; `line` counts from 1."""

    def __init__(self, line: int, text: Text | str) -> None:
        super().__init__(text)
        self.line = line
        self.message = str(text)


@dataclass(slots=True)
class Scalar:
    text: str
    style: str  # "p" plain, "d" double-quoted, "e" so with fragile characters escaped, "s" single-quoted, "b" block
    line: int

    @property
    def is_null(self) -> bool:
        return self.style == "p" and self.text in NULLS


@dataclass(slots=True)
class MappingEntry:
    key: str
    value: Node
    line: int
    blank_line_before: bool


@dataclass(slots=True)
class Mapping:
    line: int
    entries: list[MappingEntry] = field(default_factory=list)

    def get(self, key: str) -> Node | None:
        return next((entry.value for entry in self.entries if entry.key == key), None)


@dataclass(slots=True)
class Sequence:
    line: int
    items: list[Node] = field(default_factory=list)


Node = Scalar | Mapping | Sequence

_STYLES = {None: "p", "": "p", '"': "d", "'": "s", "|": "b", ">": "b"}


def read_tree(text: str, *, first_line: int = 1) -> Mapping:
    """Return the mapping that `text` holds; its lines count from `first_line`. Raises TreeError."""
    require_storable(text, first_line=first_line)
    has_unsafe = bool(UNSAFE_CHARACTERS.search(text))
    if has_unsafe:
        text = text.translate(_ESCAPE_MAP)
    try:
        return _Builder(text, first_line, has_unsafe).build()
    except yaml.MarkedYAMLError as error:
        lines = _LINE_END_PATTERN.split(text)
        line = min(_line_of(error), len(lines) - 1)  # at the end of the text libyaml counts one more
        raise TreeError(first_line + line, _problem_of(error, lines[line])) from None
    except yaml.reader.ReaderError as error:
        line = first_line + _line_at(text, error.position)
        raise TreeError(
            line, _("contains a character that YAML doesn't allow: %(reason)s", reason=error.reason)
        ) from None
    except ValueError:  # libyaml's scanner on numbers that no escape can hold, such as "\UFFFFFFFF"
        raise TreeError(first_line, _("contains an invalid escape")) from None


def require_storable(text: str, *, first_line: int = 1) -> None:
    """Raise TreeError at the first control character that no database and no YAML holds."""
    forbidden = _FORBIDDEN_PATTERN.search(text)
    if forbidden:
        line = first_line + _line_at(text, forbidden.start())
        raise TreeError(
            line, _("contains the control character U+%(code)s; remove it", code=f"{ord(forbidden[0]):04X}")
        )


class _Builder:
    """Turns the events of one text into a tree."""

    def __init__(self, text: str, first_line: int, has_unsafe: bool) -> None:
        self.lines = _LINE_END_PATTERN.split(text)
        self.events: Iterator[Any] = yaml.parse(text, Loader=yaml.CSafeLoader)
        self.first_line = first_line
        self.has_unsafe = has_unsafe

    def build(self) -> Mapping:
        self._expect(yaml.StreamStartEvent)
        start = next(self.events)
        if isinstance(start, yaml.StreamEndEvent):
            raise TreeError(self.first_line, _("is empty; a document starts with its keys"))
        if isinstance(start, yaml.DocumentStartEvent) and (start.version or start.tags):
            raise TreeError(self._line(start), _("has YAML directives, which documents don't need; remove them"))
        node = self._node(next(self.events), 0)
        if not isinstance(node, Mapping):
            raise TreeError(self.first_line, _("is not a list of `key: value` lines"))
        self._expect(yaml.DocumentEndEvent)
        end = next(self.events)
        if not isinstance(end, yaml.StreamEndEvent):
            raise TreeError(self._line(end), _("holds a second YAML document; a file holds one"))
        return node

    def _expect(self, kind: type[yaml.Event]) -> None:
        event = next(self.events)
        if not isinstance(event, kind):
            raise TreeError(self._line(event), _("is not well-formed YAML"))

    def _line(self, event: Any) -> int:
        return self.first_line + int(event.start_mark.line)

    def _node(self, event: Any, depth: int) -> Node:
        if isinstance(event, yaml.AliasEvent):
            text = _("alias *%(anchor)s: documents may not use aliases; write the value out", anchor=event.anchor)
            raise TreeError(self._line(event), text)
        if event.anchor is not None:
            text = _("anchor &%(anchor)s: documents may not use anchors; remove it", anchor=event.anchor)
            raise TreeError(self._line(event), text)
        if event.tag is not None and event.tag != "!":
            text = _("tag %(tag)s: documents may not use YAML tags; remove it", tag=event.tag)
            raise TreeError(self._line(event), text)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if depth == DEPTH_MAX:
            raise TreeError(self._line(event), _("nests deeper than %(most)s levels", most=DEPTH_MAX))
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event, depth + 1)
        return self._sequence(event, depth + 1)

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        text, line, style = event.value, self._line(event), _STYLES[event.style]
        if style == "d" and UNSAFE_CHARACTERS.search(text):  # raw ones were replaced: these were escaped
            style = "e"
        if self.has_unsafe:
            text = _ESCAPED_PATTERN.sub(lambda match: match[1] or _UNESCAPE_MAP[match[0]], text)
        unstorable = _UNSTORABLE_PATTERN.search(text)
        if unstorable:
            code = f"{ord(unstorable[0]):04X}"
            raise TreeError(line, _("contains the escaped character U+%(code)s, which is not valid text", code=code))
        return Scalar(text, style, line)

    def _mapping(self, start: yaml.MappingStartEvent, depth: int) -> Mapping:
        mapping = Mapping(self._line(start))
        keys = set()
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._node(event, depth)
            if not isinstance(key, Scalar):
                raise TreeError(key.line, _("uses a list or mapping as a key; keys are words"))
            if key.is_null:
                raise TreeError(key.line, _("has a value without a key"))
            if len(key.text) > KEY_MAX:
                length = f"{len(key.text):,}"
                raise TreeError(
                    key.line, _("has a key of %(length)s characters; at most %(most)s", length=length, most=KEY_MAX)
                )
            if key.style == "p" and key.text == "<<":
                raise TreeError(key.line, _("merge key <<: documents may not merge mappings; write the values out"))
            if key.text in keys:
                raise TreeError(key.line, _("%(key)s: appears twice; keep one", key=key.text))
            keys.add(key.text)
            above = event.start_mark.line - 1
            blank_line = above >= 0 and not self.lines[above].strip()
            value = self._node(next(self.events), depth)
            mapping.entries.append(MappingEntry(key.text, value, key.line, blank_line))
        return mapping

    def _sequence(self, start: yaml.SequenceStartEvent, depth: int) -> Sequence:
        sequence = Sequence(self._line(start))
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            sequence.items.append(self._node(event, depth))
        return sequence


def _line_at(text: str, position: int) -> int:
    """Return the index of the line of the character at `position`."""
    return len(_LINE_END_PATTERN.findall(text, 0, position))


def _line_of(error: yaml.MarkedYAMLError) -> int:
    """Return the index of the line at which libyaml gave up."""
    mark = error.problem_mark or error.context_mark
    return mark.line if mark else 0


def _problem_of(error: yaml.MarkedYAMLError, line: str) -> str:
    problem = str(error.problem or error.context or _("can't be read"))
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return str(_("is indented with a tab; use spaces"))
    return str(_("is not well-formed YAML: %(problem)s", problem=problem))
