"""Whose headline the site shows: the outlet's own, or ours."""

from __future__ import annotations

import html


def outlets_headline(title: str, incoming: str | None) -> str:
    """Return the outlet's own headline where the site shows another one; empty if it shows the outlet's.

    `incoming` is the incoming value of an edited title. Spaces and entities, which readers don't see, make no
    difference.
    """
    return incoming if incoming and _as_read(incoming) != _as_read(title) else ""


def _as_read(title: str) -> str:
    return " ".join(html.unescape(title).split())
