"""Write and read the rows of the database as lines of JSON that are the same on SQLite and PostgreSQL.

The tables and columns follow from a set of migrations, not from today's models: an older archive is loaded into the
schema that it came from, and nothing that an archive says about itself is trusted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django.db import connection, models
from django.db.migrations.loader import MigrationLoader

from config.command_errors import CommandFailedError
from config.migrations import Migrations, known_migrations

# Not backed up: sessions end with the old installation.
EXCLUDED_TABLES = {"django_session"}
ROWS_PER_FETCH = 1000  # rows at a time
INT64 = range(-(2**63), 2**63)

# The class that a field is an instance of, keys as their integers; the first one counts: a time is a date, too.
KIND_OF_FIELD: dict[type[models.Field[Any, Any]], str] = {
    models.BooleanField: "bool",
    models.IntegerField: "int",
    models.FloatField: "float",
    models.DecimalField: "decimal",
    models.DateTimeField: "time",
    models.DateField: "date",
    models.GenericIPAddressField: "ip",
    models.JSONField: "json",
    models.UUIDField: "uuid",
    **dict.fromkeys((models.CharField, models.TextField, models.FileField, models.FilePathField), "text"),
}
TRIVIAL = {"[]", "{}", "null", "true", "false", '""'}  # JSON that can be written in one way only


class InvalidRowError(Exception):
    """A line is not a row of its table."""


class UnsupportedColumnError(CommandFailedError):
    """A table has a column that no archive can hold; the message says which."""


@dataclass(frozen=True)
class Column:
    name: str
    kind: str


@dataclass(frozen=True)
class Table:
    """A table at one state of the schema. `has_sequence` says whether the database generates its keys."""

    name: str
    key: str
    has_sequence: bool
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def json_places(self) -> list[int]:
        return [place for place, column in enumerate(self.columns) if column.kind == "json"]


def first_unknown_migration(migrations: Iterable[tuple[str, str]]) -> str:
    """Return the first of `migrations` that this code doesn't have, as app.name; empty if it has them all."""
    return next((".".join(node) for node in sorted(frozenset(migrations) - known_migrations())), "")


@cache
def tables_at(migrations: Migrations) -> list[Table]:
    """Return the tables that the database has after `migrations`, without EXCLUDED_TABLES."""
    loader = MigrationLoader(None)
    apps = loader.project_state(sorted(migrations & set(loader.graph.nodes))).apps
    managed = (model for model in apps.get_models(include_auto_created=True) if model._meta.managed)
    tables = {model._meta.db_table: model for model in managed}
    return [_table(model) for name, model in sorted(tables.items()) if name not in EXCLUDED_TABLES]


def _table(model: type[models.Model]) -> Table:
    options: Any = model._meta
    stored = (field for field in options.concrete_fields if not getattr(field, "generated", False))
    columns = tuple(Column(field.column, column_kind(field)) for field in stored)
    return Table(options.db_table, options.pk.column, isinstance(options.pk, models.AutoField), columns)


def column_kind(field: Any) -> str:
    """Return how the values of a field are written. Raises UnsupportedColumnError for fields of added apps."""
    while field.remote_field:
        field = field.target_field
    for field_class, kind in KIND_OF_FIELD.items():
        if isinstance(field, field_class):
            return kind
    raise UnsupportedColumnError(
        f"{field} is a {field.get_internal_type()}, which no archive can hold: add it to KIND_OF_FIELD in "
        "backups/tables.py, or remove its app from INSTALLED_APPS."
    )


# Lines


