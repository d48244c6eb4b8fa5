"""What a member of the staff types to prove who it is, and what a group owes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import Group

from .models import SecondFactorDuty

TYPED = {"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}
TYPED_MAX = 20  # characters, with the spaces and dashes that people type


class CodeForm(forms.Form):
    code = forms.CharField(
        max_length=TYPED_MAX, widget=forms.TextInput(TYPED), help_text="Six digits, or a recovery code."
    )


class SetUpForm(forms.Form):
    token = forms.CharField(max_length=500, widget=forms.HiddenInput)
    code = forms.CharField(max_length=TYPED_MAX, widget=forms.TextInput({**TYPED, "inputmode": "numeric"}))


class GroupForm(forms.ModelForm):
    """Django's form of a group, with what its members owe."""

    owes_second_factor = forms.BooleanField(
        required=False,
        label="Second factor required",
        help_text="Members get no further than setting up a second factor until they have one.",
    )

    class Meta:
        model = Group
        fields = ("name", "permissions")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["owes_second_factor"] = SecondFactorDuty.objects.filter(group=self.instance).exists()
