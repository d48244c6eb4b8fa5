"""The file of a backup: a tar archive, perhaps gzipped, written and read as a stream. Pure.

    header.json                what it is, the migrations of its database, the columns of each table
    tables/<table>/<n>.jsonl   rows, one JSON list a line
    media/<name>               files of the storage
    media-index/<n>.jsonl      name, size and SHA-256 of each
    manifest.json              counts and hashes of all that stands before it

Reading trusts nothing: members are regular files with names of these forms, nothing is ever unpacked by name, and each
has a limit. The reader is our own, because tarfile reads extended headers of any size into memory.
"""

from __future__ import annotations

import errno
import gzip
import json
import os
import re
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

FORMAT = 1
HEADER, MANIFEST = "header.json", "manifest.json"
BLOCK, RECORD = 512, 10240
GZIP_MAGIC, GZIP_LEVEL = b"\x1f\x8b", 6
LINES_BYTES = 1_000_000  # of rows in a member, about
LINES_BYTES_MAX = 64_000_000
DOCUMENT_BYTES_MAX = 8_000_000  # header and manifest
RATIO_MAX, RATIO_FROM = 200, 64_000_000  # what we gzip becomes 5 to 40 times as small
PIECE = 1 << 16
LINES_PATTERN = re.compile(r"(?:tables/([a-z0-9_]{1,63})|(media-index))/(\d{1,9})\.jsonl")
MEDIA = "media/"
NAME_BYTES_MAX = 240  # of a file in the storage; what fits into the header of a tar archive


class ArchiveRefused(Exception):
    """The archive can't be used; the message says why, and what to do."""


@dataclass(frozen=True)
class Member:
    """One file in the archive. `read()` gives its bytes, once and in order."""

    name: str
    size: int
    _pieces: Iterator[bytes]

    def pieces(self) -> Iterator[bytes]:
        return self._pieces

    def read(self, limit: int) -> bytes:
        if self.size > limit:
            raise ArchiveRefused(f"{self.name} in it has {self.size:,} bytes, more than any that Newsfold writes.")
        return b"".join(self._pieces)

    def document(self) -> dict[str, Any]:
        return as_mapping(self.read(DOCUMENT_BYTES_MAX), self.name)


def is_safe(name: str) -> bool:
    """Return whether `name` can be that of a file in the storage: relative, inside it, of characters to be seen."""
    parts = name.split("/")
    is_sound = name.isprintable() and "\\" not in name and 0 < len(name.encode(errors="replace")) <= NAME_BYTES_MAX
    return is_sound and not any(part in ("", ".", "..") for part in parts)


def as_mapping(data: bytes, name: str) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ArchiveRefused(f"{name} in it can't be read: the file is damaged, or no backup.")
    return found


# Writing


class Writer:
    """Adds members to an archive that is being written."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def add(self, name: str, data: bytes) -> None:
        self.add_pieces(name, len(data), iter([data]))

    def add_pieces(self, name: str, size: int, pieces: Iterator[bytes]) -> None:
        """Add a member of `size` bytes. Raises EOFError if the pieces are fewer; what is beyond is left."""
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        self._file.write(info.tobuf(tarfile.USTAR_FORMAT, "utf-8", "strict"))
        left = size
        for piece in pieces:
            self._file.write(piece[:left])
            left -= min(len(piece), left)
            if not left:
                break
        if left:
            raise EOFError(name)
        self._file.write(bytes(-size % BLOCK))

    def finish(self) -> None:
        self._file.write(bytes(2 * BLOCK))


class Lines:
    """Collects the lines of one folder of the archive into members of about LINES_BYTES."""

    def __init__(self, writer: Writer, folder: str) -> None:
        self._writer, self._folder = writer, folder
        self._lines: list[bytes] = []
        self._bytes = self._number = 0

    def add(self, line: str) -> None:
        data = line.encode()
        self._lines.append(data)
        self._bytes += len(data) + 1
        if self._bytes >= LINES_BYTES:
            self.flush()

    def flush(self) -> None:
        if not self._lines:
            return
        self._number += 1
        self._writer.add(f"{self._folder}/{self._number:06}.jsonl", b"\n".join([*self._lines, b""]))
        self._lines, self._bytes = [], 0


@contextmanager
def written(path: Path) -> Iterator[Writer]:
    """Yield a writer; the file has its name once it is whole, and for its owner only. Raises OSError.

    It is gzipped if its name ends in .gz or .tgz. Nothing is left of what fails; of what is killed, `<name>.part`.
    """
    import fcntl

    _require_new(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "is no folder. Make it, or name another", str(path.parent))
    part = path.with_name(f"{path.name}.part")
    handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # goes with the process, however that ends
    except BlockingIOError:
        os.close(handle)
        raise BlockingIOError(errno.EBUSY, "is being written by another backup", str(part)) from None
    file = open(handle, "wb")  # noqa: SIM115  closed below, in any case
    try:
        _require_new(path)  # again: what we hold may be the file of a backup that ended just now
        os.fchmod(handle, 0o600)
        file.truncate(0)
        with _compressed(path, file) as stream:
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
        with suppress(OSError):  # what a full disk didn't take has been told already
            file.close()


def _require_new(path: Path) -> None:
    if path.exists():
        raise FileExistsError(errno.EEXIST, "is there already. Name another file, or move that one away", str(path))


@contextmanager
def _compressed(path: Path, file: IO[bytes]) -> Iterator[Any]:
    if path.suffix not in (".gz", ".tgz"):
        yield file
        return
    stream = gzip.GzipFile(filename="", mode="wb", compresslevel=GZIP_LEVEL, fileobj=file)
    try:
        yield stream
        stream.close()
    except BaseException:
        with suppress(OSError):
            stream.close()
        raise


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# Reading


def members(path: Path) -> Iterator[Member]:
    """Yield what is in the archive, in order; what isn't read of one is skipped. Raises ArchiveRefused, OSError."""
    with open(path, "rb") as file:
        stream = _Stream(file)
        while info := stream.header():
            pieces = stream.pieces(info.size)
            yield Member(info.name, info.size, pieces)
            for _ in pieces:
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
        """Return the next member; None at the end, after which nothing may follow."""
        block = self.take(BLOCK)
        if block == bytes(BLOCK):
            rest = self.take(BLOCK) + self._read(RECORD)  # tar fills up a record of zeros
            if rest.strip(b"\0") or len(rest) > RECORD:
                raise ArchiveRefused("It goes on after its end: the file is damaged, or no backup.")
            return None
        try:
            info = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
        except (tarfile.TarError, UnicodeError):
            raise ArchiveRefused("It isn't a tar archive, or a damaged one.") from None
        if info.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or info.size < 0:
            raise ArchiveRefused("It holds links or other special files, which no backup of Newsfold does.")
        return info

    def pieces(self, size: int) -> Iterator[bytes]:
        while size > 0:
            piece = self.take(min(size, PIECE))
            size -= len(piece)
            yield piece

    def take(self, size: int) -> bytes:
        data = self._read(size)
        if len(data) < size:
            raise ArchiveRefused("It ends too early: the file is not whole. Take the copy again.")
        self._taken += size
        if self._taken > RATIO_FROM and self._taken > RATIO_MAX * self._file.tell():
            raise ArchiveRefused("It unpacks to far more than any backup does.")
        return data

    def _read(self, size: int) -> bytes:
        try:
            return self._stream.read(size)
        except EOFError:
            raise ArchiveRefused("It ends too early: the file is not whole. Take the copy again.") from None
        except (gzip.BadGzipFile, zlib.error):
            raise ArchiveRefused("Its compressed data are damaged.") from None
