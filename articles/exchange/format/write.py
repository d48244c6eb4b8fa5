"""Write a document or a registry entry as text, by the conventions of the format; the mirror of parse.py. No I/O.

What a mapping's `layout` and `extra` remember comes back as it was; everything else follows docs/format.md.
"""

from __future__ import annotations

from typing import Any

from .document import Document, Entry, Layout, Record, TopicEntry
from .fields import (
    ORGANIZATION_ENTRY,
    TOPIC_ENTRY,
    UNQUOTED_DIALECT,
    Dialect,
    Field,
    FieldKind,
    Fields,
    block_names,
    canonical_order,
    dialect_fields,
)
from .values import format_scalar, format_time, format_value, key_lines
from .yaml_tree import NULLS


def document_text(document: Document) -> str:
    """Return the document in its own dialect, ending in the fence, an empty line and its body."""
    dialect = dialect_fields(document.dialect)
    blocks = block_names(dialect.article, [name for name, value in document.extra if _is_collection(value)])
    odd_gaps = document.layout.get("gaps", ())
    lines = ["---"]
    for name, field_lines in _Writer(dialect).lines_by_key(document, dialect.article).items():
        if len(lines) > 1 and (name in blocks) != (name in odd_gaps):
            lines.append("")
        lines += field_lines
    is_tight = document.layout.get("close") == "tight" and not document.body.startswith("\n")
    gap = "" if is_tight else "\n"
    return "\n".join(lines) + "\n---\n" + gap + document.body


def entry_text(entry: Entry) -> str:
    """Return a registry entry between fences, or in the form that its file had."""
    fields = TOPIC_ENTRY if isinstance(entry, TopicEntry) else ORGANIZATION_ENTRY
    text = "\n".join(_Writer(UNQUOTED_DIALECT).lines(entry, fields))
    match entry.layout.get("form"):
        case "bare, unended":
            return text
        case "bare":
            return f"{text}\n"
        case "fenced, unended":
            return f"---\n{text}\n---"
    return f"---\n{text}\n---\n{entry.layout.get('tail', '')}"


class _Writer:
    """Writes mappings in one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self.nested = dialect.nested

    def lines(self, record: Record, fields: Fields, indent: str = "") -> list[str]:
        return [line for lines in self.lines_by_key(record, fields, indent).values() for line in lines]

    def lines_by_key(self, record: Record, fields: Fields, indent: str = "") -> dict[str, list[str]]:
        """Return the lines of each key that the mapping has, in the order in which they are written."""
        layout = record.layout
        by_key = {}
        for field in fields:
            value = getattr(record, field.attribute)
            if value or layout or field.keeps_empty or isinstance(value, int):  # most documents lack most fields
                lines = self._field_lines(value, field, layout, indent)
                if lines:
                    by_key[field.name] = lines
        if not record.extra and "order" not in layout:
            return by_key
        present = [(field.name, field.block) for field in fields if field.name in by_key]
        for key, value in record.extra:
            if key in by_key:  # an editor's value stands in the place of one that meant nothing to us
                continue
            by_key[key] = [indent + line for line in key_lines(key, value)]
            present.append((key, _is_collection(value)))
        names = _in_recorded_order(canonical_order(fields, present), layout.get("order", []))
        return {name: by_key[name] for name in names}

    def _field_lines(self, value: Any, field: Field, layout: Layout, indent: str) -> list[str]:
        """Return the lines of a known key; none where the record has no value for it."""
        key = f"{indent}{field.name}:"
        if field.kind is FieldKind.NAMES and (items := _name_items(value, field, layout)):
            return [key, *(f"{indent}  - {item}" for item in items)]
        if not value and not isinstance(value, int):
            blank = layout.get("blank", {}).get(field.name)
            if blank is not None or not field.keeps_empty:
                return [] if blank is None else [f"{key} {blank}" if blank else key]
        if field.kind is FieldKind.SERVICES:
            return [key, *(f"{indent}  {format_scalar(name, 'p')}: {format_scalar(url, 'p')}" for name, url in value)]
        nested_fields = self.nested.get(field.kind)
        if nested_fields is None:
            return [f"{key} {_scalar(value, field, layout)}"]
        if not isinstance(value, list):
            return [key, *self.lines(value, nested_fields, indent + "  ")]
        lines = [key]
        inner = indent + "    "
        for item in value:
            first, *others = self.lines(item, nested_fields, inner)
            lines += [f"{indent}  - {first.removeprefix(inner)}", *others]
        return lines


def _is_collection(value: Any) -> bool:
    """Return whether the value of an unknown key is a list or mapping."""
    return isinstance(value, list) or (isinstance(value, dict) and "keys" in value)


def _scalar(value: Any, field: Field, layout: Layout) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    text = value if isinstance(value, str) else format_time(value)
    if not layout:
        return format_scalar(text, field.style)
    before, after = layout.get("around", {}).get(field.name, ("", ""))
    return format_scalar(before + text + after, layout.get("style", {}).get(field.name, field.style))


def _name_items(names: list[str], field: Field, layout: Layout) -> list[Any]:
    """Return the items of a list of names, as the file had them if they still mean the same names."""
    recorded = layout.get("items", {}).get(field.name)
    if recorded is not None and names == _distinct_names(recorded):
        return [format_value(value) for value in recorded]
    return [format_scalar(name, "p") for name in names]


def _distinct_names(recorded: list[Any]) -> list[str]:
    """Return the names that recorded items mean: each once, without empty items."""
    texts = [item if isinstance(item, str) else next(iter(item.values())) for item in recorded if not _is_null(item)]
    return [text for text in dict.fromkeys(texts) if text]


def _is_null(item: Any) -> bool:
    return isinstance(item, dict) and item.get("plain") in NULLS


def _in_recorded_order(names: list[str], order: list[str]) -> list[str]:
    """Return `names` in the recorded order; a new name follows its canonical neighbour."""
    result = [name for name in order if name in names]
    if not result:
        return names
    for index, name in enumerate(names):
        if name not in result:
            earlier = [result.index(other) for other in names[:index] if other in result]
            result.insert(max(earlier) + 1 if earlier else 0, name)
    return result
