"""When readers see an article by itself and where lists put it meanwhile, as periods; and how a decision changes them.

A period ends when something of it changes, and another begins. Schedules and the end of a pick are periods to come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple


class Shown(NamedTuple):
    """What decides an article's place in lists and on the front page. `outlets` report the story, its own included."""

    provider: int
    published_at: datetime
    listed_at: datetime | None
    rank: float
    heat: int | None
    outlets: int
    pick: bool = False
    pick_place: int | None = None  # of a pick that has one
    off_front: bool | None = None  # kept off the front page


class Period(NamedTuple):
    """A time in which readers see an article as `shown`, until before `ends_at`. None: the end is open."""

    starts_at: datetime
    ends_at: datetime | None
    shown: Shown


class RecordedPeriod(NamedTuple):
    """A period as it is stored under `key`. `is_scheduled`: the clock begins it, not an operation."""

    key: int
    period: Period
    is_scheduled: bool

    def has_begun(self, now: datetime) -> bool:
        """Return whether it has begun. An operation's period has, even if that ran on a clock ahead of this one."""
        return not self.is_scheduled or self.period.starts_at <= now


def periods_on_site(
    shown: Shown,
    *,
    publish_at: datetime | None,
    unpublish_at: datetime | None,
    pick_until: datetime | None,
    pick_place: int | None = None,
    now: datetime,
) -> tuple[Period, ...]:
    """Return when readers see a public article from `now` on, if nobody decides anything else.

    The first period begins at `now` if they see it now. `shown` is without the pick.
    """
    start, end = max(now, publish_at or now), unpublish_at
    if end is not None and end <= start:
        return ()
    if pick_until is None or pick_until <= start:
        return (Period(start, end, shown),)
    picked = shown._replace(pick=True, pick_place=pick_place)
    if end is not None and end <= pick_until:
        return (Period(start, end, picked),)
    return (Period(start, pick_until, picked), Period(pick_until, end, shown))


@dataclass(slots=True)
class Revision:
    """What has to change in the record so that it says what readers see. It is empty if the record is right."""

    ended: list[RecordedPeriod] = field(default_factory=list)
    called_off: list[RecordedPeriod] = field(default_factory=list)  # they were still to come
    moved_ends: list[tuple[RecordedPeriod, datetime | None]] = field(default_factory=list)
    opened: list[Period] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.ended or self.called_off or self.moved_ends or self.opened)


def revise_record(
    recorded: Sequence[RecordedPeriod], periods: Sequence[Period], now: datetime, *, is_changed: bool = False
) -> Revision:
    """Return what makes the recorded periods that are not over at `now` agree with `periods`.

    What has begun is only ended, never changed; what is to come is replaced. `is_changed`: the words, pictures or
    topics that readers see have changed, so that new periods are needed even if their times and values are the same.
    """
    revision = Revision()
    begun = [entry for entry in recorded if entry.has_begun(now)]
    ahead = [entry for entry in recorded if not entry.has_begun(now)]
    current = next((period for period in periods if period.starts_at <= now), None)
    is_kept = False
    for entry in begun:
        if current is None or is_changed or is_kept or entry.period.shown != current.shown:
            revision.ended.append(entry)
            continue
        is_kept = True
        if entry.period.ends_at != current.ends_at:
            revision.moved_ends.append((entry, current.ends_at))
    if current is not None and not is_kept:
        revision.opened.append(current)
    to_come = [period for period in periods if period.starts_at > now]
    if is_changed or [entry.period for entry in ahead] != to_come:
        revision.called_off += ahead
        revision.opened += to_come
    return revision
