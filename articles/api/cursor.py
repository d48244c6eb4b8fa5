"""The cursor of the changes: how far a client has read, in `next` and `since`.

It is signed: a forged cursor could ask for what the site will show tomorrow.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Self

from django.core import signing

_SIGNER = signing.Signer(salt="articles.api.changes")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class ChangesCursor:
    """A place in the log and on the clock. Times are microseconds since 1970.

    `event` is the last event that was read, `logged_at` the time of its operation. Schedules were read up to the time
    `clock`, and at that time up to the article `article`. If the event after `event` changed many articles,
    `bulk_offset` is the last of them that was sent. While everything is sent for the first time, `initial_name` is the
    last article that was sent, published at `initial_time`; afterwards it is empty.

    A reading is a series of responses that brings a client up to where the log ended when the reading began: the event
    `end`, at the time `at`. All of them show what was public by then. As long as `event` is before `origin_until`, some
    articles that a client may have seen since `origin` may be gone.
    """

    event: int = 0
    logged_at: int = 0
    clock: int = 0
    article: int = 0
    bulk_offset: int = 0
    initial_time: int = 0
    initial_name: str = ""
    end: int = 0
    at: int = 0
    origin: int = 0
    origin_clock: int = 0
    origin_until: int = 0

    def __str__(self) -> str:
        return _SIGNER.sign_object(list(astuple(self)))

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the cursor that `text` represents; None if this site didn't write it."""
        try:
            return cls(*_SIGNER.unsign_object(text))
        except signing.BadSignature:
            return None

    @property
    def is_reading(self) -> bool:
        return bool(self.initial_name or self.bulk_offset) or self.event < self.end or self.clock < self.at

    def start_reading(self, end: int, now: datetime) -> Self:
        """Return this cursor in its current reading, or in a new one up to the event `end`.

        Times never go back, even if another machine's clock is behind.
        """
        if self.is_reading:
            return self
        return replace(self, end=end, at=max(to_microseconds(now), self.at))

    def possibly_seen_until(self, event: int) -> datetime:
        """Return until when the client may have received the state before an event.

        Operations are stored later than their time says. One that wasn't in the log when the reading began had not
        happened by then; one that is still unread had not happened by the time up to which schedules were sent.
        """
        if event <= self.event:
            return from_microseconds(0)
        return from_microseconds(1 + (self.at if event > self.end else self.clock))

    @property
    def known_from(self) -> tuple[int, datetime]:
        """Return the event and the time after which the client may have received what is gone by now.

        Some schedules that ended at the very time of the cursor may not have been sent.
        """
        is_past = self.event >= self.origin_until
        event, clock = (self.event, self.clock) if is_past else (self.origin, self.origin_clock)
        return event, from_microseconds(clock - 1)

    def keep_origin(self, start: Self, until: int) -> Self:
        """Return this cursor with the origin of the cursor `start`, to be kept up to the event `until`."""
        if start.event >= start.origin_until:
            return replace(self, origin=start.event, origin_clock=start.clock, origin_until=until)
        return replace(self, origin_until=until)


def to_microseconds(time: datetime) -> int:
    return (time - _EPOCH) // timedelta(microseconds=1)


def from_microseconds(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)
