"""Ask for the password again before accounts, groups, rights or a second factor change.

Otherwise the thief of a session could make it permanent: with a user of their own, more rights or another password.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from . import lockout, sessions
from .forms import ConfirmationForm

View = Callable[..., Any]

# Every app whose rows decide who may sign in and what they may do, or record who did.
PROTECTED_APPS = {"accounts", "auth", "axes", "otp_static", "otp_totp"}
PREFIX = "confirm"  # keeps the fields of the confirmation apart from those of the form that it interrupts
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def is_protected(view: View) -> bool:
    """Return whether the view is one of an admin of accounts."""
    owner = getattr(view, "__self__", None)
    return isinstance(owner, ModelAdmin) and owner.opts.app_label in PROTECTED_APPS


def confirmation_required(view: View) -> View:
    """Ask for the password before a form is handled, if it was last checked more than ten minutes ago.

    The page that asks carries the fields of the form, so nothing has to be filled in again. It can't carry files.
    """

    @sensitive_post_parameters()
    @wraps(view)
    def confirmed(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method in SAFE_METHODS or sessions.is_recently_confirmed(request.session):
            return view(request, *args, **kwargs)
        is_answer = f"{PREFIX}-password" in request.POST
        form = ConfirmationForm(request, request.POST if is_answer else None, prefix=PREFIX)
        if form.is_valid():
            return view(request, *args, **kwargs)
        return _page(request, form)

    return confirmed


def _page(request: HttpRequest, form: ConfirmationForm) -> HttpResponse:
    names_left_out = {"csrfmiddlewaretoken", *(form.add_prefix(name) for name in form.fields)}
    fields = [(name, value) for name, values in request.POST.lists() if name not in names_left_out for value in values]
    context = {"title": _("Confirm your password"), "form": form, "fields": fields, "back": request.get_full_path()}
    response = TemplateResponse(request, "accounts/confirm.html", admin.site.each_context(request) | context)
    response["Cache-Control"] = "no-store, private"
    if form.is_locked:
        response.status_code = 429
        response["Retry-After"] = str(lockout.seconds_left(request))
    return response
