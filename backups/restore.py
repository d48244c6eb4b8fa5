"""Restore a backup into an empty installation: verify the archive, store the files, load all rows in one transaction.

If it fails before that transaction commits, the database stays empty, and the same command can be run again.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from articles.search.schema import create_triggers, drop_triggers, rebuild
from config.migrations import Migrations

from . import media
from .archive import (
    FORMAT,
    HEADER,
    MANIFEST,
    MEDIA,
    MEMBER_BYTES_MAX,
    MEMBER_PATTERN,
    ArchiveError,
    Member,
    is_safe,
    members,
)
from .installation import SEARCH_TABLE, applied_migrations, drop_tables, first_table_with_rows
from .tables import (
    Digest,
    InvalidRowError,
    Table,
    as_line,
    checksum_of,
    delete_all_rows,
    first_unknown_migration,
    insert,
    parse_row,
    set_sequence,
    tables_at,
)

SITE_VERSION_TABLE = "articles_stamp"


class RestoreError(Exception):
    """Nothing was restored; the message says why and what to do."""


@dataclass
class Archive:
    """The facts of an archive that was read to its end and verified."""

    path: Path
    migrations: Migrations
    tables: dict[str, Table]
    checksums: dict[str, dict[str, Any]] = field(default_factory=dict)
    last_numbers: dict[str, int] = field(default_factory=dict)
    has_media: bool = False
    files: int = 0
    files_missing: int = 0
    was_already_restored: bool = False

    @property
    def rows(self) -> int:
        return sum(checksum["rows"] for checksum in self.checksums.values())


def restore(path: Path, report: Callable[[str], None] = lambda text: None) -> Archive:
    """Restore the archive into this empty installation. Raises ArchiveError, RestoreError, OSError."""
    archive = verify_archive(path)
    report(f"The archive is complete: {archive.rows:,} rows, {archive.files:,} files.")
    if existing := _rows_in_the_way():
        if not _is_already_restored(archive):
            raise RestoreError(
                f"This installation isn't empty: {existing}. Restore into an empty database (DATABASE_URL). "
                "Nothing was changed."
            )
        archive.was_already_restored = True
        call_command("migrate", verbosity=0, interactive=False)
        return archive
    _migrate_to(archive.migrations)
    if archive.has_media:
        _store_media(archive)
    with transaction.atomic():
        if existing := _rows_in_the_way():
            raise RestoreError(f"Somebody is adding rows to this installation: {existing}. Nothing was restored.")
        _load_rows(archive)
    report("All rows are restored; counts and hashes match.")
    call_command("migrate", verbosity=0, interactive=False)
    return archive


# Reading the archive


def verify_archive(path: Path) -> Archive:
    """Read and verify the whole archive and return its facts. Raises ArchiveError. Writes nothing."""
    contents = members(path)
    archive = _read_header(path, next(contents, None))
    digests = {name: Digest(table) for name, table in archive.tables.items()}
    stored, indexed = hashlib.sha256(), hashlib.sha256()
    order = _MemberOrder(archive.tables)
    manifest: dict[str, Any] | None = None
    for member in contents:
        if manifest is not None:
            raise ArchiveError("It continues after its manifest.")
        if member.name == MANIFEST:
            manifest = member.document()
        elif (match := MEMBER_PATTERN.fullmatch(member.name)) and match[1] in digests:
            order.require(match[1], int(match[3]))
            for row in _rows(archive.tables[match[1]], member):
                digests[match[1]].add(row)
        elif match and match[2]:
            order.require("media-index", int(match[3]))
            _check_index(archive, member, indexed)
        elif member.name.startswith(MEDIA) and is_safe(member.name.removeprefix(MEDIA)):
            order.require(MEDIA)
            _check_file(archive, member, stored)
        else:
            raise ArchiveError(f"It holds {member.name!r}, which no backup contains.")
    if manifest is None:
        raise ArchiveError("It has no manifest: the file is incomplete. Copy it again.")
    archive.checksums = {name: digest.summary() for name, digest in digests.items()}
    _compare_manifest(archive, manifest, stored.hexdigest(), indexed.hexdigest())
    return archive


def _read_header(path: Path, first: Member | None) -> Archive:
    header = first.document() if first is not None and first.name == HEADER else {}
    if header.get("newsfold_backup") != FORMAT:
        raise ArchiveError("It is not a backup in this version's format.")
    pairs = header.get("migrations")
    if not isinstance(pairs, list) or not all(_is_pair(pair) for pair in pairs):
        raise ArchiveError("Its header names no migrations.")
    migrations = frozenset((app, name) for app, name in pairs)
    if name := first_unknown_migration(migrations):
        raise ArchiveError(f"A newer or extended Newsfold wrote it: this one has no migration {name}.")
    tables = {table.name: table for table in tables_at(migrations)}
    if header.get("tables") != {name: table.names for name, table in tables.items()}:
        raise ArchiveError("Its tables are not those that its migrations create.")
    return Archive(path, migrations, tables)


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair)


class _MemberOrder:
    """Require members in the order of a backup: table by table, then files, then their index."""

    def __init__(self, tables: Iterable[str]) -> None:
        self._groups = [*tables, MEDIA, "media-index"]
        self._last = (0, 0)

    def require(self, group: str, number: int | None = None) -> None:
        """Accept the next member of a group. Members with numbers count from 1 without a gap. Raises ArchiveError."""
        place, (last_place, last_number) = self._groups.index(group), self._last
        expected = last_number + 1 if place == last_place else 1
        if place < last_place or number not in (None, expected):
            raise ArchiveError("Its parts are not in the order of a backup: the file is damaged.")
        self._last = (place, expected)


def _rows(table: Table, member: Member) -> Iterator[list[Any]]:
    """Yield the rows of a member. Raises ArchiveError."""
    try:
        lines = member.read(MEMBER_BYTES_MAX).decode().split("\n")
        if lines.pop():
            raise InvalidRowError(f"{table.name}: its last line is incomplete")
        for line in lines:
            yield parse_row(table, line)
    except (InvalidRowError, UnicodeError, ValueError) as error:
        raise ArchiveError(f"Its {member.name} is damaged: {error}.") from None


def _index_entries(member: Member) -> Iterator[tuple[str, int, str]]:
    try:
        for line in member.read(MEMBER_BYTES_MAX).decode().splitlines():
            name, size, digest = json.loads(line)
            is_sound = isinstance(name, str) and isinstance(digest, str) and digest.isascii()
            if not (is_sound and type(size) is int and is_safe(name)):
                raise ValueError("no name, size and hash")
            yield name, size, digest
    except (ValueError, TypeError, RecursionError):
        raise ArchiveError(f"Its {member.name} is damaged.") from None


def _check_index(archive: Archive, member: Member, indexed: Any) -> None:
    for name, size, digest in _index_entries(member):
        indexed.update(as_line([name, size, digest]).encode() + b"\n")
        archive.files += 1
        if not archive.has_media:
            stored_checksum = media.checksum_of(name)
            archive.files_missing += stored_checksum is None
            if stored_checksum not in (None, (size, digest)):
                raise ArchiveError(f"{name} in the storage is not the file that the backup lists. Nothing changed.")


def _check_file(archive: Archive, member: Member, stored: Any) -> None:
    """Read a file of the archive and compare it with the stored file of that name, if there is one."""
    archive.has_media = True
    name, digest = member.name.removeprefix(MEDIA), hashlib.sha256()
    try:
        for chunk in media.compare_stream(member, name):
            digest.update(chunk)
    except media.DifferentFileError:
        raise ArchiveError(
            f"The storage already has {name} with other content. Move it away (MEDIA_ROOT) or restore into another "
            "storage. Nothing was changed."
        ) from None
    stored.update(as_line([name, member.size, digest.hexdigest()]).encode() + b"\n")


def _compare_manifest(archive: Archive, manifest: dict[str, Any], stored: str, indexed: str) -> None:
    checksums, files = manifest.get("tables"), manifest.get("media")
    if not isinstance(checksums, dict) or not isinstance(files, dict):
        raise ArchiveError("Its manifest can't be read: the file is damaged.")
    for name in archive.tables:
        if archive.checksums[name] != checksums.get(name):
            raise ArchiveError(f"The rows of {name} don't match its manifest: the file is damaged.")
    is_indexed = files.get("sha256") == indexed and files.get("files") == archive.files
    if not is_indexed or (archive.files and files.get("included") is not archive.has_media):
        raise ArchiveError("Its index of pictures doesn't match its manifest: the file is damaged.")
    if archive.has_media and stored != indexed:
        raise ArchiveError("Its pictures don't match their index: the file is damaged.")
    numbers = manifest.get("last_numbers")
    with_sequence = {name for name, table in archive.tables.items() if table.has_sequence}
    if (
        not isinstance(numbers, dict)
        or set(numbers) != with_sequence
        or not all(_is_number(number) for number in numbers.values())
    ):
        raise ArchiveError("Its manifest lacks the last keys of its tables: the file is damaged.")
    archive.last_numbers = numbers


def _is_number(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


# Writing the installation


def _is_already_restored(archive: Archive) -> bool:
    """Return whether an earlier restore of this archive loaded all rows."""
    if applied_migrations() != archive.migrations:
        return False
    return not any(_differing_tables(archive))


def _differing_tables(archive: Archive) -> Iterator[str]:
    return (
        name
        for name, table in archive.tables.items()
        if name != SITE_VERSION_TABLE and checksum_of(table) != archive.checksums[name]
    )


def _rows_in_the_way() -> str:
    """Return which rows this installation has already, in words; empty if it has none. Raises RestoreError."""
    if name := first_unknown_migration(applied_migrations()):
        raise RestoreError(f"A newer Newsfold made the database: it has the migration {name}.")
    table = first_table_with_rows()
    return f"there are rows in {table}" if table else ""


def _migrate_to(migrations: Migrations) -> None:
    """Recreate the tables as of the archive's migrations, unless the empty database is at them already.

    A restore or `migrate` that was killed may have left a migration that isn't recorded, or half of one.
    """
    if applied_migrations() == migrations:
        return
    drop_tables()
    nodes = MigrationLoader(None).graph.node_map
    parents = {parent.key for node in migrations for parent in nodes[node].parents}
    MigrationExecutor(connection).migrate(sorted(migrations - parents))


def _store_media(archive: Archive) -> None:
    for member in members(archive.path):
        if member.name.startswith(MEDIA):
            media.store(member, member.name.removeprefix(MEDIA))


def _load_rows(archive: Archive) -> None:
    """Replace the rows that `migrate` made with those of the archive, in the caller's transaction, and verify them."""
    with _without_search():
        delete_all_rows(archive.tables.values())
        for member in members(archive.path):
            match = MEMBER_PATTERN.fullmatch(member.name)
            if match and match[1]:
                table = archive.tables[match[1]]
                insert(table, _rows(table, member))
        for name, number in archive.last_numbers.items():
            set_sequence(archive.tables[name], number)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # PostgreSQL creates no triggers while some are pending
    for name in _differing_tables(archive):
        raise RestoreError(f"The rows loaded into {name} differ from those in the archive. Nothing was restored.")
    _new_site_version()


@contextmanager
def _without_search() -> Iterator[None]:
    """Index all articles at once at the end, if this state of the schema has a search index."""
    has_index = SEARCH_TABLE in connection.introspection.table_names()
    if has_index:
        drop_triggers(connection)
    yield
    if has_index:
        rebuild(connection)
        create_triggers(connection)


def _new_site_version() -> None:
    """Set a site version that no cache has seen: the restored site may diverge from the cached one."""
    if SITE_VERSION_TABLE not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        number = secrets.randbelow(2**40)
        cursor.execute(f"INSERT INTO {SITE_VERSION_TABLE} (number, changed_at) VALUES (%s, %s)", [number, now])  # noqa: S608
