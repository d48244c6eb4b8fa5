"""How a source is, in words. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .schedule import is_move_proposed

GONE = 410
REFUSALS = frozenset({401, 402, 403, 406, 429, 451})


class State(TextChoices):
    FINE = "fine", gettext_lazy("fine")
    NEW = "not fetched yet", gettext_lazy("not fetched yet")
    QUIET = "quiet", gettext_lazy("quiet")
    MOVED = "moved", gettext_lazy("moved")
    REFUSED = "refused", gettext_lazy("refused")
    FAILING = "failing", gettext_lazy("failing")
    GONE = "gone", gettext_lazy("gone")
    PAUSED = "paused", gettext_lazy("paused")


NEEDS_ATTENTION = frozenset({State.MOVED, State.REFUSED, State.FAILING, State.GONE, State.QUIET})

BROKEN = frozenset({State.REFUSED, State.FAILING, State.GONE})


class Facts(Protocol):
    """What health follows from: the values of a source."""

    paused: bool
    fetched_at: datetime | None
    quiet_at: datetime | None
    failures: int
    status: int | None
    reason: str
    moved_to: str
    moved_since: datetime | None
    moved_count: int


@dataclass(frozen=True)
class Health:
    """The state of a source, and a sentence about it; empty where there is nothing to say."""

    state: State
    text: str = ""

    @property
    def needs_attention(self) -> bool:
        return self.state in NEEDS_ATTENTION

    @property
    def tone(self) -> str:
        """The colour of its mark: `broken`, `attention`, `paused` or `calm`."""
        if self.state in BROKEN:
            return "broken"
        if self.state == State.PAUSED:
            return "paused"
        return "attention" if self.needs_attention else "calm"


def health_of(facts: Facts, now: datetime) -> Health:
    if facts.paused:
        return Health(State.PAUSED, _("It isn't fetched until someone resumes it."))
    if facts.fetched_at is None:
        return Health(State.NEW, _("It is fetched within a minute, if the scheduler runs."))
    if facts.failures:
        return _failure(facts)
    if is_move_proposed(facts.moved_count, facts.moved_since, now):
        return Health(
            State.MOVED, _("Its server says that it has moved permanently to %(url)s.") % {"url": facts.moved_to}
        )
    if facts.quiet_at is not None and facts.quiet_at <= now:
        return Health(State.QUIET, _("It has had no new entry for longer than usual."))
    return Health(State.FINE)


def _failure(facts: Facts) -> Health:
    if facts.status == GONE:
        return Health(State.GONE, _("Its server says that it is gone permanently. It is asked again once a month."))
    times = ngettext("once", "%(number)s times in a row", facts.failures) % {"number": facts.failures}
    values = {"reason": facts.reason, "times": times}
    if facts.status in REFUSALS:
        return Health(State.REFUSED, _("It %(reason)s (%(times)s). It is asked again at least once a day.") % values)
    return Health(State.FAILING, _("It %(reason)s (%(times)s). It is tried again at least once a day.") % values)
