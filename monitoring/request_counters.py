"""Counts of requests and of their time, over all processes of one machine.

prometheus_client keeps them in a file for each process. It would name the files by process id, so that they pile up as
processes come and go; here a process takes the first free slot and counts on in the file that it finds there. The
slot is a lock that goes with the process, however that ends.
"""

from __future__ import annotations

import fcntl
import logging
import os
import struct
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Histogram, values
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)  # seconds
METHODS = {"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"}
SLOTS = 4096
DAMAGED = (OSError, RuntimeError, ValueError, struct.error)  # what the library raises over such a file

log = logging.getLogger("newsfold")


class Slot:
    """The number under which this process counts; after a fork the child takes one of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._handle = -1
        self.number = -1
        self._take()
        os.register_at_fork(after_in_child=self._take)

    def _take(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)  # the parent's; it keeps its own
        for number in range(SLOTS):
            handle = os.open(self._folder / f"slot-{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
                continue
            self._handle, self.number = handle, number
            _discard_unreadable(self._folder / f"histogram_{number}.db")
            return
        raise OSError(f"{self._folder}: all of {SLOTS} slots are taken")


class Counters:
    """Counts requests in `folder`. Raises OSError where it can't be written to."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)  # where the library looks for it
        values.ValueClass = values.MultiProcessValue(process_identifier=partial(getattr, Slot(folder), "number"))
        self._folder = folder
        self._seconds = Histogram(
            "newsfold_request_seconds",
            "Requests and the time they took, by view, method and class of status.",
            ("view", "method", "status"),
            buckets=BUCKETS,
            registry=None,
        )
        self._known: dict[tuple[str, str, int], Any] = {}

    def add(self, view: str, method: str, status: int, seconds: float) -> None:
        key = (view, method if method in METHODS else "other", status // 100)
        try:
            observe = self._known[key]
        except KeyError:
            observe = self._known[key] = self._counter(*key)
        observe(seconds)

    def _counter(self, view: str, method: str, status: int) -> Any:
        return self._seconds.labels(view, method, f"{status}xx").observe

    def collect(self) -> Iterator[Any]:
        """Yield the sums over all processes that count, or have counted, in the folder."""
        try:
            yield from MultiProcessCollector(CollectorRegistry(), str(self._folder)).collect()
        except DAMAGED as error:
            log.error("A file in METRICS_DIR is damaged, so requests aren't told; empty the folder: %s", error)


def _discard_unreadable(path: Path) -> None:
    """Remove a file that a crash of the machine left damaged: its counts begin anew."""
    if not path.exists():
        return
    try:
        list(MmapedDict.read_all_values_from_file(str(path)))
    except DAMAGED:
        path.unlink()
