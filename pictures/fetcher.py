"""Fetch files whose first bytes are those of a picture, unless they claim to be something else.

The decoder process decodes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fetching.client import FetchError, HttpClient
from texts import gettext_lazy as _

from .sniffing import CONTENT_TYPES, MAX_BYTES, UNSPECIFIC_CONTENT_TYPES, format_of

ACCEPT = "image/avif,image/webp,image/jpeg,image/png,image/gif"


class PictureFetcher:
    """Fetch pictures; may be used by several threads. Takes the options of HttpClient but `accept` and `max_bytes`."""

    def __init__(self, agent: str = "Newsfold", **options: Any) -> None:
        self._client = HttpClient(agent, accept=ACCEPT, max_bytes=MAX_BYTES, **options)

    def fetch(self, url: str) -> bytes:
        """Return the file at `url`, whose first bytes match its content type if it has one. Raises FetchError."""
        formats: list[str | None] = []

        def check_headers(headers: Mapping[str, str]) -> None:
            formats.append(_picture_format(headers))

        data = self._client.get(url, check_headers)
        if not data:
            raise FetchError(_("sends nothing"))
        guess = format_of(data)
        claim = formats[-1]
        if guess is None and claim is None:
            raise FetchError(_("sends no picture that we can read"))
        if claim is not None and guess != claim:
            if guess:
                raise FetchError(_("says that it is %(claim)s, but sends a %(guess)s file", claim=claim, guess=guess))
            raise FetchError(_("says that it is %(claim)s, but sends something else", claim=claim))
        return data


def _picture_format(headers: Mapping[str, str]) -> str | None:
    """Return the format that the content type names; None if it names none. Raises FetchError if it is no picture's."""
    content_type = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if content_type in UNSPECIFIC_CONTENT_TYPES:
        return None
    if content_type not in CONTENT_TYPES:
        raise FetchError(
            _(
                "says that it is %(content_type)s; pictures are JPEG, PNG, GIF, WebP or AVIF",
                content_type=f"{content_type[:80]!r}",
            )
        )
    return CONTENT_TYPES[content_type]
