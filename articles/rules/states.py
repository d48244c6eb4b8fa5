"""The states of an article, their transitions, and when readers see a scheduled article.

Triggers in the database check the same transitions (see `models/guards.py`).
"""

from __future__ import annotations

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


# A spiked article has to be reopened first, so that nobody publishes by mistake what a colleague rejected.
TRANSITIONS: dict[State, frozenset[State]] = {
    State.UNDECIDED: frozenset({State.PUBLISHED, State.HELD, State.SPIKED}),
    State.PUBLISHED: frozenset({State.UNDECIDED, State.HELD, State.SPIKED}),
    State.HELD: frozenset({State.UNDECIDED, State.PUBLISHED, State.SPIKED}),
    State.SPIKED: frozenset({State.UNDECIDED}),
}


def can_transition(before: str, after: str) -> bool:
    """Return whether an article in state `before` may become `after`. It may always stay as it is."""
    return before == after or State(after) in TRANSITIONS[State(before)]


def state_from_published(published: bool | None, before: str) -> State:
    """Return the state that agrees with `published`. Held and spiked articles stay so until they are published."""
    if published:
        return State.PUBLISHED
    return State.UNDECIDED if before == State.PUBLISHED else State(before)
