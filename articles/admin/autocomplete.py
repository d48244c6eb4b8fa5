"""Choices that are looked up while one types."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.widgets import AutocompleteSelect
from django.http import HttpRequest


class KeyAutocompleteSelect(AutocompleteSelect):
    """An autocomplete that shows a form again after a value that is no key; Django looks it up unchecked."""

    def optgroups(self, name: str, value: Any, attr: Any = None) -> list[Any]:
        keys = [key for key in value if str(key).isdecimal() and len(str(key)) < 19]
        return super().optgroups(name, keys or [""], attr)


class KeyAutocompleteMixin:
    """An admin whose `autocomplete_fields` take any value."""

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.autocomplete_fields:  # type: ignore[attr-defined]
            widget = KeyAutocompleteSelect(db_field, self.admin_site, using=kwargs.get("using"))  # type: ignore[attr-defined]
            kwargs["widget"] = widget
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]
