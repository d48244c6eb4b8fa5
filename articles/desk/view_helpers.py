"""What the views of the desk share: the admin's login and frame, permissions, and reading requests."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django_htmx.middleware import HtmxDetails

from articles.audit_log.unit_of_work import Actor
from articles.models import Via
from articles.operations.results import SentenceError
from articles.rules.reasons import OVERRIDE_FIELD, REASON_FIELD, parse_reason
from articles.rules.values import InvalidValueError

View = Callable[..., HttpResponseBase]


class DeskRequest(HttpRequest):
    """A request that `desk_view` lets through: its user is staff, and django-htmx has read its headers."""

    user: User
    htmx: HtmxDetails


def desk_view(permission: str = "articles.view_article") -> Callable[[View], View]:
    """Return a decorator for the views of the desk: staff with `permission` only, never cached, CSRF checked."""

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: DeskRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.has_perm(permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return never_cache(admin.site.admin_view(checked))

    return decorate


def render_admin(request: DeskRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """Return a page in the admin's frame."""
    return TemplateResponse(request, template, admin.site.each_context(request) | context, status=status)


def render_instead(request: DeskRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """Return a page in the admin's frame; for htmx, one that takes the place of the page which sent the request."""
    response = render_admin(request, template, context)
    if is_htmx_fragment(request):
        response["HX-Retarget"], response["HX-Reswap"] = "body", "innerHTML"
    return response


def actor(request: DeskRequest, reason: str = "") -> Actor:
    """Return who acts at the desk, and why, for the audit log."""
    return Actor(request.user, Via.DESK, reason, overrides_checks=OVERRIDE_FIELD in request.POST)


def sent_reason(request: DeskRequest) -> str:
    """Return the reason of a posted form; empty if there is none. Raises ActionError, with a sentence."""
    try:
        return parse_reason(request.POST.get(REASON_FIELD, ""))
    except InvalidValueError as invalid:
        raise SentenceError(_("Your reason %(invalid)s.") % {"invalid": invalid}) from None


def is_htmx_fragment(request: DeskRequest) -> bool:
    return bool(request.htmx) and not request.htmx.boosted


def safe_next_url(request: HttpRequest, default: str = "") -> str:
    """Return the page to go back to if it is on this site; else the default, which is the desk if empty."""
    url = request.POST.get("next") or request.GET.get("next") or ""
    if url and url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure()):
        parts = urlsplit(url)
        if parts.path.startswith("/"):
            return f"{parts.path}?{parts.query}" if parts.query else parts.path
    return default or reverse("desk")


def parse_id(text: str) -> int:
    """Return the primary key that a request names; 0, which no row has, for anything else."""
    return int(text) if text.isdecimal() and len(text) < 19 else 0
