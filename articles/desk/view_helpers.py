"""What every page of the desk shares: the admin's login, its look, and who may do what."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from articles.audit_log.unit_of_work import Actor
from articles.models import Via
from articles.rules import permissions

View = Callable[..., HttpResponseBase]


def desk_view(permission: str = "articles.view_article") -> Callable[[View], View]:
    """Make a view a page of the desk: staff only, with `permission`, never cached, with the admin's CSRF checks."""

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.has_perm(permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return never_cache(admin.site.admin_view(checked))

    return decorate


def page(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """Return a page in the admin's frame."""
    return TemplateResponse(request, template, admin.site.each_context(request) | context, status=status)


def by(request: HttpRequest, reason: str = "") -> Actor:
    """Return who acts at the desk."""
    return Actor(request.user, Via.DESK, reason)


def require(request: HttpRequest, verb: str) -> None:
    """Raise PermissionDenied unless the editor may do what `verb` does."""
    if not permissions.can(request.user, verb):
        raise PermissionDenied


def is_fragment(request: HttpRequest) -> bool:
    """Return whether htmx asks for a part of a page."""
    return bool(request.htmx) and not request.htmx.boosted


def came_from(request: HttpRequest) -> str:
    """Return where the editor came from, if that is a page of this site."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    secure = request.is_secure()
    if wanted and url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=secure):
        parts = urlsplit(wanted)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path
    return reverse("desk")


def key(text: str) -> int:
    """Return the key that a request names; 0, which no row has, for nonsense."""
    return int(text) if text.isdecimal() and len(text) < 19 else 0
