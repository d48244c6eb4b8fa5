"""Errors of the API: JSON that says where something is wrong, what, and what to do."""

from __future__ import annotations

from typing import ClassVar

from django.http import HttpResponse

from .items import dump_document

MEDIA_TYPE = "application/json"
DEFAULTS = {
    400: ("is invalid", "See /api/openapi.json for valid requests."),
    404: ("is not published here", "See /api/news/index.json for what is."),
    405: ("is read-only", "Use GET, HEAD or OPTIONS."),
    500: ("could not be answered", "Try again later."),
    503: ("is unavailable", "Try again after the number of seconds in Retry-After."),
}


class ApiError(Exception):
    """An error response: `where` names the parameter or URL, `what` is wrong with it, `hint` what to do."""

    media_type = MEDIA_TYPE
    defaults: ClassVar = DEFAULTS

    def __init__(self, status: int, where: str, what: str = "", hint: str = "") -> None:
        default_what, default_hint = self.defaults.get(status, self.defaults[400 if status < 500 else 500])
        self.status = status
        self.where = where
        self.what = what or default_what
        self.hint = hint or default_hint
        super().__init__(f"{where} {self.what}")

    @property
    def content(self) -> bytes:
        return dump_document({"status": self.status, "where": self.where, "what": self.what, "hint": self.hint})

    def response(self) -> HttpResponse:
        return HttpResponse(self.content, status=self.status, content_type=self.media_type)


def json_response(content: bytes) -> HttpResponse:
    return HttpResponse(content, content_type=MEDIA_TYPE)
