"""Parse the bytes of a file into a document or a registry entry, or report what is wrong with it. No I/O.

Every problem of a file is reported, not only the first, each with its line.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

from articles.rules import slugs
from articles.rules.limits import FILE_SIZE_MAX, PIXELS_MAX
from articles.rules.scoring import FOLDED_HEAT, SCORE_MAX
from articles.rules.values import InvalidValueError, check_body, check_length, check_services, check_slug, check_url
from texts import Text
from texts import gettext_lazy as _

from . import layout as layouts
from .document import (
    Document,
    DocumentError,
    Entry,
    Image,
    Layout,
    OrganizationEntry,
    Problem,
    ProviderData,
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
    Fields,
    dialect_fields,
)
from .values import (
    encode_unknown,
    is_known_value,
    read_boolean,
    read_integer,
    read_line,
    read_text,
    read_time,
    read_url,
)
from .yaml_tree import Mapping, Node, Scalar, Sequence, TreeError, read_tree, require_storable

UNKNOWN_KEYS_MAX = 100
UNKNOWN_SIZE_MAX = 100_000  # characters of unknown values

_FENCE_PATTERN = re.compile(r"---[ \t]*\n")
_CLOSING_PATTERN = re.compile(r"^---[ \t]*(?:\n|\Z)", re.MULTILINE)
_SECURED = b"\nsecured:"


def content_hash(raw: bytes) -> str:
    """Return the digest by which an import sees that a file changed: `secured` and line ends don't count."""
    text = raw.replace(b"\r\n", b"\n") if b"\r" in raw else raw
    start = text.find(_SECURED)
    if start < 0 or start + len(_SECURED) > text.find(b"\n---", 3) + 1:  # none, or none above the closing fence
        return hashlib.blake2b(text, digest_size=32).hexdigest()
    digest = hashlib.blake2b(text[:start], digest_size=32)
    digest.update(text[text.find(b"\n", start + 1) :])
    return digest.hexdigest()


def parse_file(raw: bytes, source: str, stem: str) -> Document | Entry:
    """Return what the file holds; `stem` is its name without suffix. Raises DocumentError with every problem."""
    if len(raw) > FILE_SIZE_MAX:
        text_of_size = _(
            "has %(number)s bytes; a document has at most %(most)s", number=f"{len(raw):,}", most=f"{FILE_SIZE_MAX:,}"
        )
        raise DocumentError([Problem(source, 0, str(text_of_size))])
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DocumentError([Problem(source, line, str(_("is not UTF-8; save it in that encoding")))]) from None
    parsed = parse_canonical(text) or parse_yaml(text, source)
    if isinstance(parsed, Document):
        parsed.name = stem if slugs.is_document_name(stem) else slugs.document_name(parsed.published_at, parsed.title)
        parsed.content_hash = content_hash(raw)
    return parsed


def parse_yaml(text: str, source: str) -> Document | Entry:
    """Return what a text holds that need not be canonical, without name and hash. Raises DocumentError."""
    try:
        front, tail, first_line = _split_front_matter(text)
        require_storable(text)
        tree = read_tree(front, first_line=first_line)
    except TreeError as error:
        raise DocumentError([Problem(source, error.line, error.message)]) from None
    parser = _DocumentParser(source)
    taxonomy = tree.get("taxonomy")
    if isinstance(taxonomy, Scalar):
        parsed: Document | Entry | None = parser.entry(tree, taxonomy)
    else:
        parsed = parser.document(tree, tail)
    if parser.problems or parsed is None:
        raise DocumentError(sorted(parser.problems, key=lambda problem: problem.line))
    if not isinstance(parsed, Document):
        layouts.record_form(parsed, text, tail)
    return parsed


