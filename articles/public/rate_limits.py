"""How often one client may ask: requests are counted by address, in fixed windows of a minute, in Django's cache.

In a cache of each process's own (the default), each process counts for itself; with Redis they count together, and
while Redis is away each for itself again.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from config.client_ip import client_ip

SEARCH_PREFIX = "/search/"
WINDOW_SECONDS = 60


def seconds_to_wait(request: HttpRequest, name: str, per_minute: int) -> int:
    """Count a request against the limit `name`; return how long its client must wait, 0 if it may go on.

    `per_minute` 0 means no limit.
    """
    if per_minute <= 0:
        return 0
    window, spent = divmod(int(time.time()), WINDOW_SECONDS)
    count = _count(f"rate-{name}-{window}-{client_ip(request)}")
    return WINDOW_SECONDS - spent if count > per_minute else 0


def _count(key: str) -> int:
    cache.add(key, 0, 2 * WINDOW_SECONDS)
    try:
        return int(cache.incr(key))
    except ValueError:  # pushed out of the cache in between
        return 1


class SearchersMiddleware:
    """Refuses readers who search more often than SEARCH_RATE allows; kept answers count too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(SEARCH_PREFIX):
            return self.get_response(request)
        wait = seconds_to_wait(request, "search", settings.SEARCH_RATE)
        if not wait:
            return self.get_response(request)
        response = render(request, "429.html", {"wait": wait, "rate": settings.SEARCH_RATE}, status=429)
        response["Retry-After"] = str(wait)
        response["Cache-Control"] = "no-store"
        return response
