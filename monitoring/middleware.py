"""Give each request an id, count it and log it."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path
from random import getrandbits
from time import perf_counter

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from config.client_ip import client_ip

from .logs import request_id
from .request_counters import RequestCounters
from .views import PROBES

HEADER = "X-Request-ID"
ID_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
SECURITY_STATUSES = {401: "denied", 403: "denied", 429: "throttled"}  # they go to the security log (ASVS 16.3)

access_log = logging.getLogger("newsfold.access")
security_log = logging.getLogger("newsfold.security")
log = logging.getLogger("newsfold")

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def request_counters() -> RequestCounters | None:
    """Return the counters; None without METRICS_TOKEN, because nobody could read them."""
    if not settings.METRICS_TOKEN:
        return None
    try:
        return RequestCounters(Path(settings.METRICS_DIR))
    except OSError as error:
        log.error("METRICS_DIR can't be written to, so requests aren't counted: %s", error)
        return None


class RequestLogMiddleware:
    """The outermost middleware, so that it sees every response, errors and static files included."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.counters = request_counters()
        self.static_url = settings.STATIC_URL
        self.logs_access = settings.LOG_ACCESS

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        proxy_id = request.META.get("HTTP_X_REQUEST_ID")
        current_id = proxy_id if proxy_id and ID_PATTERN.fullmatch(proxy_id) else f"{getrandbits(128):032x}"
        request.request_id = current_id  # type: ignore[attr-defined]
        request.counters = self.counters  # type: ignore[attr-defined]
        reset_token = request_id.set(current_id)
        start = perf_counter()
        try:
            response = self.get_response(request)
            response.headers[HEADER] = current_id
            self._record(request, response.status_code, perf_counter() - start)
            return response
        finally:
            request_id.reset(reset_token)

    def _record(self, request: HttpRequest, status: int, seconds: float) -> None:
        if self.counters:
            self.counters.add(self._view_name(request), request.method or "", status, seconds)
        if status in SECURITY_STATUSES:
            security_log.warning("%s", SECURITY_STATUSES[status], extra={"details": self._details(request, status)})
        if self.logs_access:
            details = self._details(request, status) | {"ms": round(seconds * 1000, 1)}
            access_log.info("%s %s", request.method, request.path, extra={"details": details})

    def _view_name(self, request: HttpRequest) -> str:
        match = request.resolver_match
        if match is not None:
            return match.view_name
        if request.path_info in PROBES:
            return PROBES[request.path_info].__name__
        return "static" if request.path_info.startswith(self.static_url) else "none"

    def _details(self, request: HttpRequest, status: int) -> dict[str, object]:
        """Return what a log line says about a request: never its query, headers or body."""
        details = {
            "method": request.method,
            "path": request.path,
            "view": self._view_name(request),
            "status": status,
            "client": client_ip(request),
        }
        user = getattr(request, "signed_in_user", None)  # set by accounts/sessions.py when the user is loaded
        return details | ({"user": user.get_username()} if user is not None else {})
