"""Queries that the ORM compiles once for every number of keys, and that cost their rows from then on.

Compiling a query with several subqueries takes Django longer than the database takes to answer it: 2 ms, on every
page. The rules stay where they are, in querysets.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db import connection, connections
from django.db.models import Aggregate, JSONField, QuerySet
from django.utils import timezone

from .routers import reading

MARK = -(10**15)  # no key; so far down every number stands for the place of one
# What stands for values that are known only when rows are asked for: that moment, and where a page ends and starts.
MOMENT = datetime(9998, 1, 1, tzinfo=UTC)
SINCE = datetime(9998, 1, 2, tzinfo=UTC)
BEFORE_TIME = datetime(9998, 1, 3, tzinfo=UTC)
BEFORE_FILE = "\ue000"
Compiled = tuple[str, list[tuple[str, Any]]]  # SQL, and each parameter with the name of what takes its place


class Statement:
    """A query of `values_list` for rows with given keys or names. `MOMENT` in it stands for the time of asking."""

    def __init__(self, build: Callable[[Sequence[int]], QuerySet[Any, Any]]) -> None:
        self._compiled = lru_cache(maxsize=256)(lambda vendor, count: _compile(build, count))

    def rows(self, keys: Sequence[int] | Sequence[str] | None = None) -> list[tuple[Any, ...]]:
        """Return the rows of these keys, or of a query without keys. Columns are as drivers give them.

        One query; none for an empty list of keys.
        """
        if keys is not None and not keys:
            return []
        keys = keys or ()
        return _run(*self._bound(keys))

    def merged(
        self, keys: Sequence[int], order: str, size: int, since: datetime, before: tuple[datetime, str] | None = None
    ) -> list[tuple[Any, ...]]:
        """Return the first `size` rows of all keys, each once, where the statement finds the first ones of each key.

        `order` names columns of the result. One query: databases can't walk one index at several places in order.
        `since` and `before` are what `SINCE`, `BEFORE_TIME` and `BEFORE_FILE` stand for.
        """
        parts: list[str] = []
        params: list[Any] = []
        for key in keys:
            sql, values = self._bound([key], since, before)
            parts.append(f"SELECT * FROM ({sql}) AS part_{len(parts)}")  # noqa: S608
            params += values
        merged = f"{' UNION ALL '.join(parts)} ORDER BY {order} LIMIT {size:d}"
        return _run(merged, params) if parts else []

    def _bound(
        self, keys: Sequence[Any], since: datetime | None = None, before: tuple[datetime, str] | None = None
    ) -> tuple[str, list[Any]]:
        sql, params = self._compiled(connection.vendor, len(keys))
        values: dict[str, Any] = {"moment": timezone.now(), "since": since, "time": before[0] if before else None}
        values = {name: connection.ops.adapt_datetimefield_value(value) for name, value in values.items()}
        values["file"] = before[1] if before else None
        values |= {f"key {place}": key for place, key in enumerate(keys)}
        return sql, [values.get(name, value) for name, value in params]


def _run(sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connections[reading()].cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


class JSONList(Aggregate):
    """The rows of a group as one JSON list, in no order."""

    function = "JSON_GROUP_ARRAY"
    output_field = JSONField()

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, function="JSONB_AGG", **extra)


def time_of(value: Any) -> datetime:
    """Return a time column: SQLite gives it without its zone, which is UTC, or as text."""
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def json_of(value: Any) -> Any:
    """Return a JSON column: SQLite gives it as text."""
    return json.loads(value) if isinstance(value, str) else value


def _compile(build: Callable[[Sequence[int]], QuerySet[Any, Any]], count: int) -> Compiled:
    marks = [MARK - number for number in range(count)]
    names: dict[Any, str] = {mark: f"key {place}" for place, mark in enumerate(marks)}
    names |= {str(mark): name for mark, name in names.items()}  # where keys are names
    for name, time in (("moment", MOMENT), ("since", SINCE), ("time", BEFORE_TIME)):
        names[connection.ops.adapt_datetimefield_value(time)] = name
    names[BEFORE_FILE] = "file"
    sql, params = build(marks).query.sql_with_params()
    return sql, [(names.get(value, ""), value) for value in params]
