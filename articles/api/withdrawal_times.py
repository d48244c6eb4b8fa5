"""Decide when an article stopped being public, by undoing its logged changes one by one.

Clients learn that an article is gone only if it was public: the name of one that never was stays private.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from articles.rules.scoring import Policy
from articles.rules.visibility import is_public, is_within_schedule

PUBLISH_UNSCORED = "publish_unscored"  # the field of the policy that makes unscored articles public
EXISTS_KEY = "exists"  # whether the article exists
SCHEDULE_FIELDS = ("publish_at", "unpublish_at")
POLICY_INPUTS = ("quality", "heat", "published", "removed", "missing")
VISIBILITY_INPUTS = (*POLICY_INPUTS, *SCHEDULE_FIELDS)  # what decides whether an article is public

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A change: the time of its operation, and the values before it, whose times may be text.

    Those values may have been visible until `visible_until`: operations are stored later than their time says.
    """

    operation: int
    at: datetime
    visible_until: datetime
    before: Values


def last_public_at(
    current: Values, entries: Iterable[LogEntry], *, since: datetime, until: datetime
) -> datetime | None:
    """Return when an article was last public between `since` and `until`; None if it never was.

    `current` has its VISIBILITY_INPUTS, EXISTS_KEY and PUBLISH_UNSCORED; `entries` are its changes, newest first.
    """
    for values, begin, end, visible_until in _states_backwards(current, entries, since, until):
        moment = _last_public_moment(values, begin, max(end, visible_until))
        if moment is not None:
            return min(moment, max(begin, end))
    return None


def is_public_by_values(values: Values) -> bool:
    """Return whether an article with these values is public, whatever its schedule."""
    policy = Policy(publish_unscored=values[PUBLISH_UNSCORED])
    return is_public(policy, **{name: values[name] for name in POLICY_INPUTS})


def _states_backwards(
    current: Values, entries: Iterable[LogEntry], since: datetime, until: datetime
) -> Iterator[tuple[Values, datetime, datetime, datetime]]:
    """Yield each state with its begin, its end and when it was last visible; the latest first.

    The changes of one operation are one step.
    """
    values, end, visible_until = dict(current), until, until
    for _, group in groupby(entries, key=attrgetter("operation")):
        step = list(group)
        yield values, step[0].at, end, visible_until
        for entry in step:
            values = {**values, **entry.before}
        end, visible_until = step[0].at, step[0].visible_until
    yield values, since, end, visible_until


def _last_public_moment(values: Values, begin: datetime, end: datetime) -> datetime | None:
    """Return when an article with these values was last public in a span that includes its beginning."""
    if not values[EXISTS_KEY] or not is_public_by_values(values):
        return None
    publish_at, unpublish_at = (_parse_time(values[name]) for name in SCHEDULE_FIELDS)
    if begin >= end:
        return begin if is_within_schedule(publish_at, unpublish_at, begin) else None
    start, stop = max(begin, publish_at or begin), min(end, unpublish_at or end)
    return stop if start < stop else None


def _parse_time(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value
