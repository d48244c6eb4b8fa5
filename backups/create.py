"""Create a backup: all tables as they are at one moment, and the files of the storage."""

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
from .archive import FORMAT, HEADER, MANIFEST, MEDIA, LineWriter, Writer, is_safe, open_for_writing
from .tables import Digest, Table, as_line, first_unknown_migration, rows_of, sequence_value, tables_at


class BackupError(CommandFailedError):
    """The backup failed; the message says why and what to do."""


@dataclass(frozen=True)
class BackupSummary:
    tables: int
    rows: int
    files: int
    files_bytes: int


def create_backup(path: Path, *, with_media: bool = True, on_row: Callable[[], object] = lambda: None) -> BackupSummary:
    """Write a backup to `path`. Raises BackupError, OSError or DatabaseError; then no file of that name exists."""
    with open_for_writing(path) as writer, snapshot():
        migrations = frozenset(MigrationRecorder(connection).applied_migrations())
        if name := first_unknown_migration(migrations):
            raise BackupError(f"A newer Newsfold made the database: it has the migration {name}. Use that version.")
        if not migrations:
            raise BackupError("The database has no tables yet: there is nothing to back up.")
        tables = tables_at(migrations)
        writer.add(HEADER, as_line(_header(sorted(migrations), tables)).encode())
        checksums = {table.name: _write_table(writer, table, on_row) for table in tables}
        numbers = {table.name: sequence_value(table) for table in tables if table.has_sequence}
        files = _write_media(writer, with_media=with_media)
        writer.add(MANIFEST, as_line({"tables": checksums, "last_numbers": numbers, "media": files}).encode())
    rows = sum(checksum["rows"] for checksum in checksums.values())
    return BackupSummary(len(tables), rows, files["files"], files["bytes"])


@contextmanager
def snapshot() -> Iterator[None]:
    """Read from one consistent snapshot, without blocking writers."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "sqlite":
        # Not atomic(), which would block writers (IMMEDIATE). In WAL mode a transaction goes on seeing the state of
        # its first read.
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


def _write_table(writer: Writer, table: Table, on_row: Callable[[], object]) -> dict[str, Any]:
    lines, digest = LineWriter(writer, f"tables/{table.name}"), Digest(table)
    for values in rows_of(table):
        lines.add(as_line(values))
        digest.add(values)
        on_row()
    lines.flush()
    return digest.summary()


def _write_media(writer: Writer, *, with_media: bool) -> dict[str, Any]:
    """Write the files and then their index, or only the index; return counts and the hash of the index."""
    lines, listed = LineWriter(writer, "media-index"), hashlib.sha256()
    files = size = 0
    for name in media.file_names():
        if not is_safe(name):
            raise BackupError(
                f"The storage has a file whose name is too long or unsafe for an archive: {name!r}. Rename it."
            )
        entry = _write_file(writer, name) if with_media else media.checksum_of(name)
        if entry is None:
            continue  # deleted after it was listed
        line = as_line([name, *entry])
        lines.add(line)
        listed.update(line.encode() + b"\n")
        files += 1
        size += entry[0]
    lines.flush()
    return {"included": with_media, "files": files, "bytes": size, "sha256": listed.hexdigest()}


def _write_file(writer: Writer, name: str) -> tuple[int, str] | None:
    try:
        size = default_storage.size(name)
    except FileNotFoundError:
        return None
    try:
        return size, writer.add_chunks(f"{MEDIA}{name}", size, media.chunks(name))
    except (EOFError, FileNotFoundError):
        raise BackupError(f"{name} in the storage changed during the backup. Run the same command again.") from None
    except ValueError:
        raise BackupError(f"The name of {name} in the storage is too long for an archive. Rename it.") from None
