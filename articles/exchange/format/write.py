"""A document to text, by the conventions of the format; the mirror of parse.py. Pure.

What a mapping's `layout` and `extra` remember comes back as it was; all else follows docs/format.md.
"""

from __future__ import annotations

from typing import Any

from .document import Document, Entry, Image, Outlet, Related, TopicEntry
from .fields import ORGANIZATION_ENTRY, TOPIC_ENTRY, UNQUOTED_DIALECT, Dialect, Field, FieldKind, dialect_fields
from .parse import block_names, canonical_order
from .values import format_scalar, format_time, format_value, item_lines, key_lines

Record = Document | Related | Outlet | Image | Entry

_EMPTY: tuple[Any, ...] = (None, "", [])


def document_text(document: Document) -> str:
    """Return the document in its own dialect, ending in the fence, an empty line and its body."""
    keys = dialect_fields(document.dialect)
    lines = _Writer(keys).lines(document, keys.article, top=True)
    gap = "" if document.layout.get("close") == "tight" else "\n"
    return "---\n" + "\n".join(lines) + "\n---\n" + gap + document.body


def entry_text(entry: Entry) -> str:
    """Return a registry entry between fences, or in the form that its file had."""
    keys = TOPIC_ENTRY if isinstance(entry, TopicEntry) else ORGANIZATION_ENTRY
    text = "\n".join(_Writer(UNQUOTED_DIALECT).lines(entry, keys))
    match entry.layout.get("form"):
        case "bare, unended":
            return text
        case "bare":
            return f"{text}\n"
        case "fenced, unended":
            return f"---\n{text}\n---"
    return f"---\n{text}\n---\n{entry.layout.get('tail', '')}"


class _Writer:
    def __init__(self, keys: Dialect) -> None:
        self.keys = keys

    def lines(self, record: Record, keys: tuple[Field, ...], *, top: bool = False) -> list[str]:
        """Return the lines of one mapping, not indented."""
        pieces: dict[str, tuple[list[str], bool]] = {}
        for key in keys:
            found = self._known(record, key)
            if found:
                pieces[key.name] = (found, key.block)
        for name, value in record.extra:
            pieces[name] = (key_lines(name, value), not _is_single(value))
        present = [(name, is_block) for name, (_, is_block) in pieces.items()]
        blocks = block_names(keys, present) if top else set()
        odd_gaps = record.layout.get("gaps", ()) if top else ()
        written_lines: list[str] = []
        for name in _ordered(record.layout.get("order"), canonical_order(keys, present)):
            if written_lines and (name in blocks) != (name in odd_gaps):
                written_lines.append("")
            written_lines += pieces[name][0]
        return written_lines

    def _known(self, record: Record, key: Field) -> list[str]:
        """Return the lines of a known key; none where the record has no value for it."""
        value = getattr(record, key.attribute)
        layout = record.layout
        if key.kind is FieldKind.NAMES:
            return _names(value, key, layout)
        if value in _EMPTY and not (key.keeps_empty and key.name not in layout.get("blank", ())):
            blank = layout.get("blank", {}).get(key.name)
            return [] if blank is None else [f"{key.name}: {blank}" if blank else f"{key.name}:"]
        match key.kind:
            case FieldKind.OUTLET:
                keys = self.keys.related_outlet if isinstance(record, Related) else self.keys.outlet
                return [f"{key.name}:", *_indented(self.lines(value, keys))]
            case FieldKind.SERVICES:
                return [f"{key.name}:", *(f"  {name}: {format_scalar(url, 'p')}" for name, url in value)]
            case FieldKind.IMAGES | FieldKind.LOGOS | FieldKind.RELATED:
                return [
                    f"{key.name}:",
                    *_indented(line for item in value for line in item_lines(self._item(item, key))),
                ]
        return [f"{key.name}: {_scalar(value, key, layout)}"]

    def _item(self, item: Image | Related, key: Field) -> list[str]:
        if isinstance(item, Related):
            return self.lines(item, self.keys.related)
        return self.lines(item, self.keys.logo if key.kind is FieldKind.LOGOS else self.keys.image)


def _is_single(value: Any) -> bool:
    """Return whether an unknown value stood as plain text, so that it belongs among the scalars."""
    return not isinstance(value, list) and not (isinstance(value, dict) and "keys" in value)


def _scalar(value: Any, key: Field, layout: dict[str, Any]) -> str:
    match key.kind:
        case FieldKind.SIZE | FieldKind.SCORE | FieldKind.QUALITY | FieldKind.HEAT:
            return str(value)
        case FieldKind.BOOLEAN | FieldKind.STATE:
            return "true" if value else "false"
    text = format_time(value) if key.kind is FieldKind.TIME else value
    before, after = layout.get("around", {}).get(key.name, ("", ""))
    return format_scalar(before + text + after, layout.get("style", {}).get(key.name, key.style))


def _names(names: list[str], key: Field, layout: dict[str, Any]) -> list[str]:
    as_written = layout.get("items", {}).get(key.name)
    if as_written is not None and names == _distinct(as_written):
        items = [format_value(value) for value in as_written]
    elif names:
        items = [format_scalar(name, "p") for name in names]
    else:
        blank = layout.get("blank", {}).get(key.name)
        return [] if blank is None else [f"{key.name}: {blank}" if blank else f"{key.name}:"]
    return [f"{key.name}:", *(f"  - {item}" for item in items)]


def _distinct(as_written: list[Any]) -> list[str]:
    """Return the names that a list as written stands for: each once, without empty items."""
    texts = [item if isinstance(item, str) else item.get("plain", item.get("single", "")) for item in as_written]
    return [text for text in dict.fromkeys(texts) if text not in ("", "~", "null", "Null", "NULL")]


def _ordered(order: list[str] | None, names: list[str]) -> list[str]:
    """Return `names` in the remembered order; a name that is new stands behind its canonical neighbour."""
    if not order:
        return names
    result = [name for name in order if name in names]
    for index, name in enumerate(names):
        if name not in result:
            earlier = [result.index(other) for other in names[:index] if other in result]
            result.insert(max(earlier) + 1 if earlier else 0, name)
    return result


def _indented(lines: Any) -> list[str]:
    return [f"  {line}" for line in lines]
