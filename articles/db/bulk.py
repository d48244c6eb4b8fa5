"""Write many rows at once without an object for each.

Django's bulk_create and bulk_update take several times as long to make and compile objects as the database takes to
store them. Columns, defaults and the form of values still come from the models; only the loop is ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import chain, islice
from typing import Any, TypeVar

from django.db import connection, models

T = TypeVar("T")
PARAMS_MAX = 4_000  # in one statement; SQLite's own limit is 32,766
CHUNK = 500  # values in one IN (…) or rows in one batch, far below every database's limit
KEYS_CHUNK = 2000  # the same, where only a few columns of each row are read


def chunked(items: Iterable[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def ids_between_or_in(field: str, ids: Sequence[int]) -> models.Q:
    """Return a condition that holds for all rows whose `field` is one of `ids`.

    If they are dense it is a range, which costs far less and may include other ids too: don't use it where extra rows
    matter.
    """
    if len(ids) > 1 and max(ids) - min(ids) < 4 * len(ids):
        return models.Q(**{f"{field}__gte": min(ids), f"{field}__lte": max(ids)})
    return models.Q(**{f"{field}__in": ids})


@models.CharField.register_lookup
class Listed(models.Lookup):
    """`field__listed=[…]`: IN with one parameter for all texts; Django takes 7 µs for each parameter of its own."""

    lookup_name = "listed"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        column, params = self.process_lhs(compiler, connection)
        return f"{column} IN (SELECT value FROM json_each(%s))", [*params, json.dumps(list(self.rhs))]  # noqa: S608

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        column, params = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s)", [*params, list(self.rhs)]


class BulkTable:
    """The table of a model. Rows to insert hold the values of `columns` in order; other columns get their defaults."""

    def __init__(self, model: type[models.Model], *columns: str) -> None:
        self.model = model
        self.columns = columns

    def insert(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows in the caller's transaction. JSON is given as `json_text()`, times as `time_value()` of them."""
        if not rows:
            return
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                self._copy(cursor, rows)
            else:
                self._insert_many(cursor, rows)

    def insert_missing(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Do the same, but leave out the rows that a unique constraint refuses."""
        if rows:
            with connection.cursor() as cursor:
                self._insert_many(cursor, rows, " ON CONFLICT DO NOTHING")

    def update(self, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        """Set `columns` of many rows; each of `rows` holds their values in order, then the id, each id once."""
        if not rows:
            return
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                for chunk in chunked(rows):
                    cursor.execute(self._update_from_values(columns, len(chunk)), list(chain.from_iterable(chunk)))
            else:
                assignments = ", ".join(f"{name} = %s" for name in self._quoted(columns))
                cursor.executemany(f"UPDATE {self._table()} SET {assignments} WHERE id = %s", rows)  # noqa: S608

    def reserve_ids(self, count: int) -> Sequence[int]:
        """Return ids that no other row has or will get, in the caller's transaction."""
        if not count:
            return []
        table = self.model._meta.db_table
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                sequence = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
                cursor.execute(sequence, [f'"{table}"', count])
                return sorted(row[0] for row in cursor.fetchall())
            # A transaction on SQLite is the only writer, and AUTOINCREMENT follows the highest id.
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
            last_id = (cursor.fetchone() or [0])[0]
            return range(last_id + 1, last_id + 1 + count)

    def _insert_many(self, cursor: Any, rows: Sequence[tuple[Any, ...]], suffix: str = "") -> None:
        """Insert by statements of many rows: each costs 40 µs where a trigger may write to the search index.

        The numbers of rows are powers of two: SQLite's driver caches a hundred statements, and each long one takes a
        megabyte.
        """
        rows_max = max(PARAMS_MAX // len(self.columns), 1)
        start = 0
        while rest := len(rows) - start:
            size = 1 << (min(rest, rows_max).bit_length() - 1)
            statement = self._insert_statement(size) + suffix
            cursor.execute(statement, list(chain.from_iterable(rows[start : start + size])))
            start += size

    def _copy(self, cursor: Any, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert by COPY: statements would cost PostgreSQL more than the rows do."""
        defaults = tuple(_default(field) for field in self._defaulted_fields())
        statement = f"COPY {self._column_list()} FROM STDIN"
        with connection.wrap_database_errors, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row + defaults)

    def _update_from_values(self, columns: Sequence[str], count: int) -> str:
        """Return one statement for `count` rows. The first of them carries the types of the values."""
        names = [*self._quoted(columns), "id"]
        typed = ", ".join(f"%s::{self._type(name)}" for name in (*columns, "id"))
        more = f", ({', '.join(['%s'] * len(names))})" * (count - 1)
        assignments = ", ".join(f"{name} = new.{name}" for name in names[:-1])
        return (
            f"UPDATE {self._table()} AS old SET {assignments} "  # noqa: S608
            f"FROM (VALUES ({typed}){more}) AS new ({', '.join(names)}) WHERE old.id = new.id"
        )

    def _insert_statement(self, count: int) -> str:
        values = ["%s"] * len(self.columns) + [_sql_default(field) for field in self._defaulted_fields()]
        row = f"({', '.join(values)})"
        return f"INSERT INTO {self._column_list()} VALUES {', '.join([row] * count)}"  # noqa: S608

    @cache  # noqa: B019  a handful of tables live as long as the process
    def _column_list(self) -> str:
        """Return the table with the columns to insert, those that get their defaults last."""
        names = [*self.columns, *(field.name for field in self._defaulted_fields())]
        return f"{self._table()} ({', '.join(self._quoted(names))})"

    @cache  # noqa: B019
    def _defaulted_fields(self) -> list[models.Field[Any, Any]]:
        inserted = {self._column(name) for name in self.columns}
        return [
            field
            for field in self.model._meta.concrete_fields
            if field.column not in inserted and not field.primary_key and not field.generated
        ]

    def _type(self, name: str) -> str:
        """Return a column's type without its length, to which a cast would cut silently."""
        return str(self.model._meta.get_field(name).db_type(connection)).partition("(")[0]

    def _table(self) -> str:
        return str(connection.ops.quote_name(self.model._meta.db_table))

    def _quoted(self, names: Iterable[str]) -> list[str]:
        return [connection.ops.quote_name(self._column(name)) for name in names]

    def _column(self, name: str) -> str:
        return str(self.model._meta.get_field(name).column)  # type: ignore[union-attr]  # never a reverse relation


def _default(field: models.Field[Any, Any]) -> Any:
    """Return a column's default; only for the plain kinds that models here use."""
    value = field.get_default()
    return json.dumps(value) if isinstance(field, models.JSONField) else value


def _sql_default(field: models.Field[Any, Any]) -> str:
    value = _default(field)
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return str(value)
    return "'" + str(value).replace("'", "''").replace("%", "%%") + "'"


def json_text(value: Any) -> str:
    """Return the value of a JSON column; empty lists and mappings, which nearly all are, cost nothing."""
    if not value:
        return "[]" if isinstance(value, list) else "{}"
    return json.dumps(value)


@cache
def _is_postgresql() -> bool:
    """Return whether times are stored as they are; asking the connection each time would take longer than the rest."""
    return connection.vendor == "postgresql"


def time_value(moment: datetime) -> Any:
    """Return the value of a time column in the form of the database in use."""
    if _is_postgresql():
        return moment
    if moment.tzinfo is not UTC:  # documents' times are in UTC, nearly all
        moment = moment.astimezone(UTC)
    return moment.isoformat(" ")[:-6]


def time_of_value(value: Any) -> datetime:
    """Return the time of a value that was read without a model, which takes a twentieth of the time with one."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(f"{value}+00:00")
