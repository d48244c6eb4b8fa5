"""Queries that the ORM compiles once, so that later calls pay only for fetching rows.

Compiling a query with several subqueries takes Django longer than the database takes to answer it: 2 ms, on every page.
The rules stay where they are, in querysets.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar, get_args, get_type_hints

from django.db import connection, connections
from django.db.models import Aggregate, JSONField, QuerySet
from django.utils import timezone

from .routers import read_alias

# Placeholders for values that are known only when the query runs. NOW may stand in any query, the others in those of
# `union_rows()`: where its rows begin and, on the next pages, after which times and file name they do.
NOW = datetime(9998, 1, 1, tzinfo=UTC)
SINCE_PARAM = datetime(9998, 1, 2, tzinfo=UTC)
CURSOR_LISTED_PARAM = datetime(9998, 1, 3, tzinfo=UTC)
CURSOR_PUBLISHED_PARAM = datetime(9998, 1, 4, tzinfo=UTC)
CURSOR_NAME_PARAM = "\ue000"
KEY_PLACEHOLDER = -(10**15)  # for the first key; the next ones count down from here

Position = tuple[datetime, datetime, str]  # in a list for readers: when listed, when published, the file name
Row = TypeVar("Row", bound=NamedTuple)
BuildQuery = Callable[[Sequence[Any]], QuerySet[Any, Any]]


class KeyRow(NamedTuple):
    """A row with only its key."""

    pk: int


class CompiledSQL(NamedTuple):
    """SQL, its parameters, and for each of them the name of the value that replaces it; empty if none does."""

    text: str
    params: Sequence[Any]
    names: Sequence[str]


class CompiledQuery(Generic[Row]):
    """A query for rows with some keys (or slugs, or names), compiled once for each number of keys.

    `build` returns the queryset for a list of keys. `row` is a NamedTuple whose fields without defaults are the names
    of the columns and annotations to select. Values are as drivers return them, except times, and fields for which
    `convert` has a function.
    """

    def __init__(self, row: type[Row], build: BuildQuery, **convert: Callable[[Any], Any]) -> None:
        self.row = row
        hints = get_type_hints(row)
        times = {name: to_datetime for name in row._fields if datetime in (hints[name], *get_args(hints[name]))}
        self._converters = [(row._fields.index(name), function) for name, function in (times | convert).items()]
        self._compiled = lru_cache(maxsize=256)(lambda vendor, count: _compile(row, build, count))

    def rows(self, keys: Sequence[int] | Sequence[str] | None = None) -> list[Row]:
        """Return the rows with these keys; all rows of a query without keys. One query; none for an empty list."""
        if keys is not None and not keys:
            return []
        return self._fetch(*self._bind(keys or ()))

    def union_rows(
        self, keys: Sequence[Any], order: str, size: int, since: datetime, after: Position | None = None
    ) -> list[Row]:
        """Return the first `size` rows of all keys, where the query itself finds the first ones of each key.

        One query: databases can't read one index at several places in order. `order` is the SQL of the columns by
        position. `since` and `after` replace SINCE_PARAM and the CURSOR_ ones.
        """
        parts: list[str] = []
        params: list[Any] = []
        for key in keys:
            sql, part_params = self._bind([key], since, after)
            parts.append(f"SELECT * FROM ({sql}) AS part_{len(parts)}")  # noqa: S608
            params += part_params
        return self._fetch(f"{' UNION ALL '.join(parts)} ORDER BY {order} LIMIT {size:d}", params) if parts else []

    def _bind(
        self, keys: Sequence[Any], since: datetime | None = None, after: Position | None = None
    ) -> tuple[str, list[Any]]:
        """Return the SQL for these keys with its parameters."""
        sql: CompiledSQL = self._compiled(connection.vendor, len(keys))
        listed_at, published_at, name = after or (None, None, None)
        times = {"now": timezone.now(), "since": since, "listed": listed_at, "published": published_at}
        values = {name: connection.ops.adapt_datetimefield_value(time) for name, time in times.items()}
        values["name"] = name
        values |= {f"key {index}": key for index, key in enumerate(keys)}
        return sql.text, [values.get(name, param) for name, param in zip(sql.names, sql.params, strict=True)]

    def _fetch(self, sql: str, params: Sequence[Any]) -> list[Row]:
        with connections[read_alias()].cursor() as cursor:
            cursor.execute(sql, params)
            return [self._to_row(values) for values in cursor.fetchall()]

    def _to_row(self, values: Sequence[Any]) -> Row:
        if self._converters:
            values = list(values)
            for index, convert in self._converters:
                values[index] = convert(values[index])
        return self.row(*values)


class JSONList(Aggregate):
    """The rows of a group as one JSON list, in no order."""

    function = "JSON_GROUP_ARRAY"
    output_field = JSONField()

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, function="JSONB_AGG", **extra)


def to_datetime(value: Any) -> Any:
    """Return the value of a time column: SQLite's driver returns text, or a time without its zone, which is UTC."""
    if value is None:
        return None
    time = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def from_json(value: Any) -> Any:
    """Return the value of a JSON column: SQLite's driver returns text."""
    return json.loads(value) if isinstance(value, str) else value


def _compile(row: type[NamedTuple], build: BuildQuery, count: int) -> CompiledSQL:
    keys = [KEY_PLACEHOLDER - index for index in range(count)]
    names: dict[Any, str] = {key: f"key {index}" for index, key in enumerate(keys)}
    names |= {str(key): name for key, name in names.items()}  # columns of text
    times = {"now": NOW, "since": SINCE_PARAM, "listed": CURSOR_LISTED_PARAM, "published": CURSOR_PUBLISHED_PARAM}
    for name, time in times.items():
        names[connection.ops.adapt_datetimefield_value(time)] = name
    names[CURSOR_NAME_PARAM] = "name"
    columns = [name for name in row._fields if name not in row._field_defaults]
    sql, params = build(keys).values_list(*columns).query.sql_with_params()
    return CompiledSQL(sql, params, [names.get(param, "") for param in params])
