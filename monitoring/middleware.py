"""Every request has an id: on the answer and in each line of the log. Here it is counted and timed, too."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path
from random import getrandbits
from time import perf_counter

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import empty

from config.client_ip import client_ip

from .logs import request_id
from .request_counters import Counters
from .views import PROBES

HEADER = "X-Request-ID"
ID_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
REFUSALS = {401: "denied", 403: "denied", 429: "throttled"}  # a security log tells of (ASVS 16.3)

access_log = logging.getLogger("newsfold.access")
security_log = logging.getLogger("newsfold.security")
log = logging.getLogger("newsfold")

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def counters() -> Counters | None:
    """Return what counts requests; None without METRICS_TOKEN, as nobody could read the counts."""
    if not settings.METRICS_TOKEN:
        return None
    try:
        return Counters(Path(settings.METRICS_DIR))
    except OSError as error:
        log.error("METRICS_DIR can't be written to, so requests aren't counted: %s", error)
        return None


class RequestMiddleware:
    """The outermost: what it does holds for every answer, errors and static files included."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.counters = counters()
        self.static = settings.STATIC_URL
        self.is_logging = settings.LOG_ACCESS

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.META.get("HTTP_X_REQUEST_ID")
        number = given if given and ID_PATTERN.fullmatch(given) else f"{getrandbits(128):032x}"
        request.request_id = number  # type: ignore[attr-defined]
        request.counters = self.counters  # type: ignore[attr-defined]
        former = request_id.set(number)
        start = perf_counter()
        try:
            response = self.get_response(request)
            response.headers[HEADER] = number
            status = response.status_code
            if self.counters:
                self.counters.add(self._view(request), request.method or "", status, perf_counter() - start)
            if status in REFUSALS:
                security_log.warning("%s", REFUSALS[status], extra={"details": self._details(request, status)})
            if self.is_logging:
                took = {"ms": round((perf_counter() - start) * 1000, 1)}
                details = self._details(request, status) | took
                access_log.info("%s %s", request.method, request.path, extra={"details": details})
            return response
        finally:
            request_id.reset(former)

    def _view(self, request: HttpRequest) -> str:
        match = request.resolver_match
        if match is not None:
            return match.view_name
        if request.path_info in PROBES:
            return PROBES[request.path_info].__name__
        return "static" if request.path_info.startswith(self.static) else "none"

    def _details(self, request: HttpRequest, status: int) -> dict[str, object]:
        """Return what a line of the log says of a request: never its query, its headers or its body."""
        user = getattr(request, "user", None)
        if getattr(user, "_wrapped", None) is empty:
            user = None  # nobody has asked who it is, and a log makes no queries
        details = {
            "method": request.method,
            "path": request.path,
            "view": self._view(request),
            "status": status,
            "client": client_ip(request),
        }
        return details | ({"user": user.get_username()} if user is not None and user.is_authenticated else {})
