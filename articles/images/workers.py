"""Threads for what takes long: requests, decoding, writing files. None of them uses the database."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, Self

from pictures.decoder import Decoder

STOP_SECONDS = 3.0  # for files that are being written; requests are not waited for

Task = Callable[[Decoder], Any]


class Workers:
    """A number of threads, each with its own decoder. Use as a context manager, from one thread.

    Not a ThreadPoolExecutor, at whose end the program waits for the slowest host.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.busy = 0
        self._tasks: SimpleQueue[tuple[Any, Task] | None] = SimpleQueue()
        self._results: SimpleQueue[tuple[Any, Future[Any]]] = SimpleQueue()
        self._decoders = [Decoder() for _ in range(number)]
        self._threads = [
            threading.Thread(target=self._run, args=(decoder,), name="pictures", daemon=True)
            for decoder in self._decoders
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for _thread in self._threads:
            self._tasks.put(None)
        end = time.monotonic() + STOP_SECONDS
        for decoder in self._decoders:
            decoder.close()
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    def start(self, key: Any, task: Task) -> None:
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

    def _run(self, decoder: Decoder) -> None:
        while (item := self._tasks.get()) is not None:
            key, task = item
            future: Future[Any] = Future()
            try:
                future.set_result(task(decoder))
            except Exception as error:  # noqa: BLE001 raised again where the result is used
                future.set_exception(error)
            self._results.put((key, future))
