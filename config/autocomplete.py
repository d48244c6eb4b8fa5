"""Choices of the admin that are looked up while one types, and that take any value that is sent."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.core.exceptions import ValidationError
from django.forms import ModelMultipleChoiceField
from django.http import HttpRequest
from django.utils.translation import gettext as _


def is_possible_key(value: Any) -> bool:
    text = str(value)
    return text.isdecimal() and len(text) < 19


class KeyWidgetMixin:
    """An autocomplete that shows a form again after a value that is no key; Django looks it up unchecked."""

    def optgroups(self, name: str, value: Any, attr: Any = None) -> list[Any]:
        return super().optgroups(name, list(filter(is_possible_key, value)) or [""], attr)  # type: ignore[misc]

    def build_attrs(self, base_attrs: Any, extra_attrs: Any = None) -> dict[str, Any]:
        """Return Django's attributes with a word for an empty choice, which would have no name otherwise."""
        attrs = super().build_attrs(base_attrs, extra_attrs)  # type: ignore[misc]
        return {**attrs, "data-placeholder": attrs["data-placeholder"] or _("Choose")}


class KeyAutocompleteSelect(KeyWidgetMixin, AutocompleteSelect):
    pass


class KeyAutocompleteSelectMultiple(KeyWidgetMixin, AutocompleteSelectMultiple):
    pass


class KeyMultipleChoiceField(ModelMultipleChoiceField):  # type: ignore[type-arg]  # not generic at run time
    """Several rows, by keys; Django looks up numbers that no key can be."""

    def clean(self, value: Any) -> Any:
        for key in value or ():
            if not is_possible_key(key):
                raise ValidationError(
                    self.error_messages["invalid_pk_value"], code="invalid_pk_value", params={"pk": key}
                )
        return super().clean(value)


class KeyAutocompleteMixin:
    """An admin whose `autocomplete_fields` take any value."""

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.autocomplete_fields:  # type: ignore[attr-defined]
            widget = KeyAutocompleteSelect(db_field, self.admin_site, using=kwargs.get("using"))  # type: ignore[attr-defined]
            kwargs["widget"] = widget
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("form_class", KeyMultipleChoiceField)
        if db_field.name in self.autocomplete_fields:  # type: ignore[attr-defined]
            widget = KeyAutocompleteSelectMultiple(db_field, self.admin_site, using=kwargs.get("using"))  # type: ignore[attr-defined]
            kwargs["widget"] = widget
        return super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]
