"""Which views answer readers.

A view that `for_readers()` marks says by that: my answer is the same for everybody, and depends on nothing but the
address, the parameters that I name, and what is published. Such answers may be kept, and read from a replica.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, ResolverMatch, resolve

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def for_readers(*parameters: str, alone: bool = False) -> Callable[[View], View]:
    """Mark a view whose answers may be kept. It reads no parameters of the query string but these.

    With `alone` it does, or refuses some: only answers to requests without others may be kept.
    """

    def mark(view: View) -> View:
        view.for_readers, view.alone = parameters, alone  # type: ignore[attr-defined]
        return view

    return mark


def is_for_readers(path: str) -> bool:
    """Return whether a view that `for_readers()` marks is at this path."""
    match = match_at(path)
    return match is not None and hasattr(match.func, "for_readers")


def parameters_of(request: HttpRequest) -> tuple[str, ...] | None:
    """Return the parameters that the answer to a request depends on; None if it may not be kept."""
    match = match_at(request.path_info)
    if match is None or request.method not in ("GET", "HEAD"):
        return None
    parameters = getattr(match.func, "for_readers", None)
    if parameters is None or (getattr(match.func, "alone", False) and not set(request.GET) <= set(parameters)):
        return None
    return parameters


@lru_cache(maxsize=2048)
def match_at(path: str) -> ResolverMatch | None:
    """Return which view is at this path; None if there is none."""
    try:
        return resolve(path)
    except Resolver404:
        return None
