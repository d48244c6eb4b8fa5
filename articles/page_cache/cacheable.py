"""Mark the views whose responses are the same for every reader.

A view marked with `cacheable()` depends on nothing but the URL, the query parameters that it names, and what is
published. Its responses may be cached, and read from a replica.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, ResolverMatch, resolve

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def cacheable(*parameters: str, strict: bool = False) -> Callable[[View], View]:
    """Mark a view as cacheable. It ignores all query parameters but `parameters`.

    A `strict` view reads or refuses others: only responses to requests without them are cached.
    """

    def mark(view: View) -> View:
        view.cache_parameters, view.is_strict = parameters, strict  # type: ignore[attr-defined]
        return view

    return mark


def is_cacheable_path(path: str) -> bool:
    match = resolve_cached(path)
    return match is not None and hasattr(match.func, "cache_parameters")


def cache_parameters(request: HttpRequest) -> tuple[str, ...] | None:
    """Return the query parameters that the response depends on; None if it must not be cached."""
    match = resolve_cached(request.path_info)
    if match is None or request.method not in ("GET", "HEAD"):
        return None
    parameters: tuple[str, ...] | None = getattr(match.func, "cache_parameters", None)
    if parameters is None or (getattr(match.func, "is_strict", False) and not set(request.GET) <= set(parameters)):
        return None
    return parameters


@lru_cache(maxsize=2048)
def resolve_cached(path: str) -> ResolverMatch | None:
    """Return the match for a path, or None; resolving costs more than the rest of a cached response."""
    try:
        return resolve(path)
    except Resolver404:
        return None
