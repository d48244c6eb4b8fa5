"""Forms that ask for passwords and codes, and the group form with its second-factor requirement."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from config.autocomplete import KeyMultipleChoiceField

from . import lockout, second_factor, sessions
from .models import SecondFactorDuty
from .time_zones import zone_names

CODE_INPUT = {"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}
CODE_MAX = 20  # characters, with the spaces and dashes that people type


class SignInForm(AdminAuthenticationForm):
    error_messages: ClassVar = AdminAuthenticationForm.error_messages | {
        "invalid_login": _(
            "The username or password is wrong, or this account may not sign in here. Both are case-sensitive."
        )
    }


class AddPersonForm(UserCreationForm):
    def full_clean(self) -> None:
        """Also put the focus on the first field to correct; on the first password if the two differ."""
        super().full_clean()
        wrong = next((name for name in self.fields if name in self.errors), None)
        if wrong is None:
            return
        for field in self.fields.values():
            field.widget.attrs.pop("autofocus", None)
        self.fields["password1" if wrong == "password2" else wrong].widget.attrs["autofocus"] = True


class PermissionsField(KeyMultipleChoiceField):
    def label_from_instance(self, permission: Any) -> str:
        """Return what the permission is for and what it allows, without the name of the app that Django puts first."""
        return f"{capfirst(permission.content_type.name)}: {permission.name}"


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=CODE_MAX,
        widget=forms.TextInput(CODE_INPUT),
        help_text=_("Six digits, or a recovery code."),
    )

    def is_verified(self, request: HttpRequest) -> bool:
        """Return whether the code completes the sign-in of this session; otherwise say why not beside it."""
        try:
            second_factor.verify(request, self.cleaned_data["code"])
        except second_factor.SecondFactorError as error:
            self.add_error("code", str(error))
            return False
        return True


class ConfirmationForm(CodeForm):
    """The password, unless it was checked in the last ten minutes, and a code if the user has a second factor."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "current-password", "autofocus": True}),
        error_messages={"required": _("Enter your password.")},
    )
    field_order = ("password", "code")

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        if sessions.is_recently_confirmed(request.session):
            del self.fields["password"]
        else:
            self.fields["code"].widget.attrs.pop("autofocus")
        if not second_factor.is_enrolled(request.user):
            del self.fields["code"]

    @property
    def is_locked(self) -> bool:
        return self.has_error("password", "locked")

    def clean(self) -> None:
        """Check the password first, so that a wrong one uses up no code."""
        if self.errors:
            return
        if "password" in self.fields:
            self._check_password()
        if "code" in self.fields and not self.errors:
            self.is_verified(self.request)
        if "password" in self.fields and not self.errors:
            sessions.record_confirmation(self.request.session)

    def _check_password(self) -> None:
        user = self.request.user
        if not lockout.count_attempt(self.request, lockout.confirmation_allowances(user)):
            minutes = lockout.minutes(lockout.seconds_left(self.request))
            text = ngettext(
                "Too many wrong passwords. Try again in %(minutes)s minute.",
                "Too many wrong passwords. Try again in %(minutes)s minutes.",
                minutes,
            )
            self.add_error("password", ValidationError(text % {"minutes": minutes}, "locked"))
        elif not check_password(self.cleaned_data["password"], user.password):
            self.add_error("password", gettext("That password is wrong."))
        else:
            lockout.take_back_attempt(self.request)


class EnrolmentForm(forms.Form):
    token = forms.CharField(max_length=500, widget=forms.HiddenInput)
    code = forms.CharField(
        label=_("Code"), max_length=CODE_MAX, widget=forms.TextInput({**CODE_INPUT, "inputmode": "numeric"})
    )


class ProfileForm(forms.Form):
    """What users choose for themselves."""

    time_zone = forms.ChoiceField(
        required=False,
        label=_("Time zone"),
        help_text=_("For all times at the desk and in the admin. Public pages use the site’s time zone."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        of_site = _("The site’s (%(zone)s)") % {"zone": settings.TIME_ZONE}
        self.fields["time_zone"].choices = [("", of_site), *((name, name) for name in zone_names())]


class GroupForm(forms.ModelForm):
    """Django's group form, plus whether members must have a second factor."""

    requires_second_factor = forms.BooleanField(
        required=False,
        label=_("Second factor required"),
        help_text=_("Members can only set up a second factor until they have one."),
    )

    class Meta:
        model = Group
        fields = ("name", "permissions")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["requires_second_factor"] = SecondFactorDuty.objects.filter(group=self.instance).exists()
