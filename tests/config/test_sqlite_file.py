"""Only the owner may read SQLite's files, whatever the umask."""

from __future__ import annotations

import os
import stat
from contextlib import closing

import pytest

from config.backends.sqlite3.base import DatabaseWrapper
from config.settings import database_settings


def connect(path):
    settings = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path)}
    defaults = {"ATOMIC_REQUESTS": False, "AUTOCOMMIT": True, "CONN_HEALTH_CHECKS": False, "TIME_ZONE": None}
    wrapper = DatabaseWrapper(defaults | database_settings(settings), "owner")
    return wrapper.get_new_connection(wrapper.get_connection_params())


@pytest.fixture
def open_umask():
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_only_the_owner_may_read_a_new_database_its_wal_and_its_journal(tmp_path, journal):
    with closing(connect(tmp_path / "newsroom.sqlite3")) as connection:
        connection.execute(f"PRAGMA journal_mode={journal}")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE t (x)")
        connection.execute("INSERT INTO t VALUES (1)")
        files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
        assert len(files) >= 2
        assert set(files.values()) == {0o600}, files
        connection.execute("COMMIT")


@pytest.mark.usefixtures("open_umask")
def test_the_permissions_of_an_existing_database_stay(tmp_path):
    path = tmp_path / "newsroom.sqlite3"
    path.touch(0o640)
    connect(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_the_settings_use_this_backend():
    settings = database_settings({"ENGINE": "django.db.backends.sqlite3", "NAME": "x"})
    assert settings["ENGINE"] == "config.backends.sqlite3"
