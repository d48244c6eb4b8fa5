"""Codings that a client refuses: `gzip;q=0` means any but gzip, which WhiteNoise and the page cache overlook."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

REFUSED_PATTERN = re.compile(r";\s*q=0(\.0*)?\s*$", re.IGNORECASE)


class AcceptEncodingMiddleware:
    """Remove the codings that the client refuses from its header."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        codings = request.META.get("HTTP_ACCEPT_ENCODING", "")
        if ";" in codings:
            accepted = [coding for coding in codings.split(",") if not REFUSED_PATTERN.search(coding)]
            request.META["HTTP_ACCEPT_ENCODING"] = ",".join(accepted)
        return self.get_response(request)
