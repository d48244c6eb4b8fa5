"""Bytes of a file to a document, a registry entry, or the list of what is wrong with it. Pure.

Reports every problem of a file, not only the first, each at its line.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

from articles.rules import slugs
from articles.rules.scoring import FOLDED_HEAT, SCORE_MAX

from .document import (
    Document,
    DocumentRejected,
    Entry,
    Image,
    OrganizationEntry,
    Outlet,
    Problem,
    Related,
    TopicEntry,
)
from .fast_parse import parse_canonical
from .fields import (
    D2_NAMES,
    LIST_LENGTH_MAX,
    ORGANIZATION_ENTRY,
    TOPIC_ENTRY,
    UNQUOTED_DIALECT,
    Dialect,
    Field,
    FieldKind,
    dialect_fields,
)
from .values import (
    PIXELS_MAX,
    InvalidValue,
    encode_unknown,
    format_scalar,
    read_boolean,
    read_integer,
    read_line,
    read_text,
    read_time,
    read_url,
)
from .yaml_tree import Mapping, MappingEntry, Node, Scalar, Sequence, TreeError, read_tree

FILE_SIZE_MAX = 1_000_000  # bytes; the largest real document has 79,500
UNKNOWN_KEYS_MAX = 100
UNKNOWN_SIZE_MAX = 100_000  # characters of unknown values

_FENCE_PATTERN = re.compile(r"---[ \t]*\n")
_CLOSING_PATTERN = re.compile(r"^---[ \t]*(?:\n|\Z)", re.MULTILINE)

ReadFile = Document | Entry
SECURED = b"\nsecured:"


def content_hash(raw: bytes) -> str:
    """Return the digest that tells whether a file changed: `secured` and line ends don't count."""
    text = raw.replace(b"\r\n", b"\n") if b"\r" in raw else raw
    start = text.find(SECURED)
    if start < 0 or start + len(SECURED) > text.find(b"\n---", 3) + 1:  # none, or none above the closing fence
        return hashlib.blake2b(text, digest_size=32).hexdigest()
    digest = hashlib.blake2b(text[:start], digest_size=32)
    digest.update(text[text.find(b"\n", start + 1) :])
    return digest.hexdigest()


def parse_file(raw: bytes, source: str, stem: str) -> ReadFile:
    """Return what the file holds; `stem` is its name without suffix. Raises DocumentRejected with every problem."""
    if len(raw) > FILE_SIZE_MAX:
        message = f"has {len(raw):,} bytes; a document has at most {FILE_SIZE_MAX:,}"
        raise DocumentRejected([Problem(source, 0, message)])
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DocumentRejected([Problem(source, line, "is not UTF-8; save it in that encoding")]) from None
    document = parse_canonical(text)
    if document is None:
        return parse_yaml(text, source, stem, raw)
    document.name = _name(document, stem)
    document.content_hash = content_hash(raw)
    return document


def parse_yaml(text: str, source: str, stem: str, raw: bytes) -> ReadFile:
    """Return what `read_file()` does, by way of YAML: for whatever the scanner leaves."""
    try:
        front, tail, first_line = _split_front_matter(text)
        tree = read_tree(front, first_line=first_line)
    except TreeError as error:
        raise DocumentRejected([Problem(source, error.line, error.message)]) from None
    reader = _DocumentParser(source)
    taxonomy = tree.get("taxonomy")
    if isinstance(taxonomy, Scalar):
        found: ReadFile | None = reader.entry(tree, taxonomy)
    else:
        found = reader.document(tree, stem, tail)
    if reader.problems or found is None:
        raise DocumentRejected(sorted(reader.problems, key=lambda problem: problem.line))
    if isinstance(found, Document):
        found.content_hash = content_hash(raw)
    else:
        _record_form(found, text, tail)
    return found


def _record_form(entry: Entry, text: str, tail: str | None) -> None:
    """Note how a registry file is closed where that is not two fences and a line end."""
    if tail is None:
        entry.layout["form"] = "bare" if text.endswith("\n") else "bare, unended"
    elif not text.endswith("\n"):
        entry.layout["form"] = "fenced, unended"
    elif tail:
        entry.layout["tail"] = tail


def _name(document: Document, stem: str) -> str:
    return stem if slugs.is_document_name(stem) else slugs.name_of(document.published_at, document.title)


