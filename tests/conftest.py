"""Fixtures for all tests, including a guard that no test bypasses the audit log.

HYPOTHESIS_PROFILE sets how many documents are generated: quick by default, thorough in CI.
"""

import gc
import os
import re
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from pathlib import Path
from threading import Thread

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, settings
from pytest_django import DjangoDbBlocker

from articles.search import postgresql
from tests.audit_guard import record_unlogged_writes
from tests.migrated_database import migrated_file
from tests.stack_block import LargeStackBlock

from .concurrency import use_database_file

unhurried = {"deadline": None, "suppress_health_check": list(HealthCheck)}
settings.register_profile("quick", max_examples=15, derandomize=True, **unhurried)
settings.register_profile("thorough", max_examples=150, **unhurried)
gc.set_threshold(100_000, 50, 50)  # thousands of templates and querysets make few cycles, and collecting them is slow

settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def pytest_configure(config: pytest.Config) -> None:
    """Migrate SQLite's database while the workers collect their tests, which takes as long."""
    config.pluginmanager.register(LargeStackBlock())
    if config.getoption("numprocesses", None) and connection.vendor == "sqlite":
        Thread(target=migrated_file, daemon=True).start()


MARK_OF_MODULE = re.compile(r"^pytestmark = .*\bmark\.(faults|integration|slow|systematic|thorough)\b", re.MULTILINE)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Don't import a module all of whose tests are left out: half of the collection's time went into those."""
    mark = ""
    if collection_path.name == "browser":
        mark = "browser"  # its conftest.py marks all tests
    elif collection_path.suffix == ".py" and (found := MARK_OF_MODULE.search(collection_path.read_text())):
        mark = found[1]
    return True if mark and f"not {mark}" in config.option.markexpr else None


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """Leave out the migrations on SQLite, where `django_db_setup` loads a database that has been migrated."""
    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["MIGRATE"] = False


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Load the migrated database on SQLite."""
    if connection.vendor == "sqlite":
        with django_db_blocker.unblock():
            _replace_database(migrated_file())


def _replace_database(path: Path) -> None:
    """Replace the content of the connection's database, which is in memory, by the file's."""
    connection.ensure_connection()
    with closing(sqlite3.connect(path)) as file:
        file.backup(connection.connection)
    ContentType.objects.clear_cache()


@pytest.fixture(autouse=True)
def unlogged_writes() -> Iterator[list[str]]:
    """Fail a test in which the project writes an article or one of its lists outside a unit of work."""
    with record_unlogged_writes() as writes:
        yield writes
    assert not writes, "\n".join(writes)


@pytest.fixture(autouse=True)
def no_processes_and_no_waiting(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test that starts a process or sleeps without being marked for it: the default suite stays quick."""
    if not any(request.node.get_closest_marker(name) for name in ("integration", "faults", "browser", "thorough")):
        monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("starts a process: mark it integration"))
        monkeypatch.setattr(time, "sleep", lambda seconds: seconds and pytest.fail("sleeps: mark it integration"))


@pytest.fixture
def count_queries() -> Callable[[], CaptureQueriesContext]:
    """Capture the queries of a block, so that those for one row and for many can be compared."""
    return lambda: CaptureQueriesContext(connection)


@pytest.fixture
def shared_database(transactional_db: None, tmp_path: Path) -> Iterator[None]:
    """A database that several connections may write: PostgreSQL's, or a copy of SQLite's in a file."""
    with nullcontext() if connection.vendor == "postgresql" else use_database_file(tmp_path / "newsroom.sqlite3"):
        yield


def pytest_runtest_setup() -> None:
    """PostgreSQL reads words and looks at samples once for many; counted queries don't depend on earlier tests."""
    postgresql.to_tsquery.cache_clear()
    cache.clear()
