"""The archive file of a backup: tar, optionally gzipped, written and read as a stream. Imports no Django.

    header.json                format version, migrations of the database, columns of each table
    tables/<table>/<n>.jsonl   rows, one JSON list a line
    media/<name>               files of the storage
    media-index/<n>.jsonl      name, size and SHA-256 of each file
    manifest.json              counts and hashes of everything before it

The reader treats archives as untrusted: members must be regular files with names of these forms, nothing is unpacked by
name, and every size has a limit. It doesn't use `tarfile`, which reads extended headers of any size into memory.
"""

from __future__ import annotations

import errno
import fcntl
import gzip
import hashlib
import json
import os
import re
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

FORMAT = 1
HEADER, MANIFEST = "header.json", "manifest.json"
BLOCK, RECORD = 512, 10240
GZIP_MAGIC, GZIP_LEVEL = b"\x1f\x8b", 6
MEMBER_BYTES = 1_000_000  # of rows in a member, about
MEMBER_BYTES_MAX = 64_000_000
DOCUMENT_BYTES_MAX = 8_000_000  # header and manifest
COMPRESSION_RATIO_MAX, COMPRESSION_RATIO_MIN_BYTES = 200, 64_000_000  # what we gzip becomes 5 to 40 times as small
CHUNK_BYTES = 1 << 16
MEMBER_PATTERN = re.compile(r"(?:tables/([a-z0-9_]{1,63})|(media-index))/(\d{1,9})\.jsonl")
MEDIA = "media/"
NAME_BYTES_MAX = 240  # of a file in the storage; what fits into the header of a tar archive


class ArchiveError(Exception):
    """The archive can't be used; the message says why and what to do."""


@dataclass(frozen=True)
class Member:
    """One file in the archive. Its bytes can be read once, in order."""

    name: str
    size: int
    chunks: Iterator[bytes]

    def read(self, limit: int) -> bytes:
        if self.size > limit:
            raise ArchiveError(f"Its {self.name} has {self.size:,} bytes, more than any Newsfold backup has.")
        return b"".join(self.chunks)

    def document(self) -> dict[str, Any]:
        return parse_object(self.read(DOCUMENT_BYTES_MAX), self.name)


def is_safe(name: str) -> bool:
    """Return whether `name` can name a file in the storage: a relative path inside it, printable, not too long."""
    parts = name.split("/")
    is_sound = name.isprintable() and "\\" not in name and 0 < len(name.encode(errors="replace")) <= NAME_BYTES_MAX
    return is_sound and not any(part in ("", ".", "..") for part in parts)


def parse_object(data: bytes, name: str) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ArchiveError(f"Its {name} can't be read: the file is damaged or not a backup.")
    return value


# Writing


class Writer:
    """Add members to an archive that is being written."""

    def __init__(self, file: IO[bytes] | gzip.GzipFile) -> None:
        self._file = file

    def add(self, name: str, data: bytes) -> None:
        self.add_chunks(name, len(data), iter([data]))

    def add_chunks(self, name: str, size: int, chunks: Iterator[bytes]) -> str:
        """Add a member of exactly `size` bytes, ignoring any beyond, and return its SHA-256.

        Raises EOFError if the chunks hold fewer.
        """
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        self._file.write(info.tobuf(tarfile.USTAR_FORMAT, "utf-8", "strict"))
        digest, left = hashlib.sha256(), size
        for chunk in chunks:
            data = chunk[:left]
            self._file.write(data)
            digest.update(data)
            left -= len(data)
            if not left:
                break
        if left:
            raise EOFError(name)
        self._file.write(bytes(-size % BLOCK))
        return digest.hexdigest()

    def finish(self) -> None:
        self._file.write(bytes(2 * BLOCK))


class LineWriter:
    """Collect the lines of one folder of the archive into members of about MEMBER_BYTES."""

    def __init__(self, writer: Writer, folder: str) -> None:
        self._writer, self._folder = writer, folder
        self._lines: list[bytes] = []
        self._bytes = self._number = 0

    def add(self, line: str) -> None:
        data = line.encode()
        self._lines.append(data)
        self._bytes += len(data) + 1
        if self._bytes >= MEMBER_BYTES:
            self.flush()

    def flush(self) -> None:
        if not self._lines:
            return
        self._number += 1
        self._writer.add(f"{self._folder}/{self._number:06}.jsonl", b"\n".join([*self._lines, b""]))
        self._lines, self._bytes = [], 0


