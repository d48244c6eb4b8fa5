"""What editors ask of the history. Nonsense is told, never an error: the rest of the question still counts."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Exists, OuterRef

from articles.models import Operation, Verb

PEOPLE_SHOWN = 200
KEY_MAX = 2**63 - 1
DAYS = (date(1970, 1, 2), date(2999, 12, 30))  # every time zone's day of these is a time


class HistoryFilter(forms.Form):
    """Which operations: of a person, of a kind, of a day; those before an operation. All optional."""

    person = forms.CharField(required=False, max_length=150)
    kind = forms.ChoiceField(required=False, choices=[("", "Everything"), *Verb.choices])
    day = forms.DateField(
        required=False,
        validators=[MinValueValidator(DAYS[0]), MaxValueValidator(DAYS[1])],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Type a day as 2026-06-09."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="history-%s", label_suffix="", **kwargs)
        acted = Exists(Operation.objects.filter(actor=OuterRef("pk")))
        people = get_user_model()._default_manager.filter(acted).order_by("username")
        names = list(people.values_list("username", flat=True)[:PEOPLE_SHOWN])
        asked = str(self.data.get("person") or "")
        if asked and asked not in names and "\0" not in asked:
            names.append(asked[:150])
        self.fields["person"].widget = forms.Select(choices=[("", "Everybody"), *((name, name) for name in names)])


class UndoForm(forms.Form):
    reason = forms.CharField(required=False, max_length=300)
    confirmed = forms.BooleanField(required=False)


class RestoreForm(forms.Form):
    version = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1)


def cursor(text: str) -> int | None:
    """Return the key that `text` writes; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 and 0 < int(text) <= KEY_MAX else None