def _split_front_matter(text: str) -> tuple[str, str | None, int]:
    """Return the front matter, what follows it (None without fences) and the front matter's first line."""
    opening = _FENCE_PATTERN.match(text)
    if not opening:
        if text.startswith("taxonomy:"):
            return text, None, 1
        raise TreeError(1, "doesn't start with a line `---`; is it a story document?")
    closing = _CLOSING_PATTERN.search(text, opening.end())
    if not closing:
        raise TreeError(text.count("\n") + 1, "ends before the line `---` that closes the front matter; is it cut off?")
    return text[opening.end() : closing.start()], text[closing.end() :], 2


class _DocumentParser:
    """Reads one file's tree; collects problems instead of stopping at the first."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.problems: list[Problem] = []
        self.keys: Dialect = dialect_fields("D5")

    def refuse(self, line: int, where: str, message: str) -> None:
        self.problems.append(Problem(self.source, line, f"{where}: {message}"))

    def document(self, tree: Mapping, stem: str, tail: str | None) -> Document | None:
        if tree.get("abstract") is not None and tree.get("excerpt") is None:
            self.refuse(tree.line, "abstract", "documents of 2019's dialect D1 are not taken in; D2 to D5 are")
            return None
        dialect = dialect_of(tree)
        self.keys = dialect_fields(dialect)
        values = self._mapping(tree, self.keys.article, "")
        if values is None or self.problems:
            return None
        document = Document(**values, dialect=dialect)
        document.name = _name(document, stem)
        if tail is None or not tail.startswith("\n"):
            document.layout["close"] = "tight"
            document.body = tail or ""
        else:
            document.body = tail[1:]
        return document

    def _mapping(self, mapping: Mapping, keys: tuple[Field, ...], where: str) -> dict[str, Any] | None:
        """Return the values by attribute, with `extra` and `layout`; None where a required key is wrong or missing."""
        known = {key.name: key for key in keys}
        values: dict[str, Any] = {}
        extra: list[list[Any]] = []
        layout: dict[str, Any] = {}
        for entry in mapping.entries:
            key = known.get(entry.key)
            if key is None:
                extra.append([entry.key, encode_unknown(entry.value)])
                continue
            blank = _empty_value_token(entry.value, key)
            if blank is not None and blank in _BLANKS[key.kind] and not key.required:
                layout.setdefault("blank", {})[key.name] = blank
                continue
            try:
                values[key.attribute] = self._value(entry.value, key, where + key.name, layout)
            except InvalidValue as refused:
                self.refuse(entry.value.line or entry.line, where + key.name, str(refused))
            _record_style(entry, key, layout)
        self._check_extra(mapping, extra, where)
        missing = [key.name for key in keys if key.required and mapping.get(key.name) is None]
        for name in missing:
            self.refuse(mapping.line, where + name, "is missing")
        if missing or any(key.required and key.attribute not in values for key in keys):
            return None
        _record_order(mapping, keys, layout, top=not where)
        return values | {"extra": extra, "layout": layout}

    def _check_extra(self, mapping: Mapping, extra: list[list[Any]], where: str) -> None:
        if len(extra) > UNKNOWN_KEYS_MAX:
            self.refuse(mapping.line, where or "document", f"has more than {UNKNOWN_KEYS_MAX} unknown keys")
        if extra and len(repr(extra)) > UNKNOWN_SIZE_MAX:
            self.refuse(mapping.line, where or "document", f"has over {UNKNOWN_SIZE_MAX:,} characters in unknown keys")

    def _value(self, node: Node, key: Field, where: str, layout: dict[str, Any]) -> Any:
        match key.kind:
            case FieldKind.LINE:
                return read_line(node, key.length_max)
            case FieldKind.TEXT:
                return read_text(node, key.length_max)
            case FieldKind.URL | FieldKind.LOGO_URL:
                url = read_url(node, site_relative=key.kind is FieldKind.LOGO_URL)
                if isinstance(node, Scalar) and node.text != url:
                    before, _, after = node.text.partition(url)
                    layout.setdefault("around", {})[key.name] = [before, after]
                return url
            case FieldKind.SIZE:
                return read_integer(node, 0, PIXELS_MAX)
            case FieldKind.SCORE | FieldKind.QUALITY:
                return read_integer(node, 0, SCORE_MAX)
            case FieldKind.HEAT:
                return read_integer(node, FOLDED_HEAT, SCORE_MAX)
            case FieldKind.BOOLEAN | FieldKind.STATE:
                return read_boolean(node)
            case FieldKind.TIME:
                return read_time(node)
            case FieldKind.NAMES:
                return self._names(node, key, where, layout)
            case FieldKind.OUTLET:
                return self._outlet(node, where)
            case FieldKind.IMAGES:
                return self._list(node, key, where, lambda item, at: self._image(item, self.keys.image, at))
            case FieldKind.LOGOS:
                return self._list(node, key, where, lambda item, at: self._image(item, self.keys.logo, at))
            case FieldKind.RELATED:
                return self._list(node, key, where, self._related)
            case FieldKind.SERVICES:
                return _services(node)

    def _names(self, node: Node, key: Field, where: str, layout: dict[str, Any]) -> list[str]:
        """Return the names, each once, empty items dropped; `layout` keeps the list where that loses something."""
        if not isinstance(node, Sequence):
            raise InvalidValue("must be a list")
        self._check_length(node, key)
        names: dict[str, None] = {}
        as_written = []
        for index, item in enumerate(node.items):
            as_written.append(
                encode_unknown(item) if not isinstance(item, Scalar) or item.style != "p" else {"plain": item.text}
            )
            if isinstance(item, Scalar) and (item.is_null or not item.text):
                continue
            try:
                names[read_line(item, key.length_max)] = None
            except InvalidValue as refused:
                self.refuse(item.line, f"{where}[{index}]", str(refused))
        if as_written != [{"plain": name} for name in names]:
            layout.setdefault("items", {})[key.name] = as_written
        if key.required and not names and not self.problems:
            raise InvalidValue("needs at least one name")
        return list(names)

    def _check_length(self, node: Sequence, key: Field) -> None:
        limit = LIST_LENGTH_MAX[key.kind]
        if len(node.items) > limit:
            raise InvalidValue(f"has {len(node.items):,} items; {limit} are allowed")

    def _list(self, node: Node, key: Field, where: str, read: Callable[[Mapping, str], Any]) -> list[Any]:
        if not isinstance(node, Sequence):
            raise InvalidValue("must be a list")
        self._check_length(node, key)
        found = []
        for index, item in enumerate(node.items):
            at = f"{where}[{index}]"
            if isinstance(item, Mapping):
                found.append(read(item, f"{at}."))
            else:
                self.refuse(item.line, at, "must hold `key: value` lines")
        return [value for value in found if value is not None]

    def _image(self, mapping: Mapping, keys: tuple[Field, ...], where: str) -> Image | None:
        values = self._mapping(mapping, keys, where)
        return Image(**values) if values else None

    def _outlet(self, node: Node, where: str) -> Outlet | None:
        if not isinstance(node, Mapping):
            raise InvalidValue("must hold name and domain")
        keys = self.keys.related_outlet if where.startswith("related") else self.keys.outlet
        values = self._mapping(node, keys, f"{where}.")
        return Outlet(**values) if values else None

    def _related(self, mapping: Mapping, where: str) -> Related | None:
        values = self._mapping(mapping, self.keys.related, where)
        return Related(**values) if values and values["provider"] else None

    def entry(self, tree: Mapping, taxonomy: Scalar) -> Entry | None:
        self.keys = UNQUOTED_DIALECT  # the registries write addresses bare
        if taxonomy.text == "topic":
            return self._topic_entry(tree)
        if taxonomy.text == "organization":
            values = self._mapping(tree, ORGANIZATION_ENTRY, "")
            return OrganizationEntry(**values) if values and not self.problems else None
        self.refuse(taxonomy.line, "taxonomy", "must be topic or organization")
        return None

    def _topic_entry(self, tree: Mapping) -> TopicEntry | None:
        values = self._mapping(tree, TOPIC_ENTRY, "")
        if values is None or self.problems:
            return None
        entry = TopicEntry(**values)
        if not re.fullmatch(r"[a-zA-Z0-9_-]+", entry.slug):
            self.refuse(tree.line, "_id", "may hold only letters a to z, digits, - and _")
        if entry.parent == entry.name:
            self.refuse(tree.line, "parent", "a topic can't stand under itself")
        return entry


def _services(node: Node) -> list[list[str]]:
    if not isinstance(node, Mapping):
        raise InvalidValue("must hold `name: address` lines")
    return [[entry.key, read_url(entry.value)] for entry in node.entries]


def dialect_of(tree: Mapping) -> str:
    """Return D2 to D5, by the keys that only one of them has (docs/format.md#dialects)."""
    if any(tree.get(old) is not None for old in D2_NAMES.values()) and tree.get("webUrl") is None:
        return "D2"
    if tree.get("originalUrl") is not None or tree.get("featuredContent") is not None:
        return "D5"
    images = tree.get("images")
    first = images.items[0] if isinstance(images, Sequence) and images.items else None
    if isinstance(first, Mapping) and first.get("isCached") is not None:
        return "D4" if first.get("title") is not None else "D5"
    return "D3"


_TEXTS = {"", "~", "null", "Null", "NULL", '""', "''"}
_NULLS = {"", "~", "null", "Null", "NULL"}
# Which empty values a key that may be missing can have. What decides publication can have none: it fails closed.
_BLANKS: dict[FieldKind, set[str]] = dict.fromkeys(FieldKind, _NULLS) | {
    **dict.fromkeys((FieldKind.LINE, FieldKind.TEXT, FieldKind.URL, FieldKind.LOGO_URL), _TEXTS),
    **dict.fromkeys((FieldKind.NAMES, FieldKind.IMAGES, FieldKind.LOGOS, FieldKind.RELATED), _NULLS | {"[]"}),
    FieldKind.SERVICES: _NULLS | {"{}"},
    FieldKind.HEAT: set(),
    FieldKind.STATE: set(),
    FieldKind.QUALITY: set(),
}


def _empty_value_token(node: Node, key: Field) -> str | None:
    """Return how an empty value is written; None if the value isn't empty."""
    if isinstance(node, Sequence):
        return None if node.items else "[]"
    if isinstance(node, Mapping):
        return None if node.entries else "{}"
    if node.is_null:
        return node.text
    if not node.text and not key.keeps_empty:
        return format_scalar("", "s" if node.style == "s" else "d")
    return None


def _record_style(entry: MappingEntry, key: Field, layout: dict[str, Any]) -> None:
    """Note a quoting that the writer would not choose by itself."""
    node = entry.value
    if not isinstance(node, Scalar) or node.style == "b" or node.style == key.style:
        return
    if format_scalar(node.text, key.style) != format_scalar(node.text, node.style):
        layout.setdefault("style", {})[key.name] = node.style


def _record_order(mapping: Mapping, keys: tuple[Field, ...], layout: dict[str, Any], *, top: bool) -> None:
    """Note an order of keys, and empty lines between them, that the writer would not choose by itself."""
    order = [entry.key for entry in mapping.entries]
    unknown = [(entry.key, not isinstance(entry.value, Scalar)) for entry in mapping.entries]
    if order != canonical_order(keys, unknown):
        layout["order"] = order
    if top:
        blocks = block_names(keys, unknown)
        gaps = [entry.key for entry in mapping.entries[1:] if entry.gap != (entry.key in blocks)]
        if gaps:
            layout["gaps"] = gaps


def canonical_order(keys: tuple[Field, ...], present: list[tuple[str, bool]]) -> list[str]:
    """Return the names in `present` in the format's order; each comes with whether its value is a list or mapping.

    Unknown keys stand behind the known ones of their sort: plain values at the end of the scalar block, lists
    and mappings before `secured`.
    """
    blocks = {key.name for key in keys if key.block}
    last_scalar = len([key for key in keys if not key.block])
    places = {key.name: index for index, key in enumerate(keys)}

    def place(item: tuple[int, tuple[str, bool]]) -> tuple[float, int]:
        index, (name, is_collection) = item
        if name in places:
            return places[name], 0
        if blocks and not is_collection:
            return last_scalar - 0.5, index
        return len(keys) - (1.5 if blocks else 0), index

    return [name for _, (name, _) in sorted(enumerate(present), key=place)]


def block_names(keys: tuple[Field, ...], present: list[tuple[str, bool]]) -> set[str]:
    """Return which names in `present` stand alone between empty lines."""
    known = {key.name: key for key in keys}
    return {name for name, is_collection in present if (known[name].block if name in known else is_collection)}
