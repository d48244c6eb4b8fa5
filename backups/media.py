"""Read, compare and store the files of the storage, whether that is a folder or an S3 service."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from django.core.files.base import File
from django.core.files.storage import default_storage

from config.backends.file_storage import AtomicFileStorage

from .archive import CHUNK_BYTES, Member

SPOOLED_BYTES = 8_000_000  # larger files go to a temporary file on disk


def file_names(folder: str = "") -> Iterator[str]:
    """Yield the name of every file in the storage, except those being written."""
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
            yield from file_names(prefix + name)


def chunks(name: str) -> Iterator[bytes]:
    with default_storage.open(name) as file:
        yield from iter(lambda: file.read(CHUNK_BYTES), b"")


def checksum_of(name: str) -> tuple[int, str] | None:
    """Return the size and SHA-256 of a file; None if it doesn't exist."""
    digest, size = hashlib.sha256(), 0
    try:
        for chunk in chunks(name):
            digest.update(chunk)
            size += len(chunk)
    except FileNotFoundError:
        return None
    return size, digest.hexdigest()


class DifferentFileError(Exception):
    """The storage has a file of this name with other content."""


def compare_stream(member: Member, name: str) -> Iterator[bytes]:
    """Yield the chunks of `member` while comparing them with the stored file `name`.

    Raises DifferentFileError if they differ. A file that holds only the beginning was left by a killed restore and
    counts as equal.
    """
    stored: Any = None
    with suppress(FileNotFoundError):
        stored = default_storage.open(name)
    try:
        for chunk in member.chunks:
            if stored is not None and not chunk.startswith(stored.read(len(chunk))):
                raise DifferentFileError(name)
            yield chunk
        if stored is not None and stored.read(1):
            raise DifferentFileError(name)
    finally:
        if stored is not None:
            stored.close()


def store(member: Member, name: str) -> None:
    """Store the member under `name`, unless it is there already; `compare_stream()` has verified what is there."""
    with suppress(FileNotFoundError):
        if default_storage.size(name) == member.size:
            return
    with tempfile.SpooledTemporaryFile(SPOOLED_BYTES) as spool:  # storages need a seekable file
        for chunk in member.chunks:
            spool.write(chunk)
        spool.seek(0)
        default_storage.save(name, File(spool, name))  # our storages replace a file of the same name
