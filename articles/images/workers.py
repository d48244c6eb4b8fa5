"""Threads that do what takes long: ask hosts, decode, write files. None of them touches the database."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any, Self

from pictures.decoder import Decoder

STOP_SECONDS = 3.0  # for files that are being written; who waits for a host is left behind

Work = Callable[[Decoder], Any]


class Result:
    """What became of a piece of work."""

    def __init__(self, subject: Any, value: Any = None, error: Exception | None = None) -> None:
        self.subject = subject
        self._value = value
        self._error = error

    def get(self) -> Any:
        """Return what the work returned, or raise what it raised."""
        if self._error is not None:
            raise self._error
        return self._value


class Workers:
    """`number` threads, each with a decoder of its own. Use it as a context manager, from one thread."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.busy = 0
        self._work: queue.SimpleQueue[tuple[Any, Work] | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[Result] = queue.SimpleQueue()
        self._decoders = [Decoder() for _ in range(number)]
        # Daemons: the end of the program doesn't wait for the slowest host.
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
            self._work.put(None)
        end = time.monotonic() + STOP_SECONDS
        for decoder in self._decoders:
            decoder.close()
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    @property
    def is_free(self) -> bool:
        return self.busy < self.number

    def start(self, subject: Any, work: Work) -> None:
        """Have `work` done; its result names `subject`."""
        self.busy += 1
        self._work.put((subject, work))

    def wait(self, seconds: float | None = None) -> Result | None:
        """Return the next result; None if there is none within `seconds`."""
        try:
            result = self._results.get(timeout=seconds)
        except queue.Empty:
            return None
        self.busy -= 1
        return result

    def _run(self, decoder: Decoder) -> None:
        while (job := self._work.get()) is not None:
            subject, work = job
            try:
                result = Result(subject, work(decoder))
            except Exception as error:  # noqa: BLE001 it is raised again where the result is taken
                result = Result(subject, error=error)
            self._results.put(result)
