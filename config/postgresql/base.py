"""Django's PostgreSQL, for processes that keep a pool of connections: one in order is taken up without a question.

Django asks the server before each use of a pooled connection, a round trip for every request. A server that stops says
so on each connection, or its system does: only where something has come is it asked. While it is away requests are told
so quickly: if each waited as long as the first, readers would wait for each other.
"""

from __future__ import annotations

import select
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Error
from psycopg_pool import ConnectionPool, PoolTimeout

AWAY_SECONDS = 0.25  # how long a request waits for a server that is known to be away


class DatabaseWrapper(base.DatabaseWrapper):
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
            raise
        self.pool.timeout = self.settings_dict["OPTIONS"]["pool"]["timeout"]
        return connection


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
