"""All URLs of the site, from its URL configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.urls import URLPattern, get_resolver

ARGUMENT_PATTERN = re.compile(r"<(?:(\w+):)?(\w+)>|\(\?P<(\w+)>[^)]*\)")


class SiteUrl(NamedTuple):
    """A URL pattern with placeholders for its arguments, and its view."""

    template: str
    name: str
    view: Any

    def filled(self, values: dict[str, str]) -> str:
        """Return the URL with the values of its arguments, looked up by `name:argument` or by argument."""

        def fill(match: re.Match[str]) -> str:
            argument = match[2] or match[3]
            return values.get(f"{self.name}:{argument}") or values[argument]

        return ARGUMENT_PATTERN.sub(fill, self.template)


def all_urls(urlconf: str | None = None) -> Iterator[SiteUrl]:
    """Yield the URLs of a site as tests configure it, or those of another URL configuration."""
    yield from _below(get_resolver(urlconf).url_patterns, "/")


def _below(patterns: Any, prefix: str) -> Iterator[SiteUrl]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern).removeprefix("^").removesuffix("$").removesuffix("\\Z")
        if isinstance(pattern, URLPattern):
            yield SiteUrl(route, pattern.name or "", pattern.callback)
        else:
            yield from _below(pattern.url_patterns, route)
