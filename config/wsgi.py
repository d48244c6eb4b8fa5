"""The entry point for WSGI servers such as gunicorn."""

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.urls import resolve

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("NEWSFOLD_SERVES", "true")  # settings give a server a pool of connections, a command one
_django = get_wsgi_application()
resolve("/")  # loads all views now: in a process that takes the place of another, readers would wait for that


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer as Django does; HEAD without the body, of which servers would complain in the log."""
    body = _django(environ, start_response)
    if environ["REQUEST_METHOD"] != "HEAD":
        return body
    if hasattr(body, "close"):
        body.close()
    return []
