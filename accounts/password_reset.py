"""Forgotten passwords: a link by mail, with Django's own views. It exists only where `EMAIL_URL` is set.

No response says whether an address belongs to an account, neither by its words nor by its time: a mail is made for
every address, and sent in a thread. Its link leads to SITE_URL, whatever host was asked. The second factor, if there is
one, is still asked for at the next sign-in.
"""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Iterable
from threading import Thread
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth import views as auth_views
from django.contrib.auth.forms import PasswordResetForm
from django.core.mail import EmailMessage
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.client_ip import client_ip
from website.models import SiteLook

from . import lockout, sessions
from .lockout import Allowance
from .models import AttemptCounter

ADDRESS_LIMIT, NETWORK_LIMIT = 3, 10  # requests in AXES_COOLOFF_TIME
ADDRESS_MAX = 250  # characters of an address that are counted
TEMPLATES = "accounts/password_reset_email.txt", "accounts/password_reset_subject.txt"
logger = logging.getLogger("newsfold.security")


class ResetForm(PasswordResetForm):
    """Django's form, which sends its mails in a thread, and takes as long where there is nobody to send one to."""

    def get_users(self, email: str) -> Iterable[Any]:
        """Return the accounts with this address; without any, one without an address, to which nothing is sent."""
        return list(super().get_users(email)) or [get_user_model()()]

    def send_mail(
        self,
        subject_template_name: str,
        email_template_name: str,
        context: dict[str, Any],
        from_email: str | None,
        to_email: str,
        html_email_template_name: str | None = None,
    ) -> None:
        subject = " ".join(render_to_string(subject_template_name, context).split())
        message = EmailMessage(subject, render_to_string(email_template_name, context), from_email, [to_email])
        Thread(target=send, args=(message,), name="mail").start()


def send(message: EmailMessage) -> None:
    """Send a mail; log a failure without its address."""
    try:
        message.send()
    except Exception:  # the backend may raise anything, and nobody waits for the result
        logger.exception("mail not sent")


def comparable(address: str) -> str:
    """Return an address as Django compares it with those of accounts: a K may be typed as the sign for kelvin."""
    return unicodedata.normalize("NFKC", address).casefold()


class AdminPage:
    """The frame of the admin's pages."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        return admin.site.each_context(self.request) | context  # type: ignore[attr-defined]


class AskForLink(AdminPage, auth_views.PasswordResetView):
    """Ask for the address of an account, and send it a link."""

    form_class = ResetForm
    email_template_name, subject_template_name = TEMPLATES
    success_url = reverse_lazy("password_reset_done")

    def form_valid(self, form: Any) -> HttpResponse:
        address = comparable(form.cleaned_data["email"])[:ADDRESS_MAX]
        allowances = [
            Allowance(AttemptCounter.Kind.RESET_NETWORK, lockout.client_ip_for_axes(self.request), NETWORK_LIMIT),
            Allowance(AttemptCounter.Kind.RESET_ADDRESS, address, ADDRESS_LIMIT),
        ]
        if not lockout.count_attempt(self.request, allowances):
            return self._too_many(form)
        base, name = settings.SITE_URL.rstrip("/"), SiteLook.current().site_name
        hours = max(1, round(settings.PASSWORD_RESET_TIMEOUT / 3600))
        self.extra_email_context = {"base": base, "site_name": name, "hours": hours}
        return super().form_valid(form)

    def _too_many(self, form: Any) -> HttpResponse:
        seconds = lockout.seconds_left(self.request)
        minutes = lockout.minutes(seconds)
        text = ngettext("Try again in %(n)s minute.", "Try again in %(n)s minutes.", minutes) % {"n": minutes}
        form.add_error(None, f"{_('Too many requests.')} {text}")
        response = self.form_invalid(form)
        response.status_code = 429
        response["Retry-After"] = str(seconds)
        return response


class LinkSent(AdminPage, auth_views.PasswordResetDoneView):
    """Say that a link is on its way if there is such an account."""


class SetPassword(AdminPage, auth_views.PasswordResetConfirmView):
    """Set a new password by a link; end all sessions of the account and unlock its sign-in."""

    success_url = reverse_lazy("password_reset_complete")

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        user = form.user
        sessions.end_all_sessions(user)
        lockout.unlock(user)
        details = {"user": user.get_username(), "client": client_ip(self.request)}
        logger.info("password reset by mail", extra={"details": details})
        return response


class PasswordSet(AdminPage, auth_views.PasswordResetCompleteView):
    """Say that the new password counts, and link to the sign-in."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"login_url": reverse("admin:login")}
