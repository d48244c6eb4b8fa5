"""Making an installation of a backup: checked first, then files, then all rows in one transaction.

Whatever stops it before the end of that transaction, the database is empty as before, and the same command goes on.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from articles.search.schema import SCHEMAS, rebuild
from config.migrations import Migrations

from . import media
from .archive import (
    FORMAT,
    HEADER,
    LINES_BYTES_MAX,
    LINES_PATTERN,
    MANIFEST,
    MEDIA,
    ArchiveRefused,
    Member,
    is_safe,
    members,
)
from .tables import (
    Digest,
    Table,
    WrongRow,
    as_line,
    count_on_from,
    digest_of,
    empty,
    insert,
    parsed,
    tables_at,
    unknown,
)

# What `migrate` fills by itself; any row elsewhere is somebody's.
STOCK = {
    "articles_sitepolicy",
    "articles_stamp",
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "django_content_type",
}
STAMP = "articles_stamp"
SEARCH = "article_search"


class RestoreRefused(Exception):
    """Nothing was restored; the message says why, and what to do."""


@dataclass
class Archive:
    """What is known of an archive that was read to its end, and is whole."""

    path: Path
    migrations: Migrations
    tables: dict[str, Table]
    told: dict[str, dict[str, Any]] = field(default_factory=dict)
    last_numbers: dict[str, int] = field(default_factory=dict)
    has_media: bool = False
    files: int = 0
    files_missing: int = 0

    @property
    def rows(self) -> int:
        return sum(each["rows"] for each in self.told.values())


@dataclass(frozen=True)
class Restored:
    files: int
    files_missing: int
    was_there: bool = False


def restore(path: Path, say: Callable[[str], None] = lambda text: None) -> Restored:
    """Make this empty installation what the archive holds. Raises ArchiveRefused, RestoreRefused, OSError."""
    archive = checked(path)
    say(f"The archive is whole: {archive.rows:,} rows, {archive.files:,} files.")
    if found := _foreign_rows():
        if not _holds(archive):
            raise RestoreRefused(
                f"This installation isn't empty: {found}. Restore into a database of its own (DATABASE_URL), "
                "which may be wholly empty. Nothing was changed."
            )
        call_command("migrate", verbosity=0, interactive=False)
        return Restored(archive.files, archive.files_missing, was_there=True)
    _migrate_to(archive.migrations)
    if archive.has_media:
        _store_media(archive)
    with transaction.atomic():
        if found := _foreign_rows():
            raise RestoreRefused(f"Somebody else has begun to fill this installation: {found}. Nothing was restored.")
        _load(archive)
    say("All rows are in; counts and hashes agree.")
    call_command("migrate", verbosity=0, interactive=False)
    return Restored(archive.files, archive.files_missing)


# Reading the archive


def checked(path: Path) -> Archive:
    """Read the archive to its end; return what it holds. Raises ArchiveRefused. Writes nothing."""
    contents = members(path)
    archive = _begun(path, next(contents, None))
    digests = {name: Digest(table) for name, table in archive.tables.items()}
    stored, listed = hashlib.sha256(), hashlib.sha256()
    order = _Order(list(archive.tables))
    manifest: dict[str, Any] | None = None
    for member in contents:
        if manifest is not None:
            raise ArchiveRefused("It goes on after its manifest.")
        if member.name == MANIFEST:
            manifest = member.document()
        elif name := order.table_of(member):
            for line, row in _rows(archive.tables[name], member):
                digests[name].add(line, row)
        elif order.is_index(member):
            _check_index(archive, member, listed)
        else:
            _check_file(archive, member, stored)
    if manifest is None:
        raise ArchiveRefused("It has no manifest: the file is not whole. Take the copy again.")
    archive.told = {name: digest.told() for name, digest in digests.items()}
    _agree(archive, manifest, stored.hexdigest(), listed.hexdigest())
    return archive


def _begun(path: Path, first: Member | None) -> Archive:
    header = first.document() if first is not None and first.name == HEADER else {}
    if header.get("newsfold_backup") != FORMAT:
        raise ArchiveRefused("It is no backup of this version's form.")
    named = header.get("migrations")
    if not isinstance(named, list) or not all(_is_pair(pair) for pair in named):
        raise ArchiveRefused("Its header names no migrations.")
    migrations = frozenset((app, name) for app, name in named)
    if name := unknown(migrations):
        raise ArchiveRefused(f"It is of a newer Newsfold, or one with other parts: this one has no migration {name}.")
    tables = {table.name: table for table in tables_at(migrations)}
    if header.get("tables") != {name: table.names for name, table in tables.items()}:
        raise ArchiveRefused("Its tables are not those that its migrations make.")
    return Archive(path, migrations, tables)


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair)


class _Order:
    """Sees to it that members come as they are written: table by table, then files, then their list."""

    def __init__(self, tables: list[str]) -> None:
        self._folders = [*(f"tables/{name}" for name in tables), "media", "media-index"]
        self._at, self._number = 0, 0

    def table_of(self, member: Member) -> str | None:
        match = LINES_PATTERN.fullmatch(member.name)
        if not match or not match[1]:
            return None
        self._advance(f"tables/{match[1]}", int(match[3]))
        return match[1]

    def is_index(self, member: Member) -> bool:
        match = LINES_PATTERN.fullmatch(member.name)
        if match:
            self._advance("media-index", int(match[3]))
            return True
        name = member.name.removeprefix(MEDIA)
        if not member.name.startswith(MEDIA) or not is_safe(name):
            raise ArchiveRefused(f"It holds {member.name!r}, which no backup does.")
        self._advance("media", self._number + 1 if self._folders[self._at] == "media" else 1)
        return False

    def _advance(self, folder: str, number: int) -> None:
        place = self._folders.index(folder) if folder in self._folders else -1
        expected = self._number + 1 if place == self._at else 1
        if place < self._at or number != expected:
            raise ArchiveRefused("Its parts are not in the order of a backup: the file is damaged.")
        self._at, self._number = place, number


def _rows(table: Table, member: Member) -> Iterator[tuple[str, list[Any]]]:
    """Yield each row of a member, with its line as a backup writes it. Raises ArchiveRefused."""
    try:
        lines = member.read(LINES_BYTES_MAX).decode().split("\n")
        if lines.pop():
            raise WrongRow(f"{table.name}: its last line is not whole")
        for line in lines:
            row = parsed(table, line)
            yield as_line(row), row
    except (WrongRow, UnicodeError, ValueError) as error:
        raise ArchiveRefused(f"{member.name} in it is damaged: {error}.") from None


def _index_entries(member: Member) -> Iterator[tuple[str, int, str]]:
    try:
        for line in member.read(LINES_BYTES_MAX).decode().splitlines():
            name, size, digest = json.loads(line)
            if not (isinstance(name, str) and type(size) is int and is_safe(name) and _is_ascii(digest)):
                raise ValueError("no name, size and hash")
            yield name, size, digest
    except (ValueError, TypeError, RecursionError):
        raise ArchiveRefused(f"{member.name} in it is damaged.") from None


def _is_ascii(value: Any) -> bool:
    return isinstance(value, str) and value.isascii()


def _check_index(archive: Archive, member: Member, listed: Any) -> None:
    for name, size, digest in _index_entries(member):
        listed.update(as_line([name, size, digest]).encode() + b"\n")
        archive.files += 1
        if not archive.has_media:
            found = media.digest_of(name)
            archive.files_missing += found is None
            if found not in (None, (size, digest)):
                raise ArchiveRefused(f"{name} in the storage is not the file that the backup lists. Nothing changed.")


def _check_file(archive: Archive, member: Member, stored: Any) -> None:
    """Read a file of the archive, and compare it with the one of that name in the storage, if there is one."""
    archive.has_media = True
    name, digest = member.name.removeprefix(MEDIA), hashlib.sha256()
    try:
        for piece in media.compared(member, name):
            digest.update(piece)
    except media.Unlike:
        raise ArchiveRefused(
            f"{name} is in the storage already, with other content. Move it away (MEDIA_ROOT), or restore into "
            "another storage. Nothing was changed."
        ) from None
    stored.update(as_line([name, member.size, digest.hexdigest()]).encode() + b"\n")


def _agree(archive: Archive, manifest: dict[str, Any], stored: str, listed: str) -> None:
    told, files = manifest.get("tables"), manifest.get("media")
    if not isinstance(told, dict) or not isinstance(files, dict):
        raise ArchiveRefused("Its manifest can't be read: the file is damaged.")
    for name in archive.tables:
        if archive.told[name] != told.get(name):
            raise ArchiveRefused(f"The rows of {name} are not those that its manifest counts: the file is damaged.")
    is_listed = files.get("sha256") == listed and files.get("files") == archive.files
    if not is_listed or (archive.files and files.get("included") is not archive.has_media):
        raise ArchiveRefused("Its pictures are not those that its manifest lists: the file is damaged.")
    if archive.has_media and stored != listed:
        raise ArchiveRefused("Its pictures are not those that it lists: the file is damaged.")
    numbers = manifest.get("last_numbers")
    wanted = {name for name, table in archive.tables.items() if table.numbered}
    if (
        not isinstance(numbers, dict)
        or set(numbers) != wanted
        or not all(_is_number(each) for each in numbers.values())
    ):
        raise ArchiveRefused("Its manifest doesn't say how keys were counted: the file is damaged.")
    archive.last_numbers = numbers


def _is_number(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


# Writing the installation


def _foreign_rows() -> str:
    """Return what is in this installation already, in words; empty if nothing is."""
    applied = frozenset(MigrationRecorder(connection).applied_migrations())
    if name := unknown(applied):
        raise RestoreRefused(f"The database is of a newer Newsfold: it has the migration {name}.")
    if not applied:
        return ""
    with connection.cursor() as cursor:
        for table in tables_at(applied):
            if table.name in STOCK:
                continue
            cursor.execute(f"SELECT 1 FROM {connection.ops.quote_name(table.name)} LIMIT 1")  # noqa: S608
            if cursor.fetchone():
                return f"there are rows in {table.name}"
    return ""


def _holds(archive: Archive) -> bool:
    """Return whether all rows are in already, because a restore was stopped after that."""
    if frozenset(MigrationRecorder(connection).applied_migrations()) != archive.migrations:
        return False
    return not any(_differing(archive))


def _differing(archive: Archive) -> Iterator[str]:
    return (name for name, table in archive.tables.items() if name != STAMP and digest_of(table) != archive.told[name])


def _migrate_to(migrations: Migrations) -> None:
    """Bring the empty database into the state of the archive's: back where it is ahead, then forward."""
    applied = frozenset(MigrationRecorder(connection).applied_migrations())
    graph = MigrationLoader(None).graph
    for app in sorted({app for app, _ in applied - migrations}):
        MigrationExecutor(connection).migrate(_last(graph, migrations, app))
    targets = [node for app in sorted({app for app, _ in migrations}) for node in _last(graph, migrations, app)]
    MigrationExecutor(connection).migrate(targets)


