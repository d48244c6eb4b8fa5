"""Whole addresses of this site's pages, for whoever reads them elsewhere: feeds, crawlers, other sites."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def site_address(request: HttpRequest | None = None) -> str:
    """Return the site's scheme and host: SITE_URL where it is set, else what `request` names; empty for neither."""
    if settings.SITE_URL:
        return settings.SITE_URL.rstrip("/")
    return f"{request.scheme}://{request.get_host()}" if request is not None else ""
