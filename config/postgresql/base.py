"""Django's PostgreSQL, with cursors that let it keep its plans, and pooled connections taken up without a question.

Django asks the server before each use of a pooled connection, a round trip for every request. A server that stops says
so on each connection, or its system does: only where something has come is it asked. While it is away requests are told
so quickly: if each waited as long as the first, readers would wait for each other.
"""

from __future__ import annotations

import select
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Cursor, Error
from psycopg.errors import FeatureNotSupported
from psycopg.types.numeric import Int8
from psycopg_pool import ConnectionPool, PoolTimeout

AWAY_SECONDS = 0.25  # how long a request waits for a server that is known to be away


class PreparedCursor(Cursor[Any]):
    """For the same statements again and again: the server keeps their plans, which take it longer than their rows."""

    is_prepared = True

    def execute(self, query: Any, params: Any = None, **options: Any) -> PreparedCursor:
        sized = params and [_sized(value) for value in params]
        try:
            return super().execute(query, sized, prepare=True)
        except FeatureNotSupported:  # a migration has changed a column since
            return super().execute(query, sized, prepare=False)


class Operations(base.DatabaseOperations):
    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str | None:
        """Return what was executed, also by prepared cursors, of which the driver doesn't remember it."""
        told = super().last_executed_query(cursor, sql, params)
        return self.compose_sql(sql, params) if told is None and getattr(cursor, "is_prepared", False) else told


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = Operations

    def prepared(self) -> Any:
        """Return a cursor whose statements are prepared, where the settings allow it."""
        cursor = self.cursor()
        if self.settings_dict["OPTIONS"].get("prepare_threshold"):
            cursor.cursor = PreparedCursor(self.connection)
        return cursor

    def get_new_connection(self, conn_params: Any) -> Any:
        if not self.pool:
            return super().get_new_connection(conn_params)
        while True:
            connection = self._from_pool(conn_params)
            if not has_news(connection) or _is_alive(connection):
                return connection
            self.pool.putconn(connection)  # the pool makes another in its place

    def _from_pool(self, conn_params: Any) -> Any:
        """Return a connection. Once one request has waited in vain, others don't wait as long until one is found."""
        try:
            connection = super().get_new_connection(conn_params)
        except PoolTimeout:
            self.pool.timeout = min(AWAY_SECONDS, self.pool.timeout)
            _forget_who_left(self.pool)
            raise
        self.pool.timeout = self.settings_dict["OPTIONS"]["pool"]["timeout"]
        return connection


def _sized(value: Any) -> Any:
    """Return the value as the driver is to send it: small and large numbers alike, or each size had its own plan."""
    return Int8(value) if type(value) is int else value


def _forget_who_left(pool: Any) -> None:
    """Take who waited in vain out of the pool's line: with all that their errors hold, they'd stay until it moves."""
    with pool._lock:
        still_waiting = [each for each in pool._waiting if each.error is None]
        pool._waiting.clear()
        pool._waiting.extend(still_waiting)


def has_news(connection: Any) -> bool:
    """Return whether the server has sent something that nobody has read, its farewell for example."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _is_alive(connection: Any) -> bool:
    try:
        ConnectionPool.check_connection(connection)
    except Error:
        return False
    return True
