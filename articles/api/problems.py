"""Errors as the API tells them: JSON that says where something is wrong, what, and what to do."""

from __future__ import annotations

from django.http import HttpResponse

from .items import compact

HINTS = {
    400: ("can't be understood", "See /api/openapi.json for what may be asked."),
    404: ("is not published here", "See /api/news/index.json for what is."),
    405: ("can only be read", "Use GET, HEAD or OPTIONS."),
    500: ("could not be answered", "Try again later."),
    503: ("can't be answered at this moment", "Ask again after the seconds that Retry-After tells."),
}


class Problem(Exception):
    """An answer of `status`: `where` names the parameter or address, `what` is wrong with it, `hint` what to do."""

    def __init__(self, status: int, where: str, what: str = "", hint: str = "") -> None:
        usual = HINTS.get(status, HINTS[400 if status < 500 else 500])
        self.status = status
        self.where = where
        self.what = what or usual[0]
        self.hint = hint or usual[1]
        super().__init__(f"{where} {self.what}")

    @property
    def content(self) -> bytes:
        return compact({"status": self.status, "where": self.where, "what": self.what, "hint": self.hint})

    def response(self) -> HttpResponse:
        return json_response(self.content, self.status)


def json_response(content: bytes, status: int = 200) -> HttpResponse:
    return HttpResponse(content, status=status, content_type="application/json")
