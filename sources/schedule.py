"""When a source is fetched next. Pure: the clock is an argument."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import pairwise
from statistics import median

SHORTEST = timedelta(minutes=10)
LONGEST = timedelta(hours=6)
UNKNOWN_INTERVAL = timedelta(minutes=30)  # while too few entries are known
STATED_MAX = timedelta(hours=24)  # that headers can ask for
ARRIVALS = 20  # the newest entries, whose gaps decide
BACK_OFF = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4), timedelta(days=1))
GONE_INTERVAL = timedelta(days=30)
QUIET_FACTOR = 4  # times the longest gap between entries
QUIET_MIN = timedelta(days=3)
MOVED_COUNT, MOVED_TIME = 3, timedelta(days=3)  # sightings of a new URL, and from first to last


def interval_from(arrivals: Sequence[datetime]) -> timedelta:
    """Return half the median gap between the newest arrivals, within limits."""
    newest = sorted(arrivals)[-ARRIVALS:]
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(newest)]
    if len(gaps) < 2:
        return UNKNOWN_INTERVAL
    return min(max(timedelta(seconds=median(gaps) / 2), SHORTEST), LONGEST)


def next_after_success(
    now: datetime, interval: timedelta, headers: Mapping[str, str], key: int, ttl: timedelta = timedelta()
) -> datetime:
    """Return when to fetch again: not before headers and the feed's own `ttl` allow, and spread by the key."""
    stated = min(max(stated_wait(headers, now), ttl), STATED_MAX)
    return now + max(interval * (1 + _spread(key)), stated * (1 + abs(_spread(key))))


def next_after_failure(now: datetime, failures: int, key: int, wait: timedelta | None = None) -> datetime:
    """Return when to try again after so many failures in a row. Never sooner than the server's Retry-After."""
    back_off = BACK_OFF[min(failures, len(BACK_OFF)) - 1] * (1 + _spread(key))
    return now + max(back_off, wait or timedelta())


def stated_wait(headers: Mapping[str, str], now: datetime) -> timedelta:
    """Return how long the response stays fresh by Cache-Control and Expires; the longer one counts."""
    waits = [timedelta()]
    for directive in str(headers.get("Cache-Control", "")).lower().split(","):
        name, _, value = directive.strip().partition("=")
        value = value.strip('"')
        if name == "max-age" and value.isascii() and value.isdigit():
            waits.append(timedelta(seconds=min(int(value[:9]), STATED_MAX.total_seconds())))
    try:
        expires = parsedate_to_datetime(str(headers.get("Expires", "")))
        waits.append(expires - now if expires.tzinfo else timedelta())
    except (ValueError, OverflowError):
        pass
    return max(waits)


def quiet_from(arrivals: Sequence[datetime]) -> datetime | None:
    """Return when the source counts as quiet: after four times the longest gap between entries, at least 3 days."""
    if not arrivals:
        return None
    ordered = sorted(arrivals)
    gaps = [later - earlier for earlier, later in pairwise(ordered)]
    return ordered[-1] + max(QUIET_MIN, QUIET_FACTOR * max(gaps, default=timedelta()))


def is_move_proposed(count: int, since: datetime | None, now: datetime) -> bool:
    """Return whether a permanent redirect was seen often and long enough to propose the new URL."""
    return since is not None and count >= MOVED_COUNT and now - since >= MOVED_TIME


def _spread(key: int) -> float:
    """Return a number from -0.1 to 0.1 that is always the same for one source, so that sources don't gather."""
    digest = hashlib.blake2b(str(key).encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**32 * 0.2 - 0.1
