"""Whether the site can serve: each service is checked in its own thread, and within two seconds.

A check that is still running is not started again; one that hangs is reported as away until it ends.
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
PROBE_NAME = "readyz"  # a key in the cache, and the name of a file that the storage never has


@contextmanager
def new_connection() -> Iterator[BaseDatabaseWrapper]:
    """Yield a new connection, not one of a pool: when all of those are busy, the database isn't down."""
    connection = connections.create_connection(DEFAULT_DB_ALIAS)
    options = {name: value for name, value in connection.settings_dict["OPTIONS"].items() if name != "pool"}
    connection.settings_dict = connection.settings_dict | {"OPTIONS": options}
    try:
        yield connection
    finally:
        connection.close()


def check_database() -> str:
    with new_connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return OK if cursor.fetchone() == (1,) else AWAY


def check_migrations() -> str:
    """Return whether the tables have all migrations of this code. Newer ones are fine: an upgrade migrates first.

    `applied_migrations()` would open a connection of this thread, which nothing would close.
    """
    with new_connection() as connection, connection.cursor() as cursor:
        recorder = MigrationRecorder(connection)
        if not recorder.has_table():
            return PENDING
        cursor.execute(f"SELECT app, name FROM {recorder.Migration._meta.db_table}")  # noqa: S608
        return OK if known_migrations() <= set(cursor.fetchall()) else PENDING


def check_cache() -> str:
    cache = caches["default"]
    cache.set(PROBE_NAME, 1, 30)
    is_down = getattr(cache, "is_down", lambda: False)()  # because its fallback always responds
    return OK if cache.get(PROBE_NAME) is not None and not is_down else AWAY


def check_storage() -> str:
    """Request a file from a bucket, or check that the folder, or the one in which it will be created, is writable."""
    if not isinstance(default_storage, FileSystemStorage):
        default_storage.exists(PROBE_NAME)
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
REQUIRED_CHECKS = {"database", "migrations"}  # without the others there are pages: slower, or without pictures


class Readiness:
    """Run the checks in parallel. There is one for each process."""

    def __init__(self, checks: dict[str, Callable[[], str]] | None = None, seconds: float = SECONDS) -> None:
        self._checks = CHECKS if checks is None else checks
        self._seconds = seconds
        self._pool = ThreadPoolExecutor(max_workers=len(self._checks), thread_name_prefix="readyz")
        self._running: dict[str, Future[str]] = {}
        self._starting = Lock()

    def states(self) -> dict[str, str]:
        """Return the state of each service; the ones that take too long are away."""
        with self._starting:
            for name, check in self._checks.items():
                if name not in self._running or self._running[name].done():
                    self._running[name] = self._pool.submit(_run, check)
            running = dict(self._running)
        wait(running.values(), timeout=self._seconds)
        return {name: future.result() if future.done() else AWAY for name, future in running.items()}


def _run(check: Callable[[], str]) -> str:
    try:
        return check()
    except Exception:  # noqa: BLE001  any error means that the service is unusable
        return AWAY


def overall_status(states: dict[str, str]) -> str:
    """Return whether the site can serve with its services in these states."""
    if any(states[name] != OK for name in REQUIRED_CHECKS):
        return UNAVAILABLE
    return READY if set(states.values()) == {OK} else DEGRADED


@cache
def readiness() -> Readiness:
    return Readiness()