def as_line(values: Sequence[Any] | dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def canonical_json(text: str) -> str:
    """Return the canonical form of a JSON text: PostgreSQL writes 1e2 as 100 and reorders keys."""
    value = json.loads(text, parse_float=_shortest)
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _shortest(text: str) -> float | int:
    number = float(text)
    return int(number) if number.is_integer() else number


def parse_row(table: Table, line: str) -> list[Any]:
    """Return the row in a line, checked column by column. Raises InvalidRowError."""
    try:
        values = json.loads(line)
        if not isinstance(values, list) or len(values) != len(table.columns):
            raise ValueError("not one value for each column")
        for column, value in zip(table.columns, values, strict=True):
            if value is not None:
                CHECKS[column.kind](value)
    except (ValueError, TypeError, ArithmeticError, RecursionError) as error:
        raise InvalidRowError(f"{table.name}: {error}") from None
    return values


def _check(types: type | tuple[type, ...], further: Callable[[Any], Any] | None = None) -> Callable[[Any], None]:
    def check(value: Any) -> None:
        if not isinstance(value, types) or (isinstance(value, bool) and types is not bool):
            raise ValueError("a value of the wrong type")
        if further is not None:
            further(value)

    return check


def _check_64_bits(value: int) -> None:
    if value not in INT64:
        raise ValueError("a number of more than 64 bits")


CHECKS: dict[str, Callable[[Any], None]] = {
    "bool": _check(bool),
    "date": _check(str, date.fromisoformat),
    "decimal": _check(str, Decimal),
    "float": _check((float, int), float),
    "int": _check(int, _check_64_bits),
    "ip": _check(str, str.encode),  # rejects lone surrogates
    "json": _check(str, lambda text: canonical_json(text).encode()),
    "text": _check(str, str.encode),
    "time": _check(str, datetime.fromisoformat),
    "uuid": _check(str, str.encode),
}


class Digest:
    """Count the rows of a table and hash them in the order of their keys, with JSON in canonical form."""

    def __init__(self, table: Table) -> None:
        self._places = table.json_places
        self._hash = hashlib.sha256()
        self.rows = 0

    def add(self, values: Sequence[Any]) -> None:
        canonical = list(values)
        for place in self._places:
            if values[place] is not None and values[place] not in TRIVIAL:
                canonical[place] = canonical_json(values[place])
        self._hash.update(as_line(canonical).encode() + b"\n")
        self.rows += 1

    def summary(self) -> dict[str, Any]:
        return {"rows": self.rows, "sha256": self._hash.hexdigest()}


# The database


def rows_of(table: Table) -> Iterator[list[Any]]:
    """Yield the rows of a table as JSON values in the order of their keys, in the caller's snapshot."""
    quote = connection.ops.quote_name
    columns = ", ".join(_selected(column) for column in table.columns)
    statement = f"SELECT {columns} FROM {quote(table.name)} ORDER BY {quote(table.key)}"  # noqa: S608
    converters = [(place, TO_JSON[column.kind]) for place, column in enumerate(table.columns) if column.kind in TO_JSON]
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement)
        while rows := cursor.fetchmany(ROWS_PER_FETCH):
            yield from (_converted(row, converters) for row in rows)


def _selected(column: Column) -> str:
    name = connection.ops.quote_name(column.name)
    as_text = connection.vendor == "postgresql" and column.kind in ("json", "uuid")
    return f"{name}::text" if as_text else name


def _time_text(value: datetime) -> str:
    """Return a time as ISO text in UTC without offset; SQLite returns times without a zone."""
    if value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    return value.isoformat()


TO_JSON: dict[str, Callable[[Any], Any]] = {
    "bool": bool,
    "date": str,
    "decimal": str,
    "ip": str,
    "time": _time_text,
    "uuid": str,
}


def insert(table: Table, rows: Iterable[Sequence[Any]]) -> None:
    """Store rows that `parse_row()` returned, in the caller's transaction."""
    quote = connection.ops.quote_name
    columns = ", ".join(quote(name) for name in table.names)
    is_postgresql = connection.vendor == "postgresql"
    to_time = "{}+00".format if is_postgresql else lambda text: text.replace("T", " ")
    times = [(place, to_time) for place, column in enumerate(table.columns) if column.kind == "time"]
    converted = (_converted(row, times) for row in rows)
    with connection.cursor() as cursor:
        if is_postgresql:
            statement = f"COPY {quote(table.name)} ({columns}) FROM STDIN"
            with connection.wrap_database_errors, cursor.copy(statement) as copy:
                for row in converted:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(table.columns))
            statement = f"INSERT INTO {quote(table.name)} ({columns}) VALUES ({marks})"  # noqa: S608
            cursor.executemany(statement, list(converted))


def _converted(row: Sequence[Any], converters: Sequence[tuple[int, Callable[[Any], Any]]]) -> list[Any]:
    """Return the values of a row, converted at these places but where there are none."""
    values = list(row)
    for place, convert in converters:
        if values[place] is not None:
            values[place] = convert(values[place])
    return values


def delete_all_rows(tables: Iterable[Table]) -> None:
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(table.name)}")  # noqa: S608


def sequence_value(table: Table) -> int:
    """Return the last key that the database generated. Keys are never reused, because the audit log refers to rows."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT max(seq) FROM sqlite_sequence WHERE name = %s", [table.name])
        else:
            sequence = _sequence(cursor, table)
            cursor.execute(f"SELECT CASE WHEN is_called THEN last_value END FROM {sequence}")  # noqa: S608
        return (cursor.fetchone() or [0])[0] or 0


def set_sequence(table: Table, number: int) -> None:
    """Make the database generate the keys of `table` from `number` on."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table.name])
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table.name, number])
        else:
            sequence = _sequence(cursor, table)
            cursor.execute("SELECT setval(%s::regclass, %s, %s)", [sequence, max(number, 1), number > 0])


def _sequence(cursor: Any, table: Table) -> str:
    quoted = connection.ops.quote_name(table.name)
    cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [quoted, table.key])
    return cursor.fetchone()[0]


def checksum_of(table: Table) -> dict[str, Any]:
    """Return the row count and the hash of a table's contents."""
    digest = Digest(table)
    for values in rows_of(table):
        digest.add(values)
    return digest.summary()
