"""Look at a URL while an editor waits: one at a time for each of them, with the limits of every fetch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from articles.intake.client import source_client
from fetching.client import HttpClient
from sources.preview import SECONDS

from .view_helpers import DeskRequest

WAIT = _("You are looking at another URL. Wait until that is done, then try again.")
Found = TypeVar("Found")


def look_at(request: DeskRequest, url: str, preview: Callable[[str, HttpClient], Found]) -> Found | None:
    """Return what `preview` finds at the URL; None while the same user waits for another."""
    key = f"looking-{request.user.pk}"
    if not cache.add(key, True, timeout=3 * SECONDS):
        return None
    try:
        return preview(url, source_client(seconds=SECONDS))
    finally:
        cache.delete(key)
