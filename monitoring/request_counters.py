"""Counters of requests and their durations, summed over all web processes of a machine.

This is prometheus_client's multiprocess mode: a file per process in METRICS_DIR. gunicorn empties the directory when it
starts (config/gunicorn.conf.py); until then, files of finished processes are still included.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Histogram, values
from prometheus_client.multiprocess import MultiProcessCollector

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)  # seconds
METHODS = {"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"}


class RequestCounters:
    """Count requests in `folder`. Raises OSError if it can't be written to."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(f"{folder} is not writable")
        self._folder = str(folder)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = self._folder  # the library only reads it from the environment
        values.ValueClass = values.MultiProcessValue()
        self._seconds = Histogram(
            "newsfold_request_seconds",
            "Requests and the time they took, by view, method and class of status.",
            ("view", "method", "status"),
            buckets=BUCKETS,
            registry=None,
        )

    def add(self, view: str, method: str, status: int, seconds: float) -> None:
        known_method = method if method in METHODS else "other"  # clients can invent any number of them
        self._seconds.labels(view, known_method, f"{status // 100}xx").observe(seconds)

    def collect(self) -> Iterable[Any]:
        """Return the sums over all current and past processes of the folder."""
        return MultiProcessCollector(CollectorRegistry(), self._folder).collect()
