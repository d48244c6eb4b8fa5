"""Let requests of readers read from a replica, which lags behind, without ever serving stale pages.

The replica is used only while its site version (`versions.py`) is the primary's: then it has everything that was
published or withdrawn before the request, and pages made from it may be cached. Otherwise, or if it fails, the primary
is used.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.core.exceptions import MiddlewareNotUsed
from django.db import Error, connections
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from articles.db.routers import REPLICA, read_alias, read_from_primary, read_from_replica

from .cacheable import is_cacheable_path
from .versions import SiteVersion, current_version

BACK_OFF_SECONDS = 5.0  # how long a replica that failed is not used

logger = logging.getLogger(__name__)
_unavailable_until = 0.0


class ReplicaMiddleware:
    """Choose the database for each request; repeat on the primary what the replica fails midway."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if REPLICA not in connections.settings:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        may_lag = request.method in ("GET", "HEAD") and is_cacheable_path(request.path_info)
        if not (may_lag and is_up_to_date(getattr(request, "site_version", None))):
            return self.get_response(request)
        with read_from_replica():
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        match = request.resolver_match
        if match is None or not isinstance(error, Error) or read_alias() != REPLICA:
            return None
        _back_off(error)
        read_from_primary()
        return match.func(request, *match.args, **match.kwargs)


def is_up_to_date(version: SiteVersion | None = None) -> bool:
    """Return whether the replica responds and is as recent as the primary.

    `version` is the primary's, if the caller has it already.
    """
    if time.monotonic() < _unavailable_until:
        return False
    now = timezone.now()
    try:
        replicated = current_version(now, using=REPLICA)
    except Error as error:
        _back_off(error)
        return False
    return replicated == (version or current_version(now))


def _back_off(error: Exception) -> None:
    global _unavailable_until
    _unavailable_until = time.monotonic() + BACK_OFF_SECONDS
    logger.warning("The replica failed; the primary is read for %d seconds: %s", BACK_OFF_SECONDS, error)
