"""Run the parts of a load test one after another, with an outage of a service in some."""

from __future__ import annotations

import http.client
import random
import threading
import time
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Protocol

from benchmarks.load.readers import Readers, Responses
from tests.servers import UNTRUSTED_TLS

WARMING, CALM, POSTGRES, REDIS = "warming up", "calm", "PostgreSQL is restarted", "Redis is away"
# Shares of the whole. Only calm parts count for times.
PARTS = ((WARMING, 0.1), (CALM, 0.35), (POSTGRES, 0.2), (CALM, 0.1), (REDIS, 0.15), (CALM, 0.1))
AWAY_FROM, AWAY_SHARE, AWAY_MAX = 0.2, 0.25, 15.0  # of its part a service is away, at most so many seconds
RECOVERY_MAX = 5.0  # seconds until the site uses a service that is back
PROBES = 10  # good answers in a row by which a site counts as recovered


class Service(Protocol):
    def stop(self) -> None: ...
    def start(self) -> None: ...


@dataclass
class Outage:
    gone: float = 0
    back: float = 0
    recovered: float = 0

    def excuses(self, begun: float, ended: float | None = None) -> bool:
        """Return whether this outage excuses a failure of what ran from `begun` to `ended`."""
        return begun <= self.back + RECOVERY_MAX and (ended or begun) >= self.gone - 1


@dataclass
class Part:
    name: str
    seconds: float
    begun: float
    by_kind: dict[str, Responses]

    @property
    def all(self) -> Responses:
        return sum_of(list(self.by_kind.values()))


def sum_of(several: list[Responses]) -> Responses:
    total = Responses()
    for responses in several:
        total += responses
    return total


@dataclass
class Course:
    """The parts that ran, and the outages by the name of their part."""

    parts: list[Part] = field(default_factory=list)
    outages: dict[str, Outage] = field(default_factory=dict)

    def run(self, seconds: float, readers: Readers, port: int, services: dict[str, Service]) -> None:
        for name, share in PARTS:
            outage = None
            if name in services:
                self.outages[name] = Outage()
                arguments = (self.outages[name], services[name], share * seconds, port)
                outage = threading.Thread(target=_take_away, args=arguments)
                outage.start()
            begun = time.time()
            self.parts.append(Part(name, share * seconds, begun, readers.read(share * seconds)))
            if outage:
                outage.join()

    def part_at(self, moment: float) -> str:
        """Return in which part that was, and how far into it."""
        part = max(
            (part for part in self.parts if part.begun <= moment), key=attrgetter("begun"), default=self.parts[0]
        )
        return f"{part.name}, {moment - part.begun:.0f} s in"

    def excuses(self, begun: float, ended: float | None = None) -> bool:
        return any(outage.excuses(begun, ended) for outage in self.outages.values())


def _take_away(outage: Outage, service: Service, seconds: float, port: int) -> None:
    time.sleep(AWAY_FROM * seconds)
    outage.gone = time.time()
    service.stop()
    time.sleep(min(AWAY_SHARE * seconds, AWAY_MAX))
    service.start()
    outage.back = time.time()
    outage.recovered = _recovered(port, until=outage.back + 60)


def _recovered(port: int, until: float) -> float:
    """Return when the first of ten good answers in a row came; infinity if none came before `until`."""
    first, in_a_row = 0.0, 0
    while time.time() < until:
        if _answers(port):
            first = first if in_a_row else time.time()
            in_a_row += 1
            if in_a_row == PROBES:
                return first
        else:
            in_a_row = 0
        time.sleep(0.1)
    return float("inf")


def _answers(port: int) -> bool:
    """Return whether the site responds to a page that is rarely cached."""
    day = f"{random.randint(2017, 2025)}/{random.randint(1, 12):02}/{random.randint(1, 28):02}"  # noqa: S311
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=UNTRUSTED_TLS)
    try:
        connection.request("GET", f"/archive/{day}/")
        return connection.getresponse().status in (200, 404)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
