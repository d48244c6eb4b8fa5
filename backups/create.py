"""Taking a backup: one moment of the database, and the files of the storage."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from config.command_errors import CommandFailedError

from . import media
from .archive import FORMAT, HEADER, MANIFEST, MEDIA, Lines, Writer, is_safe, written
from .tables import Digest, Table, as_line, last_number, rows_of, tables_at, unknown

Tell = Callable[[int], None]


class BackupFailed(CommandFailedError):
    """There is no backup; the message says why, and what to do."""


@dataclass(frozen=True)
class Taken:
    tables: int
    rows: int
    files: int
    files_bytes: int


def take(path: Path, *, with_media: bool = True, on_rows: Tell = lambda count: None) -> Taken:
    """Write a backup to `path`. Raises BackupFailed, OSError and DatabaseError; then there is no file of that name."""
    with written(path) as writer, snapshot():
        applied = MigrationRecorder(connection).applied_migrations()
        migrations = frozenset(applied)
        if name := unknown(migrations):
            raise BackupFailed(f"The database is of a newer Newsfold: it has the migration {name}. Use that version.")
        if not migrations:
            raise BackupFailed("The database has no tables yet: there is nothing to back up.")
        tables = tables_at(migrations)
        writer.add(HEADER, as_line(_header(sorted(migrations), tables)).encode())
        told = {table.name: _write_table(writer, table, on_rows) for table in tables}
        numbers = {table.name: last_number(table) for table in tables if table.numbered}
        files = _write_media(writer, with_media=with_media)
        writer.add(MANIFEST, as_line({"tables": told, "last_numbers": numbers, "media": files}).encode())
    return Taken(len(tables), sum(each["rows"] for each in told.values()), files["files"], files["bytes"])


@contextmanager
def snapshot() -> Iterator[None]:
    """Let all reads see one moment, without keeping anybody from writing meanwhile."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "sqlite":
        # Not atomic(), which would keep writers out (IMMEDIATE). In WAL mode a reader sees the moment of its first
        # read until it ends.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
    else:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield


def _header(migrations: list[tuple[str, str]], tables: list[Table]) -> dict[str, Any]:
    return {
        "newsfold_backup": FORMAT,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "database": connection.vendor,
        "migrations": migrations,
        "tables": {table.name: table.names for table in tables},
    }


def _write_table(writer: Writer, table: Table, on_rows: Tell) -> dict[str, Any]:
    lines, digest = Lines(writer, f"tables/{table.name}"), Digest(table)
    before = 0
    for values in rows_of(table):
        line = as_line(values)
        lines.add(line)
        digest.add(line, values)
        if digest.rows - before >= 1000:
            on_rows(digest.rows - before)
            before = digest.rows
    on_rows(digest.rows - before)
    lines.flush()
    return digest.told()


def _write_media(writer: Writer, *, with_media: bool) -> dict[str, Any]:
    """Write the files and then their list, or the list alone; return the counts and the hash of the list."""
    lines, listed = Lines(writer, "media-index"), hashlib.sha256()
    files = size = 0
    for name in media.names():
        if not is_safe(name):
            raise BackupFailed(f"The storage has a file of a name that no archive can hold: {name!r}. Rename it.")
        entry = _write_file(writer, name) if with_media else media.digest_of(name)
        if entry is None:
            continue  # deleted since it was listed
        line = as_line([name, *entry])
        lines.add(line)
        listed.update(line.encode() + b"\n")
        files += 1
        size += entry[0]
    lines.flush()
    return {"included": with_media, "files": files, "bytes": size, "sha256": listed.hexdigest()}


def _write_file(writer: Writer, name: str) -> tuple[int, str] | None:
    digest = hashlib.sha256()

    def hashed() -> Iterator[bytes]:
        left = size
        for piece in media.pieces(name):
            digest.update(piece[:left])
            left -= len(piece[:left])
            yield piece

    try:
        size = default_storage.size(name)
    except FileNotFoundError:
        return None
    try:
        writer.add_pieces(f"{MEDIA}{name}", size, hashed())
    except (EOFError, FileNotFoundError):
        raise BackupFailed(f"{name} in the storage changed while it was read. Run the same command again.") from None
    except ValueError:
        raise BackupFailed(f"{name} in the storage has too long a name for an archive. Rename it.") from None
    return size, digest.hexdigest()
