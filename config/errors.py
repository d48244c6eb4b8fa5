"""What is answered when an answer fails: 503 where a service is away and asking again will help, else 500."""

from __future__ import annotations

import sys
import traceback

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.defaults import server_error

WAIT_SECONDS = 5  # a database that was restarted is found again within that


def bucket_errors(address: str) -> tuple[type[Exception], ...]:
    """Return what the bucket at MEDIA_STORAGE fails with; nothing where there is none: it needs no client then."""
    if not address:
        return ()
    from botocore.exceptions import BotoCoreError, ClientError

    return BotoCoreError, ClientError


def away(address: str) -> tuple[type[Exception], ...]:
    """Return the errors that say that a service doesn't answer: the database, and the bucket if there is one."""
    return OperationalError, InterfaceError, *bucket_errors(address)


BUCKET_FAILED = bucket_errors(settings.MEDIA_STORAGE)
AWAY = away(settings.MEDIA_STORAGE)


def failed(request: HttpRequest) -> HttpResponse:
    """Answer in place of what raised. What it had begun to write is rolled back; who asked may ask again."""
    error = sys.exception()
    _let_go(error)
    if not isinstance(error, AWAY):
        return server_error(request)
    content = render_to_string("503.html")
    headers = {"Retry-After": str(WAIT_SECONDS), "Cache-Control": "no-store"}
    return HttpResponse(content, status=503, headers=headers)


def _let_go(error: BaseException | None) -> None:
    """Clear what the frames of an error hold: they and the error hold each other, and in an outage that adds up."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__
