"""/healthz, /readyz and /metrics, for operators' programs.

A middleware answers them before sessions, cache and redirects, and under any host name: load balancers use IP
addresses, and nothing in these responses depends on the host.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from hmac import compare_digest
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from .gauges import site_gauges
from .health import UNAVAILABLE, overall_status, readiness

GetResponse = Callable[[HttpRequest], HttpResponseBase]
RETRY_SECONDS = "5"


class ProbesMiddleware:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.views = {path: view for path, view in PROBES.items() if view is not metrics or settings.METRICS_TOKEN}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        view = self.views.get(request.path_info)
        if view is None:
            return self.get_response(request)
        response = view(request) if request.method in ("GET", "HEAD") else HttpResponseNotAllowed(["GET", "HEAD"])
        response["Cache-Control"] = "no-store"
        response["Content-Length"] = str(len(response.content))
        return response


def healthz(request: HttpRequest) -> HttpResponse:
    """Respond that the process is alive, without checking any service."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


def readyz(request: HttpRequest) -> HttpResponse:
    """Return the state of each service, with status 503 if the site can't serve."""
    states = readiness().states()
    status = overall_status(states)
    content = json.dumps({"status": status, "checks": states}) + "\n"
    response = HttpResponse(content, content_type="application/json", status=503 if status == UNAVAILABLE else 200)
    if status == UNAVAILABLE:
        response["Retry-After"] = RETRY_SECONDS
    return response


def metrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics to clients with METRICS_TOKEN."""
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    expected = settings.METRICS_TOKEN.encode()
    if scheme.lower() != "bearer" or not compare_digest(token.strip().encode(errors="replace"), expected):
        response = HttpResponse(
            "Send METRICS_TOKEN as a bearer token.\n", content_type="text/plain; charset=utf-8", status=401
        )
        response["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return response
    registry = CollectorRegistry()
    registry.register(_Collector(site_gauges))
    if counters := getattr(request, "counters", None):
        registry.register(_Collector(counters.collect))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


class _Collector:
    """Adapt a function to the collector object that the library expects."""

    def __init__(self, collect: Callable[[], Any]) -> None:
        self.collect = collect


PROBES: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/healthz": healthz,
    "/readyz": readyz,
    "/metrics": metrics,
}
