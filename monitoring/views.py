"""The addresses for operators' programs: /healthz, /readyz and /metrics.

They are answered before all that asks who comes, and under any name: load balancers ask by address, and nothing in
these answers depends on the host. None touches a session.
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

from . import gauges
from .health import UNAVAILABLE, readiness, verdict

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
    """Tell that the process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """Tell in which state each service is, and by the status whether the site can serve."""
    states = readiness().states()
    told = verdict(states)
    content = json.dumps({"status": told, "checks": states}) + "\n"
    response = HttpResponse(content, content_type="application/json", status=503 if told == UNAVAILABLE else 200)
    if told == UNAVAILABLE:
        response["Retry-After"] = RETRY_SECONDS
    return response


def metrics(request: HttpRequest) -> HttpResponse:
    """Tell the figures to who knows METRICS_TOKEN."""
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    wanted = settings.METRICS_TOKEN.encode()
    if scheme.lower() != "bearer" or not compare_digest(token.strip().encode(errors="replace"), wanted):
        response = HttpResponse("This needs the token of METRICS_TOKEN.\n", content_type="text/plain", status=401)
        response["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return response
    registry = CollectorRegistry()
    registry.register(_Collector(gauges.collect))
    if counters := getattr(request, "counters", None):
        registry.register(_Collector(counters.collect))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


class _Collector:
    """What the library asks for: an object with a method."""

    def __init__(self, collect: Callable[[], Any]) -> None:
        self.collect = collect


PROBES: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/healthz": healthz,
    "/readyz": readyz,
    "/metrics": metrics,
}
