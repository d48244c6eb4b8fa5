"""The order of requests: one at a time per host, and none while a host has to be left alone. No I/O."""

from __future__ import annotations

import heapq
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, Protocol, TypeVar


class HostRequest(Protocol):
    """A request, as far as its order goes."""

    @property
    def host(self) -> str: ...


Request = TypeVar("Request", bound=HostRequest)


class HostQueue(Generic[Request]):
    """Requests in order. A host gets the next one after `release()`."""

    def __init__(self, requests: Iterable[Request], clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting: dict[str, deque[tuple[int, Request]]] = {}
        for position, request in enumerate(requests):
            self._waiting.setdefault(request.host, deque()).append((position, request))
        self._ready = [(waiting[0][0], host) for host, waiting in self._waiting.items()]
        heapq.heapify(self._ready)
        self._delayed: list[tuple[float, str]] = []

    def take(self) -> Request | None:
        """Return the next request whose host is free, and mark the host as busy; None if there is none now."""
        while self._delayed and self._delayed[0][0] <= self._clock():
            self.release(heapq.heappop(self._delayed)[1])
        while self._ready:
            _, host = heapq.heappop(self._ready)
            if self._waiting.get(host):
                return self._waiting[host].popleft()[1]
        return None

    def release(self, host: str, delay: float = 0) -> None:
        """Allow the next request to `host`, after `delay` seconds."""
        if delay > 0:
            heapq.heappush(self._delayed, (self._clock() + delay, host))
        elif self._waiting.get(host):
            heapq.heappush(self._ready, (self._waiting[host][0][0], host))

    def drop_host(self, host: str) -> None:
        self._waiting.pop(host, None)

    def seconds_to_next(self) -> float | None:
        """Return the seconds until the first delayed host is free; None if no request waits for one."""
        delays = [at - self._clock() for at, host in self._delayed if self._waiting.get(host)]
        return max(min(delays), 0.0) if delays else None
