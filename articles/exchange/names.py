"""Names by the hundred thousand: what a run remembers of its files takes no memory."""

from __future__ import annotations

import errno
import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice

FEW = 10_000  # names that are kept in memory; SQLite keeps more of them in a temporary file
_PREPARED = (
    "PRAGMA journal_mode = OFF",
    "CREATE TABLE names (name BLOB PRIMARY KEY, number INTEGER) WITHOUT ROWID",
    "BEGIN",
)
_ADDED = "INSERT OR IGNORE INTO names VALUES (?, ?)"


class Names:
    """Names, each with a number of at most 63 bits. Where they are many, they are in a file that goes with the object.

    Raises OSError if the folder for temporary files has no room for it.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        left = iter(names)
        self.few = dict.fromkeys(islice(left, FEW), 0)
        self.rows: sqlite3.Connection | None = None
        for name in left:
            self.add(name, 0)

    def add(self, name: str, number: int) -> bool:
        """Add a name with its number; return False, and leave it as it is, if it is there already."""
        if self.rows is None:
            if name in self.few:
                return False
            if len(self.few) < FEW:
                self.few[name] = number
                return True
            self.rows = self._in_file()
        with _told():
            return self.rows.execute(_ADDED, (os.fsencode(name), number)).rowcount == 1

    def get(self, name: str) -> int | None:
        """Return the number of a name; None if it isn't there."""
        if self.rows is None:
            return self.few.get(name)
        with _told():
            found = self.rows.execute("SELECT number FROM names WHERE name = ?", (os.fsencode(name),)).fetchone()
            return found[0] if found else None

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    def __bool__(self) -> bool:
        return bool(self.few) or self.rows is not None

    def __iter__(self) -> Iterator[str]:
        """Yield the names in bytewise order."""
        if self.rows is None:
            yield from sorted(self.few, key=os.fsencode)
            return
        with _told():
            yield from map(os.fsdecode, chain.from_iterable(self.rows.execute("SELECT name FROM names ORDER BY name")))

    def _in_file(self) -> sqlite3.Connection:
        with _told():
            rows = sqlite3.connect("", isolation_level=None)
            for statement in _PREPARED:
                rows.execute(statement)
            rows.executemany(_ADDED, ((os.fsencode(name), number) for name, number in self.few.items()))
        self.few.clear()
        return rows


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise OSError(errno.EIO, f"no room for the names of the files ({error})", tempfile.gettempdir()) from None
