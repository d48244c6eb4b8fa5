"""Look at a URL while an editor waits: one at a time for each of them, with the limits of every fetch."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from fetching.client import HttpClient
from sources.fetcher import source_client
from sources.preview import SECONDS
from sources.reading.urls import host_of

from .view_helpers import DeskRequest

WAIT = _("You are looking at another URL. Wait until that is done, then try again.")
HAS_SCHEME_PATTERN = re.compile(r"[a-z][a-z0-9+.-]*:(?!\d)", re.IGNORECASE)  # and not the port of a host
FEED_SCHEME_PATTERN = re.compile(r"^feed:(?://|(?=https?:))", re.IGNORECASE)  # that some pages link feeds with
Found = TypeVar("Found")


def requested_url(request: DeskRequest) -> str:
    """Return the URL that a person typed or pasted, or that a link gives; without a scheme it is one of HTTPS."""
    url = (request.POST.get("url") or request.GET.get("url", "")).strip()
    url = FEED_SCHEME_PATTERN.sub("", url)
    return url if not url or HAS_SCHEME_PATTERN.match(url) else f"https://{url.removeprefix('//')}"


def is_url(text: str) -> bool:
    """Return whether a text names a host, so that it is worth a look."""
    host = host_of(text)
    return bool(host) and not any(map(str.isspace, host))


def look_at(request: DeskRequest, url: str, preview: Callable[[str, HttpClient], Found]) -> Found | None:
    """Return what `preview` finds at the URL; None while the same user waits for another."""
    key = f"looking-{request.user.pk}"
    if not cache.add(key, True, timeout=3 * SECONDS):
        return None
    try:
        return preview(url, source_client(seconds=SECONDS))
    finally:
        cache.delete(key)
