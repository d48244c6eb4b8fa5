"""One import at a time: the others wait. The lock goes with its process, however that ends."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.db import connection

ADVISORY_KEY = 0x4E65_7773  # any number that no other program on the database uses: "News"


@contextmanager
def import_lock(on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the import lock of the database in use; call `on_wait` once if another import holds it."""
    if connection.vendor == "postgresql":
        with _advisory_lock(on_wait):
            yield
    elif connection.vendor == "sqlite" and "memory" not in str(connection.settings_dict["NAME"]):
        with _file_lock(Path(str(connection.settings_dict["NAME"]) + ".import-lock"), on_wait):
            yield
    else:
        yield


@contextmanager
def _advisory_lock(on_wait: Callable[[], None]) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ADVISORY_KEY])
        if not cursor.fetchone()[0]:
            on_wait()
            cursor.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_KEY])
    try:
        yield
    finally:
        # A lost connection has released it already.
        with suppress(Exception), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [ADVISORY_KEY])


@contextmanager
def _file_lock(path: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    import fcntl

    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
