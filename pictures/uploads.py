"""Files that people upload: decoded and stored once, by whoever asks first."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.core.exceptions import ValidationError

T = TypeVar("T")


def once(work: Callable[[Any], T]) -> Callable[[Any], T]:
    """Return `work` on an upload with a memory: asked again, it returns or raises the same. Raises ValidationError."""

    @wraps(work)
    def remembered(upload: Any) -> T:
        if not hasattr(upload, "taken_up"):
            try:
                upload.taken_up = work(upload)
            except ValidationError as refused:
                upload.taken_up = refused
        if isinstance(upload.taken_up, ValidationError):
            raise upload.taken_up
        found: T = upload.taken_up
        return found

    return remembered
