"""How far a client has read the changes: what `next` and `since` hold.

It is signed, for whoever could write one could ask what the site shows tomorrow.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Self

from django.core import signing

_SIGNER = signing.Signer(salt="articles.api.changes")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Cursor:
    """A place in the log and on the clock; moments are microseconds since 1970.

    `event` is the last entry of the log that was read, `logged_at` when it was written. Schedules are read up to the
    moment `clock`, at that moment up to the article `article`. `part` is how far the articles are told that the entry
    after `event` changed, where it changed many. The first walk over everything stands at the article `walk`, empty
    once that is over, which was published at `walked`.

    A reading is a row of answers by which a client comes up to where the log ended when the reading began, `end`, at
    the moment `at`. All of them show what had begun by then. As long as `event` lies before `origin_until`, articles
    may be gone that somebody knew since `origin`.
    """

    event: int = 0
    logged_at: int = 0
    clock: int = 0
    article: int = 0
    part: int = 0
    walked: int = 0
    walk: str = ""
    end: int = 0
    at: int = 0
    origin: int = 0
    origin_clock: int = 0
    origin_until: int = 0

    def __str__(self) -> str:
        return _SIGNER.sign_object(list(astuple(self)))

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the cursor that `text` is; None if we didn't write it."""
        try:
            return cls(*_SIGNER.unsign_object(text))
        except signing.BadSignature:
            return None

    @property
    def is_reading(self) -> bool:
        return bool(self.walk or self.part) or self.event < self.end or self.clock < self.at

    def with_reading(self, end: int, now: datetime) -> Self:
        """Return this cursor where a reading is under way: the one that is, or a new one up to the entry `end`.

        Moments never go back, whatever the clock of this machine says.
        """
        if self.is_reading:
            return self
        return replace(self, end=end, at=max(ticks(now), self.at))

    def seen_before(self, event: int) -> datetime:
        """Return up to when the client may have been shown the state that an entry of the log has ended.

        Operations are stored later than they say. One that wasn't in the log when the reading began was not yet done at
        that moment, and one that is still unread wasn't at the moment up to which schedules were told.
        """
        if event <= self.event:
            return moment(0)
        return moment(1 + (self.at if event > self.end else self.clock))

    @property
    def known_since(self) -> tuple[int, datetime]:
        """Return the entry and the moment after which somebody may have seen what is no longer there.

        Of schedules that ended at the very moment of the cursor, some may still be untold.
        """
        is_past = self.event >= self.origin_until
        event, clock = (self.event, self.clock) if is_past else (self.origin, self.origin_clock)
        return event, moment(clock - 1)

    def with_origin(self, of: Self, until: int) -> Self:
        """Return this cursor with what `of` knew, up to the entry `until`."""
        if of.event >= of.origin_until:
            return replace(self, origin=of.event, origin_clock=of.clock, origin_until=until)
        return replace(self, origin_until=until)


def ticks(moment: datetime) -> int:
    """Return a moment as cursors hold it."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment(ticks: int) -> datetime:
    return _EPOCH + timedelta(microseconds=ticks)
