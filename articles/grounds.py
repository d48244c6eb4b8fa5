"""What an answer rests on: the statements that it was made by, and what they found.

An answer for readers depends on rows, and beside them on nothing but what `caching.py` names its place by. So one made
for an earlier state of the newsroom is right as long as its statements find the same rows, and asking them takes a
quarter of the work of making it anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

from django.db import Error, connections
from django.http import HttpRequest, HttpResponseBase

from .readers import parameters_of
from .routing import reading
from .sharing import asking, is_shared, shared, told_to

QUERIES = ("SELECT", "WITH", "(SELECT")


class Ground(NamedTuple):
    """A statement, and a digest of its rows. Prepared ones are asked again as such, shared ones by their name."""

    sql: str
    params: Sequence[Any] | None
    is_prepared: bool
    shared_as: Hashable | None
    found: bytes


class GroundsMiddleware:
    """Tells what the answers of readers rest on, as `response.grounds`. It stands where nothing else asks anything."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if parameters_of(request) is None:
            return self.get_response(request)
        with noted() as notes:
            response = self.get_response(request)
        response.grounds = notes.grounds()  # type: ignore[attr-defined]
        return response


def hold(grounds: Sequence[Ground]) -> bool:
    """Return whether all these statements find what they found; False also if the database doesn't answer."""
    alias = reading()
    try:
        with asking(alias) as prepared, connections[alias].cursor() as plain:
            return all(_finds_the_same(prepared if each.is_prepared else plain, each) for each in grounds)
    except Error:
        return False


class Notes:
    """The statements of a thread, in order, with the rows that were read of them."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Sequence[Any] | None, bool, Hashable | None, Sequence[Any]]] = []
        self.only_read = True

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """Execute a statement for Django's `execute_wrapper()`, and let its rows pass by here."""
        result = execute(sql, params, many, context)
        if is_shared():
            return result
        cursor, rows = context["cursor"], []  # type: ignore[var-annotated]
        self.only_read &= sql.lstrip().startswith(QUERIES)
        self.asked.append((sql, params, getattr(cursor.cursor, "is_prepared", False), None, rows))
        cursor.cursor = _Passing(cursor.cursor, rows)
        return result

    def tell(self, sql: str, params: Sequence[Any], name: Hashable, rows: Sequence[Any]) -> None:
        """Note rows that are shared, whoever has read them."""
        self.asked.append((sql, params, True, name, rows))

    def grounds(self) -> tuple[Ground, ...] | None:
        """Return what was found by what; None where something was written."""
        if not self.only_read:
            return None
        return tuple(Ground(*about, _digest(rows)) for *about, rows in self.asked)


@contextmanager
def noted() -> Iterator[Notes]:
    """Note what this thread asks of any database."""
    notes = Notes()
    with ExitStack() as stack:
        for connection in connections.all():
            stack.enter_context(connection.execute_wrapper(notes))
        stack.enter_context(told_to(notes.tell))
        yield notes


class _Passing:
    """A driver's cursor; the rows that are read from it are kept as well."""

    def __init__(self, cursor: Any, rows: list[Any]) -> None:
        self.cursor: Any = cursor.cursor if isinstance(cursor, _Passing) else cursor  # one cursor may ask twice
        self.rows = rows

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cursor, name)

    def __iter__(self) -> Iterator[Any]:
        for row in self.cursor:
            self.rows.append(row)
            yield row

    def fetchone(self) -> Any:
        row = self.cursor.fetchone()
        self.rows += [] if row is None else [row]
        return row

    def fetchmany(self, *size: int) -> Any:
        rows = self.cursor.fetchmany(*size)
        self.rows += rows
        return rows

    def fetchall(self) -> Any:
        rows = self.cursor.fetchall()
        self.rows += rows
        return rows


def _finds_the_same(cursor: Any, ground: Ground) -> bool:
    if ground.shared_as is not None:
        return _digest(shared(ground.sql, ground.params or (), ground.shared_as)) == ground.found
    cursor.execute(ground.sql, ground.params)
    return _digest(cursor.fetchall()) == ground.found


def _digest(rows: Sequence[Any]) -> bytes:
    return hashlib.blake2b(repr(list(rows)).encode(errors="surrogatepass"), digest_size=16).digest()
