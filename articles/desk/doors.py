"""What every page of the desk shares: the admin's login, its look, and who may do what."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache

from articles import rights
from articles.acts import By
from articles.models import Via

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


def by(request: HttpRequest, reason: str = "") -> By:
    """Return who acts at the desk."""
    return By(request.user, Via.DESK, reason)


def require(request: HttpRequest, verb: str) -> None:
    """Raise PermissionDenied unless the editor may do what `verb` does."""
    if not rights.may(request.user, verb):
        raise PermissionDenied
