"""Decode and store uploaded pictures, each upload once, although both the view and the form's validation need it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple, TypeVar

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from . import files
from .decoder import Decoder
from .sizes import Kind, PictureError

MAX_BYTES = 5_000_000

T = TypeVar("T")


class StoredUpload(NamedTuple):
    """The files of an uploaded picture in the storage, smallest first, and the size of the largest."""

    files: list[str]
    width: int
    height: int


def store_upload(upload: Any, folder: str, kind: Kind) -> StoredUpload:
    """Store the renditions of an uploaded picture. Raises ValidationError, and OSError if the storage fails."""
    data = upload.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        megabytes = MAX_BYTES // 1_000_000
        raise ValidationError(_("This file has more than %(most)d MB. Upload a smaller one.") % {"most": megabytes})
    try:
        with Decoder() as decoder:
            renditions = decoder.decode(data, [kind])[kind]
    except PictureError as error:
        raise ValidationError(_("This file %(problem)s. Upload another one.") % {"problem": error}) from error
    largest = renditions[-1]
    return StoredUpload(files.store(folder, renditions), largest.width, largest.height)


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
