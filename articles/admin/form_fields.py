"""Form fields and widgets of the admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from articles.rules.values import normalize_line_ends


class ListField(forms.Field):
    """A list that its model stores in a JSONField, which hands over its encoder and decoder."""

    def __init__(self, *args: Any, encoder: Any = None, decoder: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class LinesField(ListField):
    """A list of texts, one per line, each once."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(str(line) for line in value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        lines = value if isinstance(value, list) else str(value or "").splitlines()
        return list(dict.fromkeys(text for line in lines if (text := str(line).strip())))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return not self.disabled and self.to_python(initial) != self.to_python(data)


class TextField(forms.CharField):
    """Text of several lines, with the line ends that documents use."""

    widget = forms.Textarea

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"strip": False, **kwargs})

    def to_python(self, value: Any) -> str:
        return normalize_line_ends(super().to_python(value) or "")


class YesNoSelect(forms.NullBooleanSelect):
    """A nullable boolean with newsroom labels."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        forms.Select.__init__(self, attrs, [("unknown", "–"), ("true", _("Yes")), ("false", _("No"))])
