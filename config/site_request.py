"""Requests as the site reads them: in UTF-8, as browsers send text."""

from __future__ import annotations

from typing import Any

from django.core.handlers.wsgi import WSGIRequest


class SiteRequest(WSGIRequest):
    """Ignores the charset of Content-Type. Django decodes with it, and some codecs can't decode text, such as hex."""

    def __init__(self, environ: dict[str, Any]) -> None:
        try:
            super().__init__(environ)
        except (LookupError, ValueError):  # a parameter of Content-Type that Django can't read
            environ["CONTENT_TYPE"] = ""
            super().__init__(environ)

    @property
    def encoding(self) -> None:
        return None  # UTF-8, Django's default

    @encoding.setter
    def encoding(self, charset: str) -> None:
        pass
