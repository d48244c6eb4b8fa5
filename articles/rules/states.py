"""The states of an article, their transitions, and when readers see a scheduled article.

Triggers in the database check the same transitions (see `models/guards.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from texts import Text, pgettext_lazy


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


STATE_LABELS: Mapping[str, Text] = {
    State.UNDECIDED: pgettext_lazy("state of a story", "undecided"),
    State.PUBLISHED: pgettext_lazy("state of a story", "published"),
    State.HELD: pgettext_lazy("state of a story", "held"),
    State.SPIKED: pgettext_lazy("state of a story", "spiked"),
}
SPIKE_REASON_LABELS: Mapping[str, Text] = {
    SpikeReason.DUPLICATE: pgettext_lazy("reason to spike", "duplicate"),
    SpikeReason.OFF_TOPIC: pgettext_lazy("reason to spike", "off topic"),
    SpikeReason.LOW_QUALITY: pgettext_lazy("reason to spike", "low quality"),
    SpikeReason.PAYWALL: pgettext_lazy("reason to spike", "paywall"),
    SpikeReason.DEAD_LINK: pgettext_lazy("reason to spike", "dead link"),
    SpikeReason.OTHER: pgettext_lazy("reason to spike", "other"),
}

# A spiked article has to be reopened first, so that nobody publishes by mistake what a colleague rejected.
TRANSITIONS: dict[State, frozenset[State]] = {
    State.UNDECIDED: frozenset({State.PUBLISHED, State.HELD, State.SPIKED}),
    State.PUBLISHED: frozenset({State.UNDECIDED, State.HELD, State.SPIKED}),
    State.HELD: frozenset({State.UNDECIDED, State.PUBLISHED, State.SPIKED}),
    State.SPIKED: frozenset({State.UNDECIDED}),
}


def decision_label(decision: str) -> str:
    """Return a decision in words: a state, or `spiked: <reason>`. Words that are neither are returned as they are."""
    state, _colon, reason = decision.partition(": ")
    label = STATE_LABELS.get(state, state)
    return f"{label}: {SPIKE_REASON_LABELS.get(reason, reason)}" if reason else str(label)


def can_transition(before: str, after: str) -> bool:
    """Return whether an article in state `before` may become `after`. It may always stay as it is."""
    return before == after or State(after) in TRANSITIONS[State(before)]


def state_from_published(published: bool | None, before: str) -> State:
    """Return the state that agrees with `published`. Held and spiked articles stay so until they are published."""
    if published:
        return State.PUBLISHED
    return State.UNDECIDED if before == State.PUBLISHED else State(before)
