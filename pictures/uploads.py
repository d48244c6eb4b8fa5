"""Process each uploaded file once, although both the view and the form's validation need the result."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.core.exceptions import ValidationError

T = TypeVar("T")


def memoize_per_upload(process: Callable[[Any], T]) -> Callable[[Any], T]:
    """Keep the result of `process`, or the ValidationError that it raised, on the upload and return it next time."""

    @wraps(process)
    def memoized(upload: Any) -> T:
        if not hasattr(upload, "processed"):
            try:
                upload.processed = process(upload)
            except ValidationError as error:
                upload.processed = error
        if isinstance(upload.processed, ValidationError):
            raise upload.processed
        result: T = upload.processed
        return result

    return memoized
