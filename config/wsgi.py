"""The entry point for WSGI servers such as gunicorn."""

import os
from collections.abc import Callable, Iterable
from typing import Any

import django
from django.conf import settings
from django.contrib.auth import get_backends
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponseBase
from django.template.loader import get_template
from django.urls import get_resolver, resolve

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("NEWSFOLD_SERVES", "true")  # settings give a server a pool of connections, a command one
HOLDERS = ("user", "auser", "_messages", "htmx")  # what a request holds that holds the request


def load_all() -> None:
    """Load views and templates now: in a process that takes the place of another, readers would wait for that."""
    resolve("/")
    get_resolver().resolve_error_handler(500)
    get_backends()
    folder = settings.BASE_DIR / "templates"
    for path in sorted(folder.rglob("*.*")):
        get_template(str(path.relative_to(folder)))


class Handler(WSGIHandler):
    """Django's. Afterwards nothing is left of a request; else the garbage collector finds it some hundred later."""

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        response = super().get_response(request)
        for name in HOLDERS:
            vars(request).pop(name, None)
        return response


django.setup(set_prefix=False)
_django = Handler()
load_all()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer as Django does; HEAD without the body, of which servers would complain in the log."""
    body = _django(environ, start_response)
    if environ["REQUEST_METHOD"] != "HEAD":
        return body
    if hasattr(body, "close"):
        body.close()
    return []
