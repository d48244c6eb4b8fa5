"""Which databases have a lock between processes."""

import pytest
from django.db.backends.sqlite3.base import DatabaseWrapper

from articles.db import locks


@pytest.mark.parametrize(
    ("name", "both"),
    [
        ("{folder}/in-memory-of-ana/db.sqlite3", (True, False)),
        ("{folder}/db.sqlite3", (True, False)),
        ("file:memorydb_default?mode=memory&cache=shared", (True, True)),  # nobody else has it
    ],
)
def test_a_database_in_a_file_has_a_lock_regardless_of_its_folder(name, both, tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "connection", DatabaseWrapper({"NAME": name.format(folder=tmp_path)}))
    with locks.database_lock("work", 1) as first, locks.database_lock("work", 1) as second:
        assert (first, second) == both
