"""What applies to every response under /api/: CORS for scripts of any site, errors as JSON, a rate limit."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from articles.public.rate_limits import limited, retry_after

from .problems import ApiError
from .v2.problems import ProblemError

METHODS = "GET, HEAD, OPTIONS"
PREFLIGHT_HEADERS = {
    "Allow": METHODS,
    "Access-Control-Allow-Methods": METHODS,
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": str(24 * 3600),  # seconds for which browsers remember it
}
V2_PREFIX = f"{settings.API_PREFIX}v2/"
SEARCH_PREFIX = f"{V2_PREFIX}search/"
GetResponse = Callable[[HttpRequest], HttpResponseBase]


class ApiErrorsAndCorsMiddleware:
    """Let scripts of any site read the responses, and give errors a JSON body. Outermost, so that it sees them all."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not request.path_info.startswith(settings.API_PREFIX):
            return response
        if response.status_code >= 400 and isinstance(response, HttpResponse):
            _to_json_error(request, response)
        response["Access-Control-Allow-Origin"] = "*"
        response["Access-Control-Expose-Headers"] = "ETag, Retry-After"
        return response


class ApiRateLimitMiddleware:
    """Answer preflight requests, and refuse clients that send more requests than API_RATE allows."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(settings.API_PREFIX):
            return self.get_response(request)
        if request.method == "OPTIONS":
            return HttpResponse(status=204, headers=PREFLIGHT_HEADERS)
        for name, prefix, rate in (
            ("api", settings.API_PREFIX, settings.API_RATE),
            ("search", SEARCH_PREFIX, settings.SEARCH_RATE),  # counted with the searches on the site's page
        ):
            wait = retry_after(request, name, rate) if request.path_info.startswith(prefix) else 0
            if wait:
                what = f"was requested more than {rate} times in a minute"
                error = _error_class(request)(429, request.path_info, what, f"Wait {wait} seconds.")
                return limited(error.response(), wait)
        return self.get_response(request)


def _error_class(request: HttpRequest) -> type[ApiError]:
    return ProblemError if request.path_info.startswith(V2_PREFIX) else ApiError


def _to_json_error(request: HttpRequest, response: HttpResponse) -> None:
    if response.status_code == 405:
        response["Allow"] = METHODS
    error_class = _error_class(request)
    if response.get("Content-Type") != error_class.media_type:
        response.content = error_class(response.status_code, request.path_info).content
        response["Content-Type"] = error_class.media_type
        if response.has_header("Content-Length"):
            response["Content-Length"] = str(len(response.content))
