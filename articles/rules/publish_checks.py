"""Nine checks of a story before it is published. Each is off, warns, or asks for a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from .dates import is_ahead


class Check(StrEnum):
    PICTURE = "picture"
    ALT_TEXT = "alt_text"
    NO_EXCERPT = "no_excerpt"
    LONG_EXCERPT = "long_excerpt"
    OLD = "old"
    AHEAD = "ahead"
    DUPLICATE = "duplicate"
    TOPIC = "topic"
    DEAD_LINK = "dead_link"


class Mode(StrEnum):
    """What happens if a check fails: nothing, a mark, or a mark and a question before a person publishes."""

    OFF = "off"
    WARN = "warn"
    ASK = "ask"


# Off by default are those that whole archives fail.
DEFAULT_MODES: Mapping[Check, Mode] = {
    check: Mode.OFF if check in (Check.ALT_TEXT, Check.OLD) else Mode.WARN for check in Check
}


@dataclass(frozen=True, kw_only=True)
class CheckPolicy:
    """What each check does, and the numbers of two of them."""

    modes: Mapping[Check, Mode] = field(default_factory=lambda: DEFAULT_MODES)
    excerpt_max: int = 500  # characters
    old_days: int = 7

    @property
    def asks(self) -> bool:
        return Mode.ASK in self.modes.values()


@dataclass(frozen=True, kw_only=True)
class CheckedStory:
    """What the checks need to know about a story. `twin_on_site`: readers see another one with the same URL."""

    has_picture: bool
    has_alt_text: bool
    excerpt_length: int
    published_at: datetime
    twin_on_site: bool
    has_topic: bool
    has_dead_link: bool


def failed_checks(story: CheckedStory, policy: CheckPolicy, now: datetime) -> list[Check]:
    """Return the checks that are not off and that the story fails, in their order."""
    failed = {
        Check.PICTURE: not story.has_picture,
        Check.ALT_TEXT: story.has_picture and not story.has_alt_text,
        Check.NO_EXCERPT: story.excerpt_length == 0,
        Check.LONG_EXCERPT: story.excerpt_length > policy.excerpt_max,
        Check.OLD: story.published_at < now - timedelta(days=policy.old_days),
        Check.AHEAD: is_ahead(story.published_at, now),
        Check.DUPLICATE: story.twin_on_site,
        Check.TOPIC: not story.has_topic,
        Check.DEAD_LINK: story.has_dead_link,
    }
    return [check for check in Check if failed[check] and policy.modes[check] is not Mode.OFF]


def asking_checks(failed: list[Check], policy: CheckPolicy) -> list[Check]:
    """Return those of the failed checks before which a person who publishes is asked."""
    return [check for check in failed if policy.modes[check] is Mode.ASK]
