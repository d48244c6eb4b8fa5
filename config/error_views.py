"""The responses to errors.

Not found and not allowed: in the admin's design for staff under the admin's path, else in the public one.
If a view fails: 503 if a service is down and trying again will help, otherwise 500.
"""

from __future__ import annotations

import sys

from django.conf import settings
from django.contrib import admin
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views import defaults

RETRY_SECONDS = 5
STAFF_TEMPLATES = {403: "admin/not_allowed.html", 404: "admin/not_found.html"}


def bucket_errors(url: str) -> tuple[type[Exception], ...]:
    """Return the exceptions of the bucket at MEDIA_STORAGE; none without a bucket, which needs no client library."""
    if not url:
        return ()
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  only installed with S3

    return BotoCoreError, ClientError


def unavailable_errors(url: str) -> tuple[type[Exception], ...]:
    """Return the exceptions that mean that the database doesn't respond, or the bucket if there is one."""
    return OperationalError, InterfaceError, *bucket_errors(url)


BUCKET_ERRORS = bucket_errors(settings.MEDIA_STORAGE)
UNAVAILABLE = unavailable_errors(settings.MEDIA_STORAGE)


def server_error(request: HttpRequest) -> HttpResponse:
    """Return the error page for the exception that is being handled. Its transaction is already rolled back."""
    if not isinstance(sys.exception(), UNAVAILABLE):
        return defaults.server_error(request)
    headers = {"Retry-After": str(RETRY_SECONDS), "Cache-Control": "no-store"}
    return HttpResponse(render_to_string("503.html"), status=503, headers=headers)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the page for a URL that leads nowhere."""
    return _staff_page(request, 404) or defaults.page_not_found(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the page for what the user may not do or see."""
    return _staff_page(request, 403) or defaults.permission_denied(request, exception)


def _staff_page(request: HttpRequest, status: int) -> HttpResponse | None:
    """Return the error page in the admin's design for staff under the admin's path; None for everyone else.

    Nobody else learns from it where the admin is.
    """
    if not request.path_info.startswith(f"/{settings.ADMIN_PATH}") or not hasattr(request, "user"):
        return None
    if not admin.site.has_permission(request):
        return None
    return render(request, STAFF_TEMPLATES[status], admin.site.each_context(request), status=status)
