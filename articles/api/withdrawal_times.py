"""When an article left the site, found by taking the log back entry by entry. Pure.

A client is told that an article is gone only if it was there: the name of one that never was is nobody's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from articles.rules.scoring import Policy, is_public
from articles.rules.states import is_within_schedule

SHOWS_UNSCORED = "publish_unscored"  # the number of the policy by which unscored articles are public
EXISTS = "exists"  # whether there is such an article
SCHEDULE = ("publish_at", "unpublish_at")
JUDGED = ("quality", "heat", "published", "removed", "missing")
DECISIVE = (*JUDGED, *SCHEDULE)  # what decides whether readers see an article

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the log: when its operation was, and the values that were before it, whose times may be text.

    `seen` is until when somebody may have seen those: operations are stored later than they say.
    """

    operation: int
    at: datetime
    seen: datetime
    before: Values


def left_at(now: Values, entries: Iterable[Entry], *, since: datetime, until: datetime) -> datetime | None:
    """Return when an article was last on the site between `since` and `until`; None if it never was.

    `now` are its values as they are: DECISIVE, EXISTS and SHOWS_UNSCORED. `entries` is what happened since, newest
    first.
    """
    for values, begin, end, seen in _spans(now, entries, since, until):
        left = _last_moment(values, begin, max(end, seen))
        if left is not None:
            return min(left, max(begin, end))
    return None


def is_judged_public(values: Values) -> bool:
    """Return whether readers see an article with these values, whatever its schedule says."""
    policy = Policy(publish_unscored=values[SHOWS_UNSCORED])
    return is_public(policy, **{name: values[name] for name in JUDGED})


def _spans(
    now: Values, entries: Iterable[Entry], since: datetime, until: datetime
) -> Iterator[tuple[Values, datetime, datetime, datetime]]:
    """Yield the values that held, from when and to when, and when they were last seen; the latest first.

    What one operation did is one step.
    """
    values, end, seen = dict(now), until, until
    for _, group in groupby(entries, key=attrgetter("operation")):
        step = list(group)
        yield values, step[0].at, end, seen
        for entry in step:
            values = {**values, **entry.before}
        end, seen = step[0].at, step[0].seen
    yield values, since, end, seen


def _last_moment(values: Values, begin: datetime, end: datetime) -> datetime | None:
    """Return when these values last let readers see the article, in a span that includes its beginning."""
    if not values[EXISTS] or not is_judged_public(values):
        return None
    publish_at, unpublish_at = (_time(values[name]) for name in SCHEDULE)
    if begin >= end:
        return begin if is_within_schedule(publish_at, unpublish_at, begin) else None
    start, stop = max(begin, publish_at or begin), min(end, unpublish_at or end)
    return stop if start < stop else None


def _time(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value
