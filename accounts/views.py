"""The pages of the second factor: entering its code at login, setting it up, and what goes with it."""

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
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters

from . import second_factor as factor
from .forms import CodeForm, SetUpForm
from .second_factor import Step

View = Callable[[HttpRequest], HttpResponse]


def for_staff(view: View) -> View:
    """Open a page to staff that has given its password, and maybe nothing else yet."""

    @wraps(view)
    def checked(request: HttpRequest) -> HttpResponse:
        user = request.user
        if not (user.is_active and user.is_staff):
            return redirect_to_login(request.get_full_path(), reverse("admin:login"))
        return view(request)

    return never_cache(csrf_protect(sensitive_post_parameters()(checked)))


@for_staff
def second_step(request: HttpRequest) -> HttpResponse:
    """Ask for the code of the second factor, then lead to where the user was going."""
    if "leave" in request.POST:
        auth.logout(request)
        return HttpResponseRedirect(reverse("admin:login"))
    if factor.step(request) is not Step.ENTER:
        return HttpResponseRedirect(_wanted(request))
    form = CodeForm(request.POST or None)
    if form.is_valid() and _entered(request, form):
        return HttpResponseRedirect(_wanted(request))
    context = {"form": form, "title": "Second factor", "next": _wanted(request)}
    return _page(request, "accounts/second_step.html", context)


@for_staff
def second_factor(request: HttpRequest) -> HttpResponse:
    """Show the user's second factor, or a secret to set one up with."""
    if factor.step(request) is Step.ENTER:
        return redirect_to_login(request.get_full_path(), reverse("admin:second_step"))
    return _kept(request) if factor.has_one(request.user) else _set_up(request)


def _set_up(request: HttpRequest) -> HttpResponse:
    form = SetUpForm(request.POST or None)
    try:
        offered = factor.offer(request.user, request.POST.get("token", ""))
    except signing.BadSignature:  # an hour is over, or somebody else's
        form, offered = SetUpForm(), factor.offer(request.user)
        messages.warning(request, "That secret is no longer offered. Here is a new one.")
    if form.is_valid():
        try:
            codes = factor.set_up(request, offered, form.cleaned_data["code"])
        except factor.Refused as refused:
            form.add_error("code", str(refused))
        else:
            return _codes(request, codes, "The second factor is set up.")
    context = {
        "form": form,
        "offered": offered,
        "qr": _drawn(offered.device.config_url),
        "is_owed": factor.owes_one(request.user),
        "is_nav_sidebar_enabled": False,
        "title": "Set up a second factor",
    }
    return _page(request, "accounts/set_up.html", context)


def _kept(request: HttpRequest) -> HttpResponse:
    """Show what there is; with a code, make new recovery codes or remove the second factor."""
    form = CodeForm(request.POST or None)
    is_owed = factor.owes_one(request.user)
    if form.is_valid() and _entered(request, form):
        if "codes" in request.POST:
            return _codes(request, factor.renew_codes(request.user), "There are new recovery codes.")
        if "remove" in request.POST and not is_owed:
            factor.forget(request.user)
            messages.success(request, "The second factor is removed.")
            return HttpResponseRedirect(reverse("admin:second_factor"))
    context = {"form": form, "left": factor.codes_left(request.user), "is_owed": is_owed, "title": "Second factor"}
    return _page(request, "accounts/second_factor.html", context)


def _codes(request: HttpRequest, codes: list[str], told: str) -> HttpResponse:
    return _page(request, "accounts/codes.html", {"codes": codes, "told": told, "title": "Recovery codes"})


def _entered(request: HttpRequest, form: CodeForm) -> bool:
    try:
        factor.enter(request, form.cleaned_data["code"])
    except factor.Refused as refused:
        form.add_error("code", str(refused))
        return False
    return True


def _wanted(request: HttpRequest) -> str:
    """Return where the user was going, if that is a page of this site."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return reverse("admin:index")


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    return TemplateResponse(request, template, admin.site.each_context(request) | context)


def _drawn(address: str) -> str:
    """Return a QR code as SVG, without the inline styles that our pages don't allow."""
    drawing = BytesIO()
    segno.make(address, error="m").save(drawing, kind="svg", xmldecl=False, scale=5, dark="black", light="white")
    return mark_safe(drawing.getvalue().decode())  # noqa: S308  drawn by segno; the address is in it as squares only
