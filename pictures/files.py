"""Renditions in the storage: all of a picture's in one folder that is named by what they hold.

The one module here that knows Django. A name never changes its content, so two processes that store the same picture
at once agree, and whoever fetched a file once may keep it for ever.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from .sizes import LOGO_SIZES, Rendition

KEY_LENGTH = 32  # hexadecimal digits of a SHA-256; a page names a picture up to nine times
PICTURES, LOGOS = "pictures", "logos"


def key_of(renditions: Iterable[Rendition]) -> str:
    digest = hashlib.sha256()
    for rendition in renditions:
        digest.update(f"{rendition.rung}.{rendition.suffix} {len(rendition.data)}\n".encode())
        digest.update(rendition.data)
    return digest.hexdigest()[:KEY_LENGTH]


def name_of(folder: str, key: str, rung: int | str, suffix: str) -> str:
    """Return the name of a rendition in the storage."""
    return f"{folder}/{key[:2]}/{key}/{rung}.{suffix}"


def store(folder: str, renditions: Sequence[Rendition]) -> list[str]:
    """Store the renditions of a picture; return their names, in their order. Files that are there stay.

    Raises OSError, for a full disk for one; then none of the files that it wrote is left.
    """
    key = key_of(renditions)
    names, written = [], []
    try:
        for rendition in renditions:
            name = name_of(folder, key, rendition.rung, rendition.suffix)
            names.append(name)
            if not default_storage.exists(name):
                written.append(name)
                default_storage.save(name, ContentFile(rendition.data))
    except BaseException:
        delete(written)
        raise
    return names


def are_there(names: Iterable[str]) -> bool:
    """Return whether the storage has all of these; it is asked once for each folder."""
    folders: dict[str, set[str]] = {}
    for name in names:
        folder, _, file = name.rpartition("/")
        folders.setdefault(folder, set()).add(file)
    try:
        return all(files.issubset(default_storage.listdir(folder)[1]) for folder, files in folders.items())
    except FileNotFoundError:
        return False


def delete(names: Iterable[str]) -> int:
    """Delete files, those that are there; return how many were deleted. What can't be deleted stays."""
    deleted = 0
    for name in names:
        with suppress(OSError):
            if default_storage.exists(name):
                default_storage.delete(name)
                deleted += 1
    return deleted


def narrower(widest: str) -> list[str]:
    """Return the files of a logo below the widest one, whose name is given; none for names of other origin."""
    folder, _, name = widest.rpartition("/")
    rung, _, suffix = name.partition(".")
    if not re.fullmatch(r"[0-9]{1,4}", rung):
        return []
    return [f"{folder}/{size}.{suffix}" for size in LOGO_SIZES if size < int(rung)]
