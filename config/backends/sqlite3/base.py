"""The database backend. SQLite gives the WAL and the journal the permissions of the database's file."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

from django.db.backends.sqlite3 import base

FILE_MODE = 0o600


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        if not self.is_in_memory_db():
            _create_file(os.fspath(conn_params["database"]))
        return super().get_new_connection(conn_params)


def _create_file(path: str) -> None:
    """Create the file if it doesn't exist. Where that fails, SQLite's own error says why."""
    if not path.startswith("file:"):
        with suppress(OSError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, FILE_MODE))
