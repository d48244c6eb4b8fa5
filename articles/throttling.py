"""How often one client may ask: requests are counted by address, in fixed windows of a minute, in Django's cache.

In a cache of each process's own (the default), each process counts for itself; with Redis they count together, and
while Redis is away each for itself again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

SEARCH_PREFIX = "/search/"
WINDOW_SECONDS = 60
IPV6_NETWORK_BITS = 64  # what one household or machine usually has to choose its addresses from


def seconds_to_wait(request: HttpRequest, name: str, per_minute: int) -> int:
    """Count a request against the limit `name`; return how long its client must wait, 0 if it may go on.

    `per_minute` 0 means no limit.
    """
    if per_minute <= 0:
        return 0
    window, spent = divmod(int(time.time()), WINDOW_SECONDS)
    count = _count(f"rate-{name}-{window}-{client_of(request)}")
    return WINDOW_SECONDS - spent if count > per_minute else 0


def client_of(request: HttpRequest) -> str:
    """Return whom a request counts for: its address, of IPv6 the network of 64 bits.

    Behind a proxy it is the last element of X-Forwarded-For, which the proxy itself wrote; all others are hearsay.
    """
    told = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:
        told = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip() or told
    try:
        address = ip_address(told)
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped or ip_network((int(address), IPV6_NETWORK_BITS), strict=False).network_address)
    return str(address)


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
