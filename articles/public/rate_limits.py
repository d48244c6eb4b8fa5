"""Rate limits: requests are counted by client IP in fixed windows of a minute, in Django's cache.

With the default cache each process counts for itself; with Redis they count together, and while Redis is unavailable
each for itself again.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from config.client_ip import client_ip

SEARCH_PREFIX = "/search/"
WINDOW_SECONDS = 60


def retry_after(request: HttpRequest, name: str, per_minute: int) -> int:
    """Count a request against the limit `name`; return how many seconds its client must wait, 0 if none.

    `per_minute` 0 means no limit.
    """
    if per_minute <= 0:
        return 0
    window, elapsed = divmod(int(time.time()), WINDOW_SECONDS)
    count = _count(f"rate-{name}-{window}-{client_ip(request)}")
    return WINDOW_SECONDS - elapsed if count > per_minute else 0


def limited(response: HttpResponse, seconds: int) -> HttpResponse:
    """Return a response with the headers of one that was refused for a rate limit."""
    response["Retry-After"] = str(seconds)
    response["Cache-Control"] = "no-store"
    return response


def _count(key: str) -> int:
    cache.add(key, 0, 2 * WINDOW_SECONDS)
    try:
        return int(cache.incr(key))
    except ValueError:  # evicted from the cache meanwhile
        return 1


class SearchRateLimitMiddleware:
    """Refuse clients that search more often than SEARCH_RATE allows, even if their pages are cached."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(SEARCH_PREFIX):
            wait = retry_after(request, "search", settings.SEARCH_RATE)
            if wait:
                context = {"wait": wait, "rate": settings.SEARCH_RATE}
                return limited(render(request, "429.html", context, status=429), wait)
        return self.get_response(request)
