"""The base of absolute URLs: feeds, sitemaps and metadata need them."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def site_url(request: HttpRequest | None = None) -> str:
    """Return the site's scheme and host: SITE_URL if it is set, else those of the request; empty without either."""
    if settings.SITE_URL:
        return settings.SITE_URL.rstrip("/")
    return f"{request.scheme}://{request.get_host()}" if request is not None else ""
