"""Record in `layout` how a mapping is written where that differs from the rules, so that writing restores it. No
I/O."""

from __future__ import annotations

from .document import Entry, Layout
from .fields import Field, FieldKind, Fields, block_names, canonical_order
from .values import encode_unknown, format_scalar
from .yaml_tree import NULLS, Mapping, MappingEntry, Node, Scalar, Sequence

_TEXTS = NULLS | {'""', "''"}
# Which empty values an optional key of each kind can have. What decides publication can have none: it fails closed.
_BLANKS: dict[FieldKind, frozenset[str]] = dict.fromkeys(FieldKind, NULLS) | {
    **dict.fromkeys((FieldKind.LINE, FieldKind.TEXT, FieldKind.URL, FieldKind.LOGO_URL), _TEXTS),
    **dict.fromkeys((FieldKind.NAMES, FieldKind.IMAGES, FieldKind.LOGOS, FieldKind.RELATED), NULLS | {"[]"}),
    FieldKind.SERVICES: NULLS | {"{}"},
    **dict.fromkeys((FieldKind.HEAT, FieldKind.STATE, FieldKind.QUALITY), frozenset()),
}


def record_blank(node: Node, field: Field, layout: Layout) -> bool:
    """Record how an allowed empty value is written; return whether `node` is one."""
    token = _empty_value_token(node, field)
    if token is None or field.required or field.never_empty or token not in _BLANKS[field.kind]:
        return False
    layout.setdefault("blank", {})[field.name] = token
    return True


def _empty_value_token(node: Node, field: Field) -> str | None:
    """Return how an empty value is written; None if the value isn't empty."""
    if isinstance(node, Sequence):
        return None if node.items else "[]"
    if isinstance(node, Mapping):
        return None if node.entries else "{}"
    if node.is_null:
        return node.text
    if not node.text and not field.keeps_empty:
        return format_scalar("", "s" if node.style == "s" else "d")
    return None


def record_style(node: Node, field: Field, layout: Layout) -> None:
    """Record quotes that the writer would not choose by itself."""
    if not isinstance(node, Scalar) or node.style == "b" or node.style == field.style:
        return
    if format_scalar(node.text, field.style) != format_scalar(node.text, node.style):
        layout.setdefault("style", {})[field.name] = node.style


def record_space(node: Node, field: Field, url: str, layout: Layout) -> None:
    """Record white space around a URL."""
    if isinstance(node, Scalar) and node.text != url:
        before, _, after = node.text.partition(url)
        layout.setdefault("around", {})[field.name] = [before, after]


def record_items(node: Sequence, field: Field, names: list[str], layout: Layout) -> None:
    """Record the items of a list of names where they are not just these names without quotes."""
    items = [
        {"plain": item.text} if isinstance(item, Scalar) and item.style == "p" else encode_unknown(item)
        for item in node.items
    ]
    if items != [{"plain": name} for name in names]:
        layout.setdefault("items", {})[field.name] = items


def record_order(mapping: Mapping, fields: Fields, layout: Layout) -> None:
    """Record an order of keys that the writer would not choose by itself."""
    order = [entry.key for entry in mapping.entries]
    if order != canonical_order(fields, [(entry.key, _is_collection(entry)) for entry in mapping.entries]):
        layout["order"] = order


def record_gaps(file: Mapping, fields: Fields, layout: Layout) -> None:
    """Record empty lines between the keys of a file that the writer would not choose by itself."""
    known = {field.name for field in fields}
    unknown_collections = [entry.key for entry in file.entries if entry.key not in known and _is_collection(entry)]
    blocks = block_names(fields, unknown_collections)
    gaps = [entry.key for entry in file.entries[1:] if entry.blank_line_before != (entry.key in blocks)]
    if gaps:
        layout["gaps"] = gaps


def _is_collection(entry: MappingEntry) -> bool:
    return not isinstance(entry.value, Scalar)


def record_form(entry: Entry, text: str, tail: str | None) -> None:
    """Record how a registry file is closed where that is not two fences and a line end."""
    if tail is None:
        entry.layout["form"] = "bare" if text.endswith("\n") else "bare, unended"
    elif not text.endswith("\n"):
        entry.layout["form"] = "fenced, unended"
    elif tail:
        entry.layout["tail"] = tail
