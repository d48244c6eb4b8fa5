"""Lets requests of readers read from a replica, which lags behind, without ever showing them an older newsroom.

The replica is asked only while its stamp (`stamps.py`) is the primary's: then it knows all that was published or
withdrawn before the request, and what is made of it may be kept. Otherwise, or if it fails, the primary answers.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from django.core.exceptions import MiddlewareNotUsed
from django.db import Error, connections
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from . import stamps
from .api.middleware import PREFIX as API
from .readers import is_for_readers
from .routing import REPLICA, from_primary, from_replica, reading

PAUSE_SECONDS = 5.0  # how long a replica that failed is left alone

logger = logging.getLogger(__name__)
_rests_until = 0.0


class ReplicaMiddleware:
    """Chooses for each request; one that the replica fails midway is answered anew from the primary."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if REPLICA not in connections.settings:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with reading_for(request):
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        match = request.resolver_match
        if match is None or not isinstance(error, Error) or reading() != REPLICA:
            return None
        _rest(error)
        from_primary()
        return match.func(request, *match.args, **match.kwargs)


def reading_for(request: HttpRequest) -> AbstractContextManager[None]:
    """Return in what to read for a request: the replica where it may be asked, else the primary."""
    may = REPLICA in connections.settings and _is_of_readers(request) and is_current(getattr(request, "stamp", None))
    return from_replica() if may else nullcontext()


def is_current(stamp: stamps.Taken | None = None) -> bool:
    """Return whether the replica is there and knows all that readers are to see or not to see at this moment.

    `stamp` is the primary's, if somebody has asked for it already.
    """
    if time.monotonic() < _rests_until:
        return False
    now = timezone.now()
    try:
        there = stamps.current(now, using=REPLICA)
    except Error as error:
        _rest(error)
        return False
    return there == (stamp or stamps.current(now))


def _is_of_readers(request: HttpRequest) -> bool:
    path = request.path_info
    return request.method in ("GET", "HEAD") and (path.startswith(API) or is_for_readers(path))


def _rest(error: Exception) -> None:
    global _rests_until
    _rests_until = time.monotonic() + PAUSE_SECONDS
    logger.warning("The replica failed; the primary answers for %d seconds: %s", PAUSE_SECONDS, error)
