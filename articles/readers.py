"""Which views answer readers.

A view that `for_readers()` marks says by that: my answer is the same for everybody, and depends on nothing but the
address, the parameters that I name, and what is published. Such answers may be kept, and read from a replica.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from django.http import HttpResponseBase
from django.urls import Resolver404, ResolverMatch, resolve

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def for_readers(*parameters: str) -> Callable[[View], View]:
    """Mark a view whose answers may be kept. It reads no parameters of the query string but these."""

    def mark(view: View) -> View:
        view.for_readers = parameters  # type: ignore[attr-defined]
        return view

    return mark


def is_for_readers(path: str) -> bool:
    """Return whether a view that `for_readers()` marks is at this path."""
    return parameters_at(path) is not None


def parameters_at(path: str) -> tuple[str, ...] | None:
    """Return the parameters of the marked view at this path; None if another is there, or none."""
    match = match_at(path)
    return getattr(match.func, "for_readers", None) if match else None


@lru_cache(maxsize=2048)
def match_at(path: str) -> ResolverMatch | None:
    """Return which view is at this path; None if there is none."""
    try:
        return resolve(path)
    except Resolver404:
        return None
