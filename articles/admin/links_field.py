"""The form field of a menu: a row for each entry, with its order, what it leads to, a label and a URL.

It is a plain form: rows are ordered by numbers, and some empty rows wait for new entries.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from articles.rules.values import InvalidValueError
from website.links import LINKS_MAX, LinkEntry, check_links

from .form_fields import ListField

EMPTY_ROWS = 3
ROWS_MAX = LINKS_MAX + EMPTY_ROWS
PARTS = ("target", "label", "url")
STEP = 10  # between the numbers of rows, so that others fit between them
_ORDER_PATTERN = re.compile(r"[0-9]{1,5}", re.ASCII)

Row = dict[str, str]  # PARTS and "order", as typed
Choices = Sequence[tuple[str, Sequence[tuple[str, str]]]]


class LinksWidget(forms.Widget):
    """A table with a row for each entry."""

    use_fieldset = True
    choices: Choices = ()

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        rows = [row | {"order": row.get("order", str(STEP * (index + 1)))} for index, row in enumerate(_rows(value))]
        used = [row for row in rows if any(row[part] for part in PARTS)][:LINKS_MAX]
        last = max((int(row["order"]) for row in used if _ORDER_PATTERN.fullmatch(row["order"])), default=0)
        empty = [dict.fromkeys(PARTS, "") | {"order": str(last + STEP * (index + 1))} for index in range(EMPTY_ROWS)]
        return render_to_string(
            "admin/website/_links.html", {"name": name, "rows": used + empty, "choices": self.choices}
        )

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[Row] | None:
        """Return the rows as they were typed, in their order; None if the form had none."""
        if self.value_omitted_from_data(data, files, name):
            return None
        return [
            {part: str(data.get(f"{name}-{index}-{part}", "")) for part in (*PARTS, "order")}
            for index in range(ROWS_MAX)
            if f"{name}-{index}-target" in data
        ]

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return f"{name}-0-target" not in data


class HiddenLinks(forms.HiddenInput):
    """The entries that the page showed, as JSON."""

    def format_value(self, value: Any) -> str:
        return json.dumps([{part: row[part] for part in PARTS} for row in _rows(value)])


class LinksFormField(ListField):
    """The entries of a menu. Rows without anything in them are left out."""

    widget = LinksWidget
    hidden_widget = HiddenLinks

    def prepare_value(self, value: Any) -> str:
        """Return the rows as JSON, which both widgets read."""
        return json.dumps(_rows(value))

    def clean(self, value: Any) -> list[LinkEntry]:
        rows = [row for row in _rows(value) if any(row[part].strip() for part in PARTS)]
        for row in rows:
            if not _ORDER_PATTERN.fullmatch(row.get("order", "0").strip() or "0"):
                raise ValidationError(_("Give each row a whole number as its order, such as 10."))
        entries = _entries(rows)
        try:
            check_links(entries)
        except InvalidValueError as invalid:
            raise ValidationError(_("This %(fault)s.") % {"fault": invalid}) from invalid
        offered = {target for _group, choices in self.widget.choices for target, _label in choices}
        for number, entry in enumerate(entries, start=1):
            if entry["target"] not in offered:
                raise ValidationError(
                    _("What row %(number)d leads to doesn't exist any more. Choose something else, or empty the row.")
                    % {"number": number}
                )
        return entries

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether the entries differ; a form without rows changes nothing."""
        return data is not None and not self.disabled and _entries(_rows(initial)) != _entries(_rows(data))


def _entries(rows: Sequence[Row]) -> list[LinkEntry]:
    """Return the entries in the order that was typed; a row without a number comes last."""
    used = [row for row in rows if any(row[part].strip() for part in PARTS)]
    used.sort(key=_place)
    return [LinkEntry(target=row["target"].strip(), label=row["label"].strip(), url=row["url"].strip()) for row in used]


def _place(row: Row) -> int:
    order = row.get("order", "0").strip()  # stored entries have none: they are in order
    return int(order) if _ORDER_PATTERN.fullmatch(order) else 10**5


def _rows(value: Any) -> list[Row]:
    """Return rows or entries, or their JSON, as rows; no rows for anything else that was sent."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return []
    rows = value if isinstance(value, list) else []
    return [
        {part: str(text) for part, text in row.items() if part in (*PARTS, "order")}
        for row in rows
        if isinstance(row, dict) and row.keys() >= set(PARTS)
    ]
