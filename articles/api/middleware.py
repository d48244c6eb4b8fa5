"""What holds for all answers under /api/: scripts of any site may read, errors are JSON, asking has a limit."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from articles.public.rate_limits import seconds_to_wait

from .problems import Problem

PREFIX = "/api/"
METHODS = "GET, HEAD, OPTIONS"
PREFLIGHT_SECONDS = 24 * 3600  # how long a browser remembers that it may ask
GetResponse = Callable[[HttpRequest], HttpResponseBase]


class OpenToAllMiddleware:
    """Lets scripts of any site read the answers, and gives errors a body of JSON. The outermost: it sees them all."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not request.path_info.startswith(PREFIX):
            return response
        if response.status_code >= 400 and isinstance(response, HttpResponse):
            _tell_in_json(request, response)
        response["Access-Control-Allow-Origin"] = "*"
        response["Access-Control-Expose-Headers"] = "ETag, Retry-After"
        return response


class ReadersMiddleware:
    """Answers preflights, and refuses clients who ask more often than API_RATE allows."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        if request.method == "OPTIONS":
            return _preflight()
        wait = seconds_to_wait(request, "api", settings.API_RATE)
        if not wait:
            return self.get_response(request)
        what = f"was asked for more often than {settings.API_RATE} times in a minute"
        response = Problem(429, request.path_info, what, f"Wait {wait} seconds.").response()
        response["Retry-After"] = str(wait)
        response["Cache-Control"] = "no-store"
        return response


def _preflight() -> HttpResponse:
    headers = {
        "Allow": METHODS,
        "Access-Control-Allow-Methods": METHODS,
        "Access-Control-Allow-Headers": "*",
        "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
    }
    return HttpResponse(status=204, headers=headers)


def _tell_in_json(request: HttpRequest, response: HttpResponse) -> None:
    if response.status_code == 405:
        response["Allow"] = METHODS
    if response.get("Content-Type") != "application/json":
        response.content = Problem(response.status_code, request.path_info).content
        response["Content-Type"] = "application/json"
        if response.has_header("Content-Length"):
            response["Content-Length"] = str(len(response.content))
