"""The files of the storage: whatever it is, a folder or a service that speaks S3."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from django.core.files.base import File
from django.core.files.storage import default_storage

from config.backends.file_storage import AtomicFileStorage

from .archive import PIECE, Member

SPOOLED_BYTES = 8_000_000  # of a file in memory; a larger one is put on the disk meanwhile


def names(folder: str = "") -> Iterator[str]:
    """Yield the name of every file in the storage, but of those that are being written."""
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    prefix = f"{folder}/" if folder else ""
    for name in sorted(files):
        if name and not name.endswith(AtomicFileStorage.PART_SUFFIX):
            yield prefix + name
    for name in sorted(folders):
        if name:
            yield from names(prefix + name)


def pieces(name: str) -> Iterator[bytes]:
    with default_storage.open(name) as file:
        yield from iter(lambda: file.read(PIECE), b"")


def digest_of(name: str) -> tuple[int, str] | None:
    """Return the size and the SHA-256 of a file; None if there is none."""
    digest, size = hashlib.sha256(), 0
    try:
        for piece in pieces(name):
            digest.update(piece)
            size += len(piece)
    except FileNotFoundError:
        return None
    return size, digest.hexdigest()


class Unlike(Exception):
    """A file of this name is there with other content."""


def compared(member: Member, name: str) -> Iterator[bytes]:
    """Yield what is in `member`, as it is compared with the file `name`. Raises Unlike at the end.

    A file that is the beginning of it is what a killed restore left behind, and no hindrance.
    """
    stored: Any = None
    with suppress(FileNotFoundError):
        stored = default_storage.open(name)
    try:
        for piece in member.pieces():
            if stored is not None and not piece.startswith(stored.read(len(piece))):
                raise Unlike(name)
            yield piece
        if stored is not None and stored.read(1):
            raise Unlike(name)
    finally:
        if stored is not None:
            stored.close()


def store(member: Member, name: str) -> None:
    """Put the member into the storage under `name`, unless it is there. Raises Unlike."""
    digest = hashlib.sha256()
    with tempfile.SpooledTemporaryFile(SPOOLED_BYTES) as spool:  # storages want a file that they can seek in
        for piece in member.pieces():
            spool.write(piece)
            digest.update(piece)
        found = digest_of(name)
        if found == (member.size, digest.hexdigest()):
            return
        if found is not None:
            default_storage.delete(name)  # the beginning of it, as `compared()` has seen
        spool.seek(0)
        stored = default_storage.save(name, File(spool, name))
    if stored != name:
        default_storage.delete(stored)
        raise Unlike(name)
