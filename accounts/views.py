"""Pages of the second factor: enter a code at sign-in, set it up, renew recovery codes, remove it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from io import BytesIO
from typing import Any

import segno
from django.contrib import admin, auth, messages
from django.contrib.auth.views import redirect_to_login
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters

from . import second_factor as factor
from .forms import CodeForm, ConfirmationForm, EnrolmentForm, ProfileForm
from .second_factor import Step
from .time_zones import choose_zone, zone_of

View = Callable[[HttpRequest], HttpResponse]


def password_checked_staff(view: View) -> View:
    """Open a view to staff who have entered their password, with or without the second factor."""

    @wraps(view)
    def checked(request: HttpRequest) -> HttpResponse:
        user = request.user
        if not (user.is_active and user.is_staff):
            return redirect_to_login(request.get_full_path(), reverse("admin:login"))
        return view(request)

    return never_cache(csrf_protect(sensitive_post_parameters()(checked)))


@password_checked_staff
def second_step(request: HttpRequest) -> HttpResponse:
    """Ask for a second-factor code, then redirect to the page originally requested."""
    if "leave" in request.POST:
        auth.logout(request)
        return HttpResponseRedirect(reverse("admin:login"))
    if factor.next_step(request) is not Step.ENTER:
        return HttpResponseRedirect(_next_url(request))
    form = CodeForm(request.POST or None)
    if form.is_valid() and form.is_verified(request):
        return HttpResponseRedirect(_next_url(request))
    context = {"form": form, "title": _("Second factor"), "next": _next_url(request)}
    return _page(request, "accounts/second_step.html", context)


@password_checked_staff
def second_factor(request: HttpRequest) -> HttpResponse:
    """Show the user's second factor, or a secret for setting one up."""
    if factor.next_step(request) is Step.ENTER:
        return redirect_to_login(request.get_full_path(), reverse("admin:second_step"))
    return _enrolled_page(request) if factor.is_enrolled(request.user) else _set_up(request)


def _set_up(request: HttpRequest) -> HttpResponse:
    form = EnrolmentForm(request.POST or None)
    confirmation = ConfirmationForm(request, request.POST or None)
    is_confirmed = confirmation.is_valid()
    try:
        enrolment = factor.start_enrolment(request.user, request.POST.get("token", ""))
    except signing.BadSignature:  # expired, or another user's
        form, enrolment = EnrolmentForm(), factor.start_enrolment(request.user)
        messages.warning(request, _("That secret has expired. Here is a new one."))
    if form.is_valid() and is_confirmed:
        try:
            codes = factor.set_up(request, enrolment, form.cleaned_data["code"])
        except factor.SecondFactorError as error:
            form.add_error("code", str(error))
        else:
            return _codes(request, codes, _("The second factor is set up."))
    context = {
        "form": form,
        "confirmation": ConfirmationForm(request) if is_confirmed else confirmation,
        "enrolment": enrolment,
        "qr": _qr_svg(enrolment.device.config_url),
        "is_required": factor.is_required_for(request.user),
        "is_nav_sidebar_enabled": False,
        "title": _("Set up a second factor"),
    }
    return _page(request, "accounts/set_up.html", context)


def _enrolled_page(request: HttpRequest) -> HttpResponse:
    """Show the second factor; with a valid code, renew the recovery codes or remove it."""
    form = ConfirmationForm(request, request.POST or None)
    is_required = factor.is_required_for(request.user)
    if form.is_valid():
        if "codes" in request.POST:
            return _codes(request, factor.renew_codes(request.user), _("You have new recovery codes."))
        if "remove" in request.POST and not is_required:
            factor.remove(request.user)
            messages.success(request, _("The second factor is removed."))
            return HttpResponseRedirect(reverse("admin:second_factor"))
    context = {
        "form": form,
        "left": factor.codes_left(request.user),
        "is_required": is_required,
        "title": _("Second factor"),
    }
    return _page(request, "accounts/second_factor.html", context)


def profile(request: HttpRequest) -> HttpResponse:
    """Show what the user has chosen, and change it. Only for pages of the admin, which checks who is signed in."""
    form = ProfileForm(request.POST or None, initial={"time_zone": zone_of(request.user)})
    if form.is_valid():
        choose_zone(request.user, form.cleaned_data["time_zone"])
        messages.success(request, _("Your profile is saved."))
        return HttpResponseRedirect(reverse("admin:profile"))
    return _page(request, "accounts/profile.html", {"form": form, "now": timezone.now(), "title": _("Your profile")})


def _codes(request: HttpRequest, codes: list[str], message: str) -> HttpResponse:
    return _page(request, "accounts/codes.html", {"codes": codes, "message": message, "title": _("Recovery codes")})


def _next_url(request: HttpRequest) -> str:
    """Return the page originally requested if it is on this site, otherwise the admin's home."""
    url = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure()):
        return url
    return reverse("admin:index")


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    return TemplateResponse(request, template, admin.site.each_context(request) | context)


def _qr_svg(url: str) -> str:
    """Return a QR code as SVG without inline styles, which our content security policy forbids."""
    drawing = BytesIO()
    segno.make(url, error="m").save(drawing, kind="svg", xmldecl=False, scale=5, dark="black", light="white")
    return mark_safe(drawing.getvalue().decode())  # noqa: S308  segno draws the URL as squares