@contextmanager
def open_for_writing(path: Path) -> Iterator[Writer]:
    """Yield a writer for a new archive that only its owner may read. Raises OSError.

    The file gets its name once it is complete, and is gzipped if that ends in .gz or .tgz. A failure leaves nothing
    behind, a kill leaves `<name>.part`.
    """
    _require_new(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "is not a folder. Create it, or choose another", str(path.parent))
    part = path.with_name(f"{path.name}.part")
    handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # released even if the process is killed
    except BlockingIOError:
        os.close(handle)
        raise BlockingIOError(errno.EBUSY, "is being written by another backup", str(part)) from None
    file = open(handle, "wb")  # noqa: SIM115  closed in the finally clause
    try:
        _require_new(path)  # again: another backup may have finished before we got the lock
        os.fchmod(handle, 0o600)
        file.truncate(0)
        is_gzipped = path.suffix in (".gz", ".tgz")
        with gzip.GzipFile("", "wb", GZIP_LEVEL, file) if is_gzipped else nullcontext(file) as stream:
            writer = Writer(stream)
            yield writer
            writer.finish()
        file.flush()
        os.fsync(handle)
        os.replace(part, path)
        _sync_folder(path.parent)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
    finally:
        with suppress(OSError):  # a full disk has been reported already
            file.close()


def _require_new(path: Path) -> None:
    if path.exists():
        raise FileExistsError(errno.EEXIST, "already exists. Choose another name, or move that file", str(path))


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# Reading


def members(path: Path) -> Iterator[Member]:
    """Yield the members of the archive in order; unread bytes of one are skipped. Raises ArchiveError, OSError."""
    with open(path, "rb") as file:
        stream = _Stream(file)
        while info := stream.header():
            chunks = stream.chunks(info.size)
            yield Member(info.name, info.size, chunks)
            for _ in chunks:
                pass
            stream.take(-info.size % BLOCK)


class _Stream:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        magic = file.read(len(GZIP_MAGIC))
        file.seek(0)
        self._stream: Any = gzip.GzipFile(fileobj=file) if magic == GZIP_MAGIC else file
        self._taken = 0

    def header(self) -> tarfile.TarInfo | None:
        """Return the header of the next member; None at the end of the archive, after which nothing may follow."""
        block = self.take(BLOCK)
        if block == bytes(BLOCK):
            rest = self.take(BLOCK) + self._read(RECORD)  # tar pads the last record with zeros
            if rest.strip(b"\0") or len(rest) > RECORD:
                raise ArchiveError("It continues after its end: the file is damaged or not a backup.")
            return None
        try:
            info = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
        except (tarfile.TarError, UnicodeError):
            raise ArchiveError("It isn't a tar archive, or it is damaged.") from None
        if info.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or info.size < 0:
            raise ArchiveError("It holds links or other special files, which Newsfold never writes.")
        return info

    def chunks(self, size: int) -> Iterator[bytes]:
        while size > 0:
            chunk = self.take(min(size, CHUNK_BYTES))
            size -= len(chunk)
            yield chunk

    def take(self, size: int) -> bytes:
        data = self._read(size)
        if len(data) < size:
            raise ArchiveError("It ends too early: the file is incomplete. Copy it again.")
        self._taken += size
        if self._taken > COMPRESSION_RATIO_MIN_BYTES and self._taken > COMPRESSION_RATIO_MAX * self._file.tell():
            raise ArchiveError("It unpacks to far more than any backup does.")
        return data

    def _read(self, size: int) -> bytes:
        try:
            return self._stream.read(size)
        except EOFError:
            raise ArchiveError("It ends too early: the file is incomplete. Copy it again.") from None
        except (gzip.BadGzipFile, zlib.error):
            raise ArchiveError("Its compressed data are damaged.") from None
