"""Run code in several threads on one database, each with its own connection."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.db import connections


@contextmanager
def use_database_file(path: Path) -> Iterator[None]:
    """Copy the test database to a file and make all new connections use it."""
    memory, settings = connections["default"], connections.settings["default"]
    memory.ensure_connection()
    with closing(sqlite3.connect(path)) as file:
        memory.connection.backup(file)
    name = settings["NAME"]
    settings["NAME"] = str(path)
    connections["default"] = connections.create_connection("default")
    try:
        yield
    finally:
        connections.close_all()
        settings["NAME"] = name
        connections["default"] = memory


def run_together(jobs: Sequence[Callable[[], Any]], timeout: float = 60) -> list[Any]:
    """Run the jobs in threads that start together; return their results or exceptions."""
    gate = threading.Barrier(len(jobs))
    results: list[Any] = [None] * len(jobs)

    def work(number: int, job: Callable[[], Any]) -> None:
        try:
            gate.wait(timeout)
            results[number] = job()
        except Exception as error:  # noqa: BLE001  the test checks them
            results[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=numbered, daemon=True) for numbered in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout)
    assert not any(thread.is_alive() for thread in threads), "a thread hangs"
    return results
