"""One process at a time for what needs no second: who comes later is told, and goes. The lock ends with its process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.db import connection


@contextmanager
def alone_with(path: Path) -> Iterator[bool]:
    """Yield whether no other process works with the file; it belongs to this one until the end. Raises OSError."""
    import fcntl

    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        yield False
        return
    try:
        yield True
    finally:
        os.close(handle)


@contextmanager
def alone_at(work: str, key: int) -> Iterator[bool]:
    """Yield whether no other process does this work on the database in use, from whichever machine.

    `key` is a number that no other work has. Raises OSError and DatabaseError.
    """
    if connection.vendor == "postgresql":
        with _advisory_lock(key) as is_alone:
            yield is_alone
    elif connection.vendor == "sqlite" and not connection.is_in_memory_db():
        with alone_with(Path(f"{connection.settings_dict['NAME']}.{work}")) as is_alone:
            yield is_alone
    else:
        yield True


@contextmanager
def _advisory_lock(key: int) -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        is_alone = bool(cursor.fetchone()[0])
    try:
        yield is_alone
    finally:
        if is_alone:  # a lost connection has released it already
            with suppress(Exception), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
