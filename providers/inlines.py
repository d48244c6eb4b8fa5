"""Lists of rows on a page of the admin, with the limits of documents."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F, Model, UniqueConstraint
from django.forms import BaseInlineFormSet, ModelForm
from django.forms.utils import pretty_name
from django.http import HttpRequest
from django.utils.text import capfirst


class LimitedFormSet(BaseInlineFormSet):
    """Refuse rows that share values which must be unique.

    Django's own check of a whole list leaves out constraints made of expressions, as ours are.
    """

    def add_fields(self, form: ModelForm, index: int | None) -> None:
        """Label each field for screen readers: the table names them in its header only."""
        super().add_fields(form, index)
        for name, field in form.fields.items():
            widget = getattr(field.widget, "widget", field.widget)  # the admin wraps it
            if not widget.is_hidden:
                widget.attrs.setdefault("aria-label", capfirst(field.label or pretty_name(name)))

    def clean(self) -> None:
        super().clean()
        for constraint in self.model._meta.constraints:
            if isinstance(constraint, UniqueConstraint) and constraint.condition is None:
                self._check_unique(constraint)

    def _check_unique(self, constraint: UniqueConstraint) -> None:
        names = [*constraint.fields, *(item.name for item in constraint.expressions if isinstance(item, F))]

        def values_of(row: Model) -> tuple[Any, ...]:
            return tuple(getattr(row, self.model._meta.get_field(name).attname) for name in names)

        sent = {form.instance.pk for form in self.forms}  # a form may name fewer of the stored rows than there are
        seen = {values_of(row) for row in self.get_queryset() if row.pk not in sent}
        for form in self._remaining_forms():
            values = values_of(form.instance)
            if values in seen:
                raise ValidationError(constraint.get_violation_error_message())
            seen.add(values)

    def _remaining_forms(self) -> list[ModelForm]:
        unwanted = [*self.deleted_forms, *(form for form in self.extra_forms if not form.has_changed())]
        return [form for form in self.forms if form not in unwanted and not form.errors]


class LimitedInlineMixin:
    """An inline that takes `max_num` rows. Up to twice as many may be sent: some of them are to be deleted."""

    formset = LimitedFormSet
    template = "admin/tabular.html"
    max_num: int

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        return super().get_formset(request, obj, validate_max=True, absolute_max=2 * self.max_num, **kwargs)


class LimitedListMixin:
    """A list whose rows can be edited. A form says how many it holds, so more than a page shows are not believed."""

    list_max_show_all: int

    def get_changelist_formset(self, request: HttpRequest, **kwargs: Any) -> Any:
        limits = {"max_num": self.list_max_show_all, "absolute_max": self.list_max_show_all}
        return super().get_changelist_formset(request, **limits | kwargs)
