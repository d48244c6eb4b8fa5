"""Providers' text for display: decode entities, shorten, and allow only web links. Nothing here is escaped."""

from __future__ import annotations

import html

from django.utils.text import Truncator

from articles.rules.urls import strip_tracking


def unescape(text: str) -> str:
    """Decode entities that a provider left in its text."""
    return html.unescape(str(text))


def first_words(text: str, length: int) -> str:
    """Return the first words of unescaped text, at most `length` characters."""
    words = " ".join(text.split())
    if len(words) <= length:
        return words
    cut = Truncator(words).chars(length, truncate="")
    return f"{cut.rpartition(' ')[0] or cut} …"


def truncate_words(text: str, length: int) -> str:
    """Return the first words of a provider's text as it is stored."""
    return first_words(unescape(text), length)


def http_url(url: str) -> str:
    """Return `url` as readers follow it, without tracking parameters; empty unless it is http or https."""
    return strip_tracking(url) if url.lower().startswith(("https://", "http://")) else ""
