"""A day to filter by."""

from __future__ import annotations

from datetime import date

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

DAY = gettext_lazy("Day")
DAYS = (date(1970, 1, 2), date(2999, 12, 30))  # they begin and end at a valid time in every time zone


class DayField(forms.DateField):
    """An optional day that begins and ends at a time that databases hold."""

    def __init__(self, label: str | Promise = DAY) -> None:
        self.name = label
        super().__init__(
            required=False,
            validators=[MinValueValidator(DAYS[0]), MaxValueValidator(DAYS[1])],
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            error_messages={"invalid": _("Type a day as 2026-06-09.")},
        )

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> forms.BoundField:
        """Name the zone in the label."""
        self.label = f"{self.name} ({timezone.get_current_timezone_name()})"
        return super().get_bound_field(form, field_name)
