"""Sites with their own databases, for tests that run commands in separate processes and kill them."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from tests.environments import newsroom_environment
from tests.migrated_database import migrated_file

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = int(os.environ.get("FAULT_ROUNDS", "2"))
POSTGRES = os.environ.get("FAULT_DATABASE_URL", "postgres://root@127.0.0.1:5432/test")


class Site:
    """A database, and commands that use it in separate processes."""

    def __init__(self, url: str, folder: Path) -> None:
        self.folder = folder
        self.environment = newsroom_environment(os.environ, folder, DATABASE_URL=url)

    def start(self, *command: str, **options: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **options,
        )

    def run(self, *command: str) -> str:
        process = self.start(*command)
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 0, output
        return output

    def start_import(self, *paths: Path, **options: object) -> subprocess.Popen[str]:
        return self.start("manage.py", "import_articles", *map(str, paths), **options)

    def state(self) -> str:
        return self.run("tests/database_dump.py")

    def import_whole(self, *paths: Path) -> str:
        """Import without interruption and return the resulting state."""
        self.run("manage.py", "import_articles", *map(str, paths))
        return self.state()


class Databases:
    """Creates empty, migrated databases of one kind."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.folder = folder
        self.names: list[str] = []
        self.template = ""

    def make_template(self) -> None:
        self.template = self.create_database("template")
        if self.kind == "sqlite":
            copy_sqlite(migrated_file(), self.folder / "template.sqlite3")
        else:
            Site(self.template, self.folder).run("manage.py", "migrate", "-v0")

    def create_database(self, name: str, template: str = "") -> str:
        if self.kind == "sqlite":
            return f"sqlite:///{self.folder / name}.sqlite3"
        name = f"faults_{os.getpid()}_{name}"
        self.names.append(name)
        self._sql(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))
        return POSTGRES.rpartition("/")[0] + f"/{name}"

    def _sql(self, statement: str, *values: str) -> None:
        psycopg = pytest.importorskip("psycopg")
        with psycopg.connect(POSTGRES.replace("postgres://", "postgresql://"), autocommit=True) as connection:
            connection.execute(statement, values or None)

    def disconnect(self, name: str) -> None:
        """Close every connection to the database, as a restart of the server would."""
        self._sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", name)

    def create_site(self, name: str) -> Site:
        if self.kind == "sqlite":
            url = self.create_database(name)
            copy_sqlite(self.folder / "template.sqlite3", self.folder / f"{name}.sqlite3")
        else:
            url = self.create_database(name, self.template.rpartition("/")[2])
        return Site(url, self.folder)

    def drop(self) -> None:
        with ExitStack() as stack:  # so that one failure doesn't keep the others
            for name in self.names:
                stack.callback(self._sql, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def copy_sqlite(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as origin, closing(sqlite3.connect(target)) as copy:
        origin.backup(copy)


def postgres_is_up() -> bool:
    try:
        import psycopg

        psycopg.connect(POSTGRES.replace("postgres://", "postgresql://"), connect_timeout=2).close()
    except (ImportError, OSError):
        return False
    except psycopg.Error:
        return False
    return True


@contextmanager
def databases_of(kind: str, folder: Path) -> Iterator[Databases]:
    """Yield databases of one kind and drop them at the end; skip the test without a server."""
    if kind == "postgresql" and not postgres_is_up():
        assert not os.environ.get("CI"), "CI needs PostgreSQL"
        pytest.skip("PostgreSQL doesn't answer")
    databases = Databases(kind, folder)
    try:
        databases.make_template()
        yield databases
    finally:
        databases.drop()
