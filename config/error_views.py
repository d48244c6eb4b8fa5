"""The response when a view fails: 503 if a service is down and trying again will help, otherwise 500."""

from __future__ import annotations

import sys

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views import defaults

RETRY_SECONDS = 5


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
