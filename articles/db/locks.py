"""Locks between processes, on a file or on the database in use. They are released when the process ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from django.db import connection

IMPORT_LOCK_KEY = 0x4E65_7773  # any number that no other program on the database uses: "News"


def import_lock(on_wait: Callable[[], None]) -> AbstractContextManager[bool]:
    """Hold the one lock of all commands that write documents; call `on_wait` once if another command holds it."""
    return database_lock("import", IMPORT_LOCK_KEY, on_wait)


@contextmanager
def database_lock(name: str, key: int, on_wait: Callable[[], None] | None = None) -> Iterator[bool]:
    """Yield whether this process holds the lock for a task on the database in use, across machines.

    With `on_wait` it is called once if the lock is taken, and then the lock is waited for. PostgreSQL knows the lock by
    `key`, a number that no other task has, SQLite by `name`. Raises OSError and DatabaseError.
    """
    if connection.vendor == "postgresql":
        with _advisory_lock(key, on_wait) as is_held:
            yield is_held
    elif connection.vendor == "sqlite" and not connection.is_in_memory_db():  # type: ignore[attr-defined]  # SQLite only
        with file_lock(Path(f"{connection.settings_dict['NAME']}.{name}"), on_wait) as is_held:
            yield is_held
    else:
        yield True


@contextmanager
def file_lock(path: Path, on_wait: Callable[[], None] | None = None) -> Iterator[bool]:
    """Yield whether this process holds the lock of a file, as `database_lock` does. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        is_held = True
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            is_held = on_wait is not None
            if on_wait:
                on_wait()
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield is_held
    finally:
        os.close(handle)


@contextmanager
def _advisory_lock(key: int, on_wait: Callable[[], None] | None) -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        is_held = bool(cursor.fetchone()[0])
        if not is_held and on_wait:
            on_wait()
            cursor.execute("SELECT pg_advisory_lock(%s)", [key])
            is_held = True
    try:
        yield is_held
    finally:
        if is_held:  # a lost connection has released it already
            with suppress(Exception), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
