"""The cursor of the changes: how far a client has read, in `next` and `since`.

It is signed: a forged cursor could ask for what the site will show tomorrow.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Self

from django.core import signing

VERSION = "record"  # the first value of a cursor; those of older releases began with a number
LAST = 2**63 - 1  # the position after all articles of an operation or of a moment

_SIGNER = signing.Signer(salt="articles.api.changes")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class OldCursorError(Exception):
    """A cursor that an older release wrote: it counts what this one doesn't."""


@dataclass(frozen=True)
class ChangesCursor:
    """A place in the publication record. Times are microseconds since 1970.

    The client has what the record said after `operation`, which ran at `logged_at`, for the time `clock`.

    A reading is a series of responses that brings a client up to the operation `end` and the time `at`, at which the
    reading began. Until it ends, `read_operation` and `read_article` say how far it came among what operations did, and
    `read_clock` and `clock_article` among what the clock did. While everything is sent for the first time,
    `initial_name` is the last article that was sent, published at `initial_time`.
    """

    operation: int = 0
    logged_at: int = 0
    clock: int = 0
    end: int = 0
    end_logged_at: int = 0
    at: int = 0
    read_operation: int = 0
    read_article: int = 0
    read_clock: int = 0
    clock_article: int = 0
    initial_time: int = 0
    initial_name: str = ""

    def __str__(self) -> str:
        return _SIGNER.sign_object([VERSION, *astuple(self)])

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the cursor that `text` represents; None if this site didn't write it. Raises OldCursorError."""
        try:
            version, *values = _SIGNER.unsign_object(text)
        except signing.BadSignature:
            return None
        if version != VERSION:
            raise OldCursorError
        return cls(*values)

    @property
    def is_reading(self) -> bool:
        return self.at != 0

    def start_reading(self, operation: int, logged_at: int, now: datetime) -> Self:
        """Return this cursor at the beginning of a reading up to `operation`.

        Times never go back, even if another machine's clock is behind.
        """
        return replace(
            self,
            end=operation,
            end_logged_at=logged_at,
            at=max(to_microseconds(now), self.clock),
            read_operation=self.operation,
            read_article=LAST,
            read_clock=self.clock,
            clock_article=LAST,
        )

    def finish_reading(self) -> Self:
        """Return the cursor of a client that has everything of this reading."""
        return type(self)(self.end, self.end_logged_at, self.at)


def to_microseconds(time: datetime) -> int:
    return (time - _EPOCH) // timedelta(microseconds=1)


def from_microseconds(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)
