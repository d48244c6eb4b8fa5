"""Threads for what takes long: requests, work of child processes, writing files. None of them uses the database."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, Generic, Self, TypeVar

from .child import ChildProcess

STOP_SECONDS = 3.0  # for files that are being written; requests are not waited for

Child = TypeVar("Child", bound=ChildProcess)


class Workers(Generic[Child]):
    """A number of threads, each with its own child process. Use as a context manager, from one thread.

    Not a ThreadPoolExecutor, at whose end the program waits for the slowest host.
    """

    def __init__(self, number: int, make_child: Callable[[], Child]) -> None:
        self.number = number
        self.busy = 0
        self._tasks: SimpleQueue[tuple[Any, Callable[[Child], Any]] | None] = SimpleQueue()
        self._results: SimpleQueue[tuple[Any, Future[Any]]] = SimpleQueue()
        self._children = [make_child() for _ in range(number)]
        self._threads = [
            threading.Thread(target=self._run, args=(child,), name="worker", daemon=True) for child in self._children
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for _thread in self._threads:
            self._tasks.put(None)
        end = time.monotonic() + STOP_SECONDS
        for child in self._children:
            child.close()
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    def start(self, key: Any, task: Callable[[Child], Any]) -> None:
        """Run `task` in a thread; `wait()` returns its result with `key`."""
        self.busy += 1
        self._tasks.put((key, task))

    def wait(self, seconds: float | None = None) -> tuple[Any, Future[Any]] | None:
        """Return the next result; None if there is none within `seconds`."""
        try:
            result = self._results.get(timeout=seconds)
        except Empty:
            return None
        self.busy -= 1
        return result

    def _run(self, child: Child) -> None:
        while (item := self._tasks.get()) is not None:
            key, task = item
            future: Future[Any] = Future()
            try:
                future.set_result(task(child))
            except Exception as error:  # noqa: BLE001 raised again where the result is used
                future.set_exception(error)
            self._results.put((key, future))
