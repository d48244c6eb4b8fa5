"""Store renditions as files: all renditions of a picture are in one folder, named by a digest of their content.

The content under a name never changes. So two processes may store the same picture at once, and browsers may cache
files for ever.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from .sizes import LOGO_SIZES, Rendition

KEY_LENGTH = 32  # hexadecimal digits of a SHA-256, shortened because a page names a picture up to nine times
PICTURES, LOGOS, SITE = "pictures", "logos", "site"


def content_key(renditions: Iterable[Rendition]) -> str:
    """Return the digest of these renditions, which names their folder."""
    digest = hashlib.sha256()
    for rendition in renditions:
        digest.update(f"{rendition.width_step}.{rendition.suffix} {len(rendition.data)}\n".encode())
        digest.update(rendition.data)
    return digest.hexdigest()[:KEY_LENGTH]


def rendition_name(folder: str, key: str, width_step: int | str, suffix: str) -> str:
    return f"{folder}/{key[:2]}/{key}/{width_step}.{suffix}"


def store(folder: str, renditions: Sequence[Rendition]) -> list[str]:
    """Store the renditions of a picture and return their file names, in order. Existing files are not rewritten.

    Raises OSError, for example when the disk is full, after deleting the files that it wrote.
    """
    key = content_key(renditions)
    names, written = [], []
    try:
        for rendition in renditions:
            name = rendition_name(folder, key, rendition.width_step, rendition.suffix)
            names.append(name)
            if not default_storage.exists(name):
                written.append(name)
                default_storage.save(name, ContentFile(rendition.data))
    except BaseException:
        delete(written)
        raise
    return names


def share_name(key: str) -> str:
    """Return the file name of the rendition that other sites show, in the folder of the picture with this key."""
    return rendition_name(PICTURES, key, "share", "jpg")


def store_share(key: str, rendition: Rendition) -> None:
    """Store the rendition that other sites show of the picture with this key. Raises OSError."""
    if not default_storage.exists(share_name(key)):
        default_storage.save(share_name(key), ContentFile(rendition.data))


def all_exist(names: Iterable[str]) -> bool:
    """Return whether the storage has all of these files. One request per folder."""
    folders: dict[str, set[str]] = {}
    for name in names:
        folder, _, file = name.rpartition("/")
        folders.setdefault(folder, set()).add(file)
    try:
        return all(files.issubset(default_storage.listdir(folder)[1]) for folder, files in folders.items())
    except FileNotFoundError:
        return False


def delete(names: Iterable[str]) -> int:
    """Delete the files that exist and return how many were deleted. Ignores errors of the storage."""
    deleted = 0
    for name in names:
        with suppress(OSError):
            if default_storage.exists(name):
                default_storage.delete(name)
                deleted += 1
    return deleted


def smaller_logo_files(largest: str) -> list[str]:
    """Return the smaller renditions of the logo whose largest file is `largest`; none if it isn't named by size."""
    folder, _, name = largest.rpartition("/")
    size, _, suffix = name.partition(".")
    if not re.fullmatch(r"[0-9]{1,4}", size):
        return []
    return [f"{folder}/{smaller}.{suffix}" for smaller in LOGO_SIZES if smaller < int(size)]
