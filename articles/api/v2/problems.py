"""Errors of version 2: problem details as RFC 9457 has them, with the parts of the older errors."""

from __future__ import annotations

from http import HTTPStatus

from articles.api.items import dump_document
from articles.api.problems import DEFAULTS, ApiError


class ProblemError(ApiError):
    media_type = "application/problem+json"
    defaults = DEFAULTS | {
        400: ("is invalid", "See /api/v2/ for valid requests."),
        404: ("is not published here", "See /api/v2/stories/ for what is."),
    }

    @property
    def content(self) -> bytes:
        value = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": f"{self.where}: {self.what}. {self.hint}",
            "where": self.where,
            "what": self.what,
            "hint": self.hint,
        }
        return dump_document(value)
