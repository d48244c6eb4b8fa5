"""Names by the hundred thousand: what a run remembers of its files takes no memory."""

from __future__ import annotations

import errno
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

FEW = 10_000  # names that are kept in memory; more of them are in a temporary file
_PREPARED = (
    "PRAGMA journal_mode = OFF",
    "CREATE TABLE names (name TEXT PRIMARY KEY, number INTEGER) WITHOUT ROWID",
    "BEGIN",
)
_ADDED = "INSERT OR IGNORE INTO names VALUES (?, ?)"


def in_order(names: list[str]) -> Iterator[str]:
    """Yield the names of a folder's files in bytewise order, and empty the list as soon as nothing else needs it.

    Raises OSError, with the folder for temporary files, if that has no room for them.
    """
    names.sort(key=os.fsencode)
    if len(names) <= FEW:
        yield from names
        return
    with _room(OSError), tempfile.TemporaryFile() as file:
        # No name has a slash, so one stands for the line ends that some have.
        file.writelines(os.fsencode(name).replace(b"\n", b"/") + b"\n" for name in names)
        names.clear()
        file.seek(0)
        for line in file:
            yield os.fsdecode(line[:-1].replace(b"/", b"\n"))


class Names:
    """Names of documents, each with a number of at most 63 bits. The file of many goes with the object.

    Raises OSError, with the folder for temporary files, if that has no room for them.
    """

    def __init__(self) -> None:
        self.few: dict[str, int] = {}
        self.rows: sqlite3.Connection | None = None

    def add(self, name: str, number: int) -> bool:
        """Add a name with its number; return False, and leave it as it is, if it is there already."""
        if self.rows is None:
            if name in self.few:
                return False
            if len(self.few) < FEW:
                self.few[name] = number
                return True
            self.rows = self._in_file()
        try:  # not `_room()`, which takes as long as this does: it is done for each file
            return self.rows.execute(_ADDED, (name, number)).rowcount == 1
        except sqlite3.Error as error:
            raise _full(error) from None

    def get(self, name: str) -> int | None:
        """Return the number of a name; None if it isn't there."""
        if self.rows is None:
            return self.few.get(name)
        with _room(sqlite3.Error):
            found = self.rows.execute("SELECT number FROM names WHERE name = ?", (name,)).fetchone()
            return found[0] if found else None

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    def __bool__(self) -> bool:
        return bool(self.few) or self.rows is not None

    def _in_file(self) -> sqlite3.Connection:
        with _room(sqlite3.Error):
            rows = sqlite3.connect("", isolation_level=None)
            for statement in _PREPARED:
                rows.execute(statement)
            rows.executemany(_ADDED, self.few.items())
        self.few.clear()
        return rows


@contextmanager
def _room(failure: type[Exception]) -> Iterator[None]:
    try:
        yield
    except failure as error:
        raise _full(error) from None


def _full(error: Exception) -> OSError:
    return OSError(errno.EIO, f"no room for the names of the files ({error})", tempfile.gettempdir())
