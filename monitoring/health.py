"""Whether the site can serve: each service is asked, in a thread of its own, and none is waited for long.

A check that still runs is waited for, never started twice; one that hangs is told as away until it ends.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock

from django.core.cache import caches
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder

from config.migrations import known_migrations

SECONDS = 2.0  # for all checks together
OK, AWAY, PENDING = "ok", "away", "pending"
READY, DEGRADED, UNAVAILABLE = "ready", "degraded", "unavailable"
PROBE = "readyz"  # the name of what is asked for in cache and storage; in the storage it is never there


@contextmanager
def own_connection() -> Iterator[BaseDatabaseWrapper]:
    """Yield a new connection, none of the pool: that all of those are busy doesn't mean that the database is away."""
    connection = connections.create_connection(DEFAULT_DB_ALIAS)
    options = {name: value for name, value in connection.settings_dict["OPTIONS"].items() if name != "pool"}
    connection.settings_dict = connection.settings_dict | {"OPTIONS": options}
    try:
        yield connection
    finally:
        connection.close()


def check_database() -> str:
    with own_connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return OK if cursor.fetchone() == (1,) else AWAY


def check_migrations() -> str:
    """Return whether the tables are what this code needs. Newer ones are no fault: code is updated after them.

    `applied_migrations()` would ask by the connection of this thread, which nobody gives back to the pool.
    """
    with own_connection() as connection, connection.cursor() as cursor:
        recorder = MigrationRecorder(connection)
        if not recorder.has_table():
            return PENDING
        cursor.execute(f"SELECT app, name FROM {recorder.Migration._meta.db_table}")  # noqa: S608
        return OK if known_migrations() <= set(cursor.fetchall()) else PENDING


def check_cache() -> str:
    cache = caches["default"]
    cache.set(PROBE, 1, 30)
    is_down = getattr(cache, "is_down", lambda: False)()  # its fallback replies, too
    return OK if cache.get(PROBE) is not None and not is_down else AWAY


def check_storage() -> str:
    """Ask a service whether it has a file, a folder whether it can be written to; one that isn't made yet can be."""
    if not isinstance(default_storage, FileSystemStorage):
        default_storage.exists(PROBE)
        return OK
    folder = Path(default_storage.location)
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return OK if folder.is_dir() and os.access(folder, os.R_OK | os.W_OK | os.X_OK) else AWAY


CHECKS: dict[str, Callable[[], str]] = {
    "database": check_database,
    "migrations": check_migrations,
    "cache": check_cache,
    "storage": check_storage,
}
NEEDED = {"database", "migrations"}  # without the others pages still come: slower, or without pictures


class Readiness:
    """Asks the checks side by side. One for each process."""

    def __init__(self, checks: dict[str, Callable[[], str]] | None = None, seconds: float = SECONDS) -> None:
        self._checks = CHECKS if checks is None else checks
        self._seconds = seconds
        self._pool = ThreadPoolExecutor(max_workers=len(self._checks), thread_name_prefix="readyz")
        self._running: dict[str, Future[str]] = {}
        self._starting = Lock()

    def states(self) -> dict[str, str]:
        """Return the state of each service, within the time given."""
        with self._starting:
            for name, check in self._checks.items():
                if name not in self._running or self._running[name].done():
                    self._running[name] = self._pool.submit(_asked, check)
            asked = dict(self._running)
        wait(asked.values(), timeout=self._seconds)
        return {name: future.result() if future.done() else AWAY for name, future in asked.items()}


def _asked(check: Callable[[], str]) -> str:
    try:
        return check()
    except Exception:  # noqa: BLE001  whatever is wrong with it, it can't be used; why is in its own log
        return AWAY


def verdict(states: dict[str, str]) -> str:
    """Return whether the site can serve with its services in these states."""
    if any(states[name] != OK for name in NEEDED):
        return UNAVAILABLE
    return READY if set(states.values()) == {OK} else DEGRADED


@cache
def readiness() -> Readiness:
    return Readiness()
