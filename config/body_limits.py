"""Limit the bodies of requests by what they are for, before anything is parsed or written to disk.

Readers' pages take no body at all: nothing reads it, and methods that would have one are refused. A large body is for
staff who have signed in: a form, or a form with pictures.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed

SIGN_IN_BYTES = 20_000  # sign-in and its codes, and whatever somebody sends who hasn't signed in
FORM_BYTES = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
UPLOAD_BYTES = 20_000_000  # a form with pictures of up to 15 MB; also nginx's client_max_body_size

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class BodyLimitMiddleware:
    """Refuse bodies that are too long or don't say how long they are. Runs after the middleware that knows the user."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.META.get("HTTP_TRANSFER_ENCODING"):
            return _refusal("Send a Content-Length.\n", 411)
        length = _content_length(request)
        if length is None:
            return _refusal("The Content-Length is not a number.\n", 400)
        if not request.path_info.startswith(f"/{settings.ADMIN_PATH}"):
            takes_body = length and request.method not in SAFE_METHODS
            return HttpResponseNotAllowed(SAFE_METHODS[:2]) if takes_body else self.get_response(request)
        if length > _limit(request, length):
            return _refusal("The request is too large.\n", 413)
        return self.get_response(request)


def _content_length(request: HttpRequest) -> int | None:
    """Return the length that the request announces, 0 without one; None if it is no number."""
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def _limit(request: HttpRequest, length: int) -> int:
    """Return how many bytes of body the request may have. Looks the user up only if that makes a difference."""
    if length <= SIGN_IN_BYTES or not (request.user.is_active and request.user.is_staff):
        return SIGN_IN_BYTES
    return UPLOAD_BYTES if request.content_type == "multipart/form-data" else FORM_BYTES


def _refusal(text: str, status: int) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
