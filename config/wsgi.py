"""The entry point for WSGI servers such as gunicorn."""

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.contrib.auth import get_backends
from django.core.wsgi import get_wsgi_application
from django.template.loader import get_template
from django.urls import get_resolver, resolve

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("NEWSFOLD_SERVES", "true")  # settings give a server a pool of connections, a command one


def load_all() -> None:
    """Load views and templates now: in a process that takes the place of another, readers would wait for that."""
    resolve("/")
    get_resolver().resolve_error_handler(500)
    get_backends()
    folder = settings.BASE_DIR / "templates"
    for path in sorted(folder.rglob("*.*")):
        get_template(str(path.relative_to(folder)))


_django = get_wsgi_application()
load_all()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer as Django does; HEAD without the body, of which servers would complain in the log."""
    body = _django(environ, start_response)
    if environ["REQUEST_METHOD"] != "HEAD":
        return body
    if hasattr(body, "close"):
        body.close()
    return []
