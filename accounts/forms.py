"""Forms for second-factor codes, and the group form with its second-factor requirement."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import Group

from .models import SecondFactorDuty

CODE_INPUT = {"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}
CODE_MAX = 20  # characters, with the spaces and dashes that people type


class CodeForm(forms.Form):
    code = forms.CharField(
        max_length=CODE_MAX,
        widget=forms.TextInput(CODE_INPUT),
        help_text="Six digits, or a recovery code.",
    )


class EnrolmentForm(forms.Form):
    token = forms.CharField(max_length=500, widget=forms.HiddenInput)
    code = forms.CharField(max_length=CODE_MAX, widget=forms.TextInput({**CODE_INPUT, "inputmode": "numeric"}))


class GroupForm(forms.ModelForm):
    """Django's group form, plus whether members must have a second factor."""

    requires_second_factor = forms.BooleanField(
        required=False,
        label="Second factor required",
        help_text="Members can only set up a second factor until they have one.",
    )

    class Meta:
        model = Group
        fields = ("name", "permissions")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["requires_second_factor"] = SecondFactorDuty.objects.filter(group=self.instance).exists()