def _last(graph: Any, migrations: Migrations, app: str) -> list[tuple[str, str | None]]:
    """Return the migrations of an app on which no other of it builds; (app, None) if it has none."""
    own = {node for node in migrations if node[0] == app}
    built_on = {parent.key for node in own for parent in graph.node_map[node].parents}
    return sorted(own - built_on) or [(app, None)]


def _store_media(archive: Archive) -> None:
    for member in members(archive.path):
        if not member.name.startswith(MEDIA):
            continue
        name = member.name.removeprefix(MEDIA)
        try:
            media.store(member, name)
        except media.Unlike:
            raise RestoreRefused(f"The storage has another {name} by now. Move it away and run it again.") from None


def _load(archive: Archive) -> None:
    """Put all rows in place of those that `migrate` made, in the caller's transaction; compare what is there then."""
    with _without_search():
        empty(archive.tables.values())
        for member in members(archive.path):
            match = LINES_PATTERN.fullmatch(member.name)
            if match and match[1]:
                table = archive.tables[match[1]]
                insert(table, (row for _, row in _rows(table, member)))
        for name, number in archive.last_numbers.items():
            count_on_from(archive.tables[name], number)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # PostgreSQL makes no triggers before that is done
    for name in _differing(archive):
        raise RestoreRefused(f"What is in {name} now is not what the archive holds. Nothing was restored.")
    _begin_anew()


@contextmanager
def _without_search() -> Iterator[None]:
    """Index all articles at the end, at once, if there is an index at this state of the schema."""
    has_index = SEARCH in connection.introspection.table_names()
    schema = SCHEMAS[connection.vendor]
    if has_index:
        _run(schema.DROP_TRIGGERS)
    yield
    if has_index:
        rebuild(connection)
        _run(schema.CREATE_TRIGGERS)


def _run(statements: tuple[str, ...]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _begin_anew() -> None:
    """Make the stamp one that no cache and no reader has seen: what follows differs from what once followed."""
    if STAMP not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        number = secrets.randbelow(2**40)
        cursor.execute(f"INSERT INTO {STAMP} (number, changed_at) VALUES (%s, %s)", [number, now])  # noqa: S608
