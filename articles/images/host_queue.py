"""Whose turn it is: pictures in order, but one request at a time for each host, and none for one that rests. Pure."""

from __future__ import annotations

import heapq
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple


class Wanted(NamedTuple):
    """An address to fetch, and who is asked for it."""

    url: str
    host: str


class Line:
    """The pictures that wait. Who took one gives its host back when the host has answered."""

    def __init__(self, wanted: Iterable[Wanted], clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting: dict[str, deque[tuple[int, Wanted]]] = {}
        for place, each in enumerate(wanted):
            self._waiting.setdefault(each.host, deque()).append((place, each))
        self._ready = [(pictures[0][0], host) for host, pictures in self._waiting.items()]
        heapq.heapify(self._ready)
        self._resting: list[tuple[float, str]] = []

    def take(self) -> Wanted | None:
        """Return the first picture whose host may be asked now, and keep the host busy; None if there is none."""
        while self._resting and self._resting[0][0] <= self._clock():
            self._stand_ready(heapq.heappop(self._resting)[1])
        while self._ready:
            _, host = heapq.heappop(self._ready)
            if self._waiting.get(host):
                return self._waiting[host].popleft()[1]
        return None

    def give_back(self, host: str, rest: float = 0) -> None:
        """Let `host` be asked again, after `rest` seconds."""
        if rest > 0:
            heapq.heappush(self._resting, (self._clock() + rest, host))
        else:
            self._stand_ready(host)

    def leave(self, host: str) -> None:
        """Ask `host` for nothing more."""
        self._waiting.pop(host, None)

    def pause(self) -> float | None:
        """Return the seconds until the first resting host may be asked; None if no picture waits for that."""
        pauses = [until - self._clock() for until, host in self._resting if self._waiting.get(host)]
        return max(min(pauses), 0.0) if pauses else None

    def _stand_ready(self, host: str) -> None:
        if self._waiting.get(host):
            heapq.heappush(self._ready, (self._waiting[host][0][0], host))
