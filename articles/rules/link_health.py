"""When a link is dead, and when to look at it again.

A page that is gone says so with 404 or 410. Anything else that fails may pass: a link is dead only once it has failed
several times over more than a day. A server that refuses programs (401, 403, 429) says nothing about readers, nor do
limits of our own that keep us from looking: ports, internal addresses, redirects, time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

GONE = frozenset({404, 410})
REFUSALS = frozenset({401, 403, 405, 407, 429, 451})  # of programs, not of readers
FAILURES_MIN = 3  # in a row
FAILING_FOR = timedelta(hours=36)
FIRST_WAIT = timedelta(hours=6)  # after a failure; twice as long after each further one
REGULAR_WAIT = timedelta(days=7)


@dataclass(frozen=True)
class LinkHealth:
    """What is known about a link. `failing_since` is None while it works."""

    failures: int = 0
    failing_since: datetime | None = None
    is_dead: bool = False


def next_health(
    before: LinkHealth, status: int | None, *, works: bool, is_inconclusive: bool = False, now: datetime
) -> LinkHealth:
    """Return what is known after a look at the link; `status` is None if the server sent no response.

    `is_inconclusive` says that the look failed for a reason that readers don't have.
    """
    if works or is_inconclusive or status in REFUSALS:
        return LinkHealth()
    failures, since = before.failures + 1, before.failing_since or now
    is_dead = status in GONE or (failures >= FAILURES_MIN and now - since >= FAILING_FOR)
    return LinkHealth(failures, since, is_dead)


def next_look(health: LinkHealth, now: datetime, wait: float | None = None) -> datetime:
    """Return when to look again; `wait` is the number of seconds for which the server wants to be left alone."""
    delay = REGULAR_WAIT
    if health.failures and not health.is_dead:
        delay = min(FIRST_WAIT * 2 ** min(health.failures - 1, 10), REGULAR_WAIT)
    return now + max(delay, timedelta(seconds=wait or 0))