def _split_front_matter(text: str) -> tuple[str, str | None, int]:
    """Return the front matter, what follows it (None without fences) and the front matter's first line."""
    opening = _FENCE_PATTERN.match(text)
    if not opening:
        if text.startswith("taxonomy:"):
            return text, None, 1
        raise TreeError(1, _("doesn't start with a line `---`; is it a story document?"))
    closing = _CLOSING_PATTERN.search(text, opening.end())
    if not closing:
        raise TreeError(
            text.count("\n") + 1, _("ends before the line `---` that closes the front matter; is it cut off?")
        )
    return text[opening.end() : closing.start()], text[closing.end() :], 2


def dialect_of(tree: Mapping) -> str:
    """Return D2 to D5, by the keys that only one of them has (docs/format.md)."""
    if any(tree.get(name) is not None for name in D2_NAMES.values()) and tree.get("webUrl") is None:
        return "D2"
    if tree.get("originalUrl") is not None or tree.get("featuredContent") is not None:
        return "D5"
    images = tree.get("images")
    first = images.items[0] if isinstance(images, Sequence) and images.items else None
    if isinstance(first, Mapping) and first.get("isCached") is not None:
        return "D4" if first.get("title") is not None else "D5"
    return "D3"


class _DocumentParser:
    """Parses one file's tree; collects problems instead of stopping at the first."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.problems: list[Problem] = []
        self.dialect: Dialect = UNQUOTED_DIALECT  # in which the registries are written

    def document(self, tree: Mapping, tail: str | None) -> Document | None:
        if tree.get("abstract") is not None and tree.get("excerpt") is None:
            self._report(tree.line, "abstract", _("documents of 2019's dialect D1 are not supported; D2 to D5 are"))
            return None
        name = dialect_of(tree)
        self.dialect = dialect_fields(name)
        values = self._mapping(tree, self.dialect.article, "")
        if values is None or self.problems:
            return None
        document = Document(**values, dialect=name)
        if tail is None or not tail.startswith("\n"):
            document.layout["close"] = "tight"
            document.body = tail or ""
        else:
            document.body = tail[1:]
        try:
            check_body(document.body)
        except InvalidValueError as invalid:
            self._report(0, "body", str(invalid))
        return document

    def entry(self, tree: Mapping, taxonomy: Scalar) -> Entry | None:
        if taxonomy.text == "topic":
            return self._topic_entry(tree)
        if taxonomy.text == "organization":
            values = self._mapping(tree, ORGANIZATION_ENTRY, "")
            return OrganizationEntry(**values) if values and not self.problems else None
        self._report(taxonomy.line, "taxonomy", _("must be topic or organization"))
        return None

    def _topic_entry(self, tree: Mapping) -> TopicEntry | None:
        values = self._mapping(tree, TOPIC_ENTRY, "")
        if values is None or self.problems:
            return None
        entry = TopicEntry(**values)
        try:
            check_slug(entry.slug)
        except InvalidValueError as invalid:
            self._report(tree.line, "_id", str(invalid))
        for url in entry.images:
            try:
                check_url(url, site_relative=True)
            except InvalidValueError as invalid:
                self._report(tree.line, "images", str(invalid))
        if entry.parent == entry.name:
            self._report(tree.line, "parent", _("a topic can't be its own parent"))
        return entry

    def _report(self, line: int, where: str, message: Text | str) -> None:
        self.problems.append(Problem(self.source, line, f"{where}: {message}"))

    def _mapping(self, mapping: Mapping, fields: Fields, where: str) -> dict[str, Any] | None:
        """Return the values by attribute, with `extra` and `layout`; None where a required key is wrong or missing."""
        by_name = {field.name: field for field in fields}
        values: dict[str, Any] = {}
        extra: list[list[Any]] = []
        layout: Layout = {}
        for entry in mapping.entries:
            field = by_name.get(entry.key)
            if field is None or not is_known_value(entry.value, field):
                extra.append([entry.key, encode_unknown(entry.value)])
            elif not layouts.record_blank(entry.value, field, layout):
                try:
                    values[field.attribute] = self._value(entry.value, field, where + field.name, layout)
                except InvalidValueError as invalid:
                    self._report(entry.value.line or entry.line, where + field.name, str(invalid))
                layouts.record_style(entry.value, field, layout)
        self._check_extra(mapping.line, extra, where or "document")
        required = [field for field in fields if field.required]
        missing = [field.name for field in required if mapping.get(field.name) is None]
        for name in missing:
            self._report(mapping.line, where + name, _("is missing"))
        if missing or any(values.get(field.attribute) is None for field in required):
            return None
        layouts.record_order(mapping, fields, layout)
        if not where:  # the whole file
            layouts.record_gaps(mapping, fields, layout)
        return values | {"extra": extra, "layout": layout}

    def _check_extra(self, line: int, extra: list[list[Any]], where: str) -> None:
        if len(extra) > UNKNOWN_KEYS_MAX:
            self._report(line, where, _("has more than %(most)s unknown keys", most=UNKNOWN_KEYS_MAX))
        if extra and len(repr(extra)) > UNKNOWN_SIZE_MAX:
            self._report(line, where, _("has over %(most)s characters in unknown keys", most=f"{UNKNOWN_SIZE_MAX:,}"))

    def _value(self, node: Node, field: Field, where: str, layout: Layout) -> Any:
        match field.kind:
            case FieldKind.LINE | FieldKind.LANGUAGE | FieldKind.COUNTRY:
                return read_line(node, field.length_max)
            case FieldKind.TEXT:
                return read_text(node, field.length_max)
            case FieldKind.URL | FieldKind.LOGO_URL:
                url = read_url(node, site_relative=field.kind is FieldKind.LOGO_URL)
                layouts.record_space(node, field, url, layout)
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
                return self._names(node, field, where, layout)
            case FieldKind.PROVIDER | FieldKind.RELATED_PROVIDER:
                if not isinstance(node, Mapping):
                    raise InvalidValueError(_("must hold name and domain"))
                return self._nested(node, ProviderData, field, f"{where}.")
            case FieldKind.IMAGES | FieldKind.LOGOS:
                return self._list(node, field, where, lambda item, at: self._nested(item, Image, field, at))
            case FieldKind.RELATED:
                return self._list(node, field, where, lambda item, at: self._nested(item, Related, field, at))
            case FieldKind.SERVICES:
                if not isinstance(node, Mapping):
                    raise InvalidValueError(_("must hold `name: URL` lines"))
                services = [[entry.key, read_url(entry.value)] for entry in node.entries]
                check_services(services)
                return services

    def _nested(self, mapping: Mapping, record: Callable[..., Any], field: Field, where: str) -> Any:
        values = self._mapping(mapping, self.dialect.nested[field.kind], where)
        return record(**values) if values else None

    def _names(self, node: Node, field: Field, where: str, layout: Layout) -> list[str]:
        """Return the names, each once and without empty items; `layout` keeps the list where that loses something."""
        names: dict[str, None] = {}
        sequence = _checked_sequence(node, field)
        for index, item in enumerate(sequence.items):
            if isinstance(item, Scalar) and (item.is_null or not item.text):
                continue
            try:
                names[read_line(item, field.length_max)] = None
            except InvalidValueError as invalid:
                self._report(item.line, f"{where}[{index}]", str(invalid))
        layouts.record_items(sequence, field, list(names), layout)
        if field.never_empty and not names and not self.problems:
            raise InvalidValueError(_("needs at least one name"))
        return list(names)

    def _list(self, node: Node, field: Field, where: str, parse_item: Callable[[Mapping, str], Any]) -> list[Any]:
        values = []
        for index, item in enumerate(_checked_sequence(node, field).items):
            at = f"{where}[{index}]"
            if isinstance(item, Mapping):
                values.append(parse_item(item, f"{at}."))
            else:
                self._report(item.line, at, _("must hold `key: value` lines"))
        return [value for value in values if value is not None]


def _checked_sequence(node: Node, field: Field) -> Sequence:
    """Return the node as a list that isn't too long. Raises InvalidValueError."""
    if not isinstance(node, Sequence):
        raise InvalidValueError(_("must be a list"))
    check_length(node.items, LIST_LENGTH_MAX[field.kind])
    return node
