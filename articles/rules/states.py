"""The states of an article, which may follow which, and when a scheduled one is to be seen. Pure.

The database checks the same transitions (see `models/guards.py`).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    UNDECIDED = "undecided"
    PUBLISHED = "published"
    HELD = "held"
    SPIKED = "spiked"


class SpikeReason(StrEnum):
    DUPLICATE = "duplicate"
    OFF_TOPIC = "off topic"
    LOW_QUALITY = "low quality"
    PAYWALL = "paywall"
    DEAD_LINK = "dead link"
    OTHER = "other"


# What was rejected comes back undecided: nobody publishes by mistake what a colleague has thrown out.
TRANSITIONS: dict[State, frozenset[State]] = {
    State.UNDECIDED: frozenset({State.PUBLISHED, State.HELD, State.SPIKED}),
    State.PUBLISHED: frozenset({State.UNDECIDED, State.HELD, State.SPIKED}),
    State.HELD: frozenset({State.UNDECIDED, State.PUBLISHED, State.SPIKED}),
    State.SPIKED: frozenset({State.UNDECIDED}),
}


def can_transition(before: str, after: str) -> bool:
    """Return whether an article in state `before` may become `after`; staying as it is is always allowed."""
    return before == after or State(after) in TRANSITIONS[State(before)]


def state_from_published(published: bool | None, before: str) -> State:
    """Return the state that agrees with `published`: held and spiked articles stay so until they are published."""
    if published:
        return State.PUBLISHED
    return State.UNDECIDED if before == State.PUBLISHED else State(before)


def is_within_schedule(publish_at: datetime | None, unpublish_at: datetime | None, now: datetime) -> bool:
    """Return whether a schedule lets readers see an article at `now`: from the first time on, up to the second."""
    return (publish_at is None or publish_at <= now) and (unpublish_at is None or unpublish_at > now)
