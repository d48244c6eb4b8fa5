"""Which of the URLs that an entry names is its own."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from articles.rules.urls import strip_tracking, unwrap_redirect
from articles.rules.values import InvalidValueError, check_url

_IGNORED_PATTERN = re.compile(r"[\t\r\n]")  # browsers drop these from URLs
_SCHEME_PATTERN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def page_url(url: str, base_url: str) -> str:
    """Return the URL of a page without tracking parameters, or nothing if it is none."""
    url = absolute_url(url, base_url)
    return strip_tracking(unwrap_redirect(url)) if url else ""


def absolute_url(url: str, base_url: str) -> str:
    """Return the URL as an absolute one, or nothing if it is not http(s) or not a URL."""
    url = _IGNORED_PATTERN.sub("", url).strip().replace(" ", "%20")
    if not url:
        return ""
    try:
        url = urljoin(base_url, url) if base_url else url
        check_url(url)
    except (ValueError, InvalidValueError):
        return ""
    return url


def is_absolute_uri(text: str) -> bool:
    """Return whether a text begins with a scheme: `https:`, `tag:`."""
    return _SCHEME_PATTERN.match(text.strip()) is not None


def host_of(url: str) -> str:
    """Return the host without `www.` and a dot at its end, or nothing."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.").rstrip(".")
