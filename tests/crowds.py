"""Several at once on one database, each with a connection of their own."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.db import connections


@contextmanager
def database_in(path: Path) -> Iterator[None]:
    """Let all connections that are made from now on lead to a file that holds what the test database holds."""
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


def at_once(jobs: Sequence[Callable[[], Any]], timeout: float = 60) -> list[Any]:
    """Run the jobs in threads that start together; return what each returned, or the exception that it raised."""
    gate = threading.Barrier(len(jobs))
    results: list[Any] = [None] * len(jobs)

    def work(number: int, job: Callable[[], Any]) -> None:
        try:
            gate.wait(timeout)
            results[number] = job()
        except Exception as error:  # noqa: BLE001  the test looks at each
            results[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=each, daemon=True) for each in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout)
    assert not any(thread.is_alive() for thread in threads), "somebody waits for ever"
    return results
