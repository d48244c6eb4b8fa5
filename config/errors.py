"""What is answered when an answer fails: 503 where a service is away and asking again will help, else 500."""

from __future__ import annotations

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.defaults import server_error

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:  # a site without S3 needs no client for it

    class BotoCoreError(Exception):  # type: ignore[no-redef]
        pass

    class ClientError(Exception):  # type: ignore[no-redef]
        pass


AWAY = (OperationalError, InterfaceError, BotoCoreError, ClientError)
WAIT_SECONDS = 5  # a database that was restarted is found again within that


def failed(request: HttpRequest) -> HttpResponse:
    """Answer in place of what raised. What it had begun to write is rolled back; who asked may ask again."""
    if not isinstance(sys.exception(), AWAY):
        return server_error(request)
    content = render_to_string("503.html")
    headers = {"Retry-After": str(WAIT_SECONDS), "Cache-Control": "no-store"}
    return HttpResponse(content, status=503, headers=headers)
