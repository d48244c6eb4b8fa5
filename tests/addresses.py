"""Every address of the site, from its own table of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.urls import URLPattern, get_resolver

ARGUMENT_PATTERN = re.compile(r"<(?:(\w+):)?(\w+)>|\(\?P<(\w+)>[^)]*\)")


class Address(NamedTuple):
    """An address with its arguments still in it, and the view behind it."""

    template: str
    name: str
    view: Any

    def filled(self, values: dict[str, str]) -> str:
        """Return the address with its arguments filled in, by `name:argument` or by argument."""

        def fill(found: re.Match[str]) -> str:
            argument = found[2] or found[3]
            return values.get(f"{self.name}:{argument}") or values[argument]

        return ARGUMENT_PATTERN.sub(fill, self.template)


def all_addresses() -> Iterator[Address]:
    yield from _below(get_resolver().url_patterns, "/")


def _below(patterns: Any, prefix: str) -> Iterator[Address]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern).removeprefix("^").removesuffix("$").removesuffix("\\Z")
        if isinstance(pattern, URLPattern):
            yield Address(route, pattern.name or "", pattern.callback)
        else:
            yield from _below(pattern.url_patterns, route)
