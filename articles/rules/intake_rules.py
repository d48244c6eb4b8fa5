"""What the newsroom's rules do with a story that a source brings, before an editor sees it.

Rules apply in their order. All that match add their topics and points; the first that holds, spikes or refuses the
story is the last that is applied. A rule never publishes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from texts import Text
from texts import gettext_lazy as _

from .states import SPIKE_REASON_LABELS
from .words import Words, whole_words

WORDS_SHOWN = 3  # of a rule, where it is named


class RuleAction(StrEnum):
    TOPIC = "topic"
    QUALITY = "quality"
    HOLD = "hold"
    SPIKE = "spike"
    NEVER = "never"


DECIDING = frozenset({RuleAction.HOLD, RuleAction.SPIKE, RuleAction.NEVER})
ACTION_LABELS: Mapping[RuleAction, Text] = {
    RuleAction.TOPIC: _("Add a topic"),
    RuleAction.QUALITY: _("Change the quality"),
    RuleAction.HOLD: _("Hold"),
    RuleAction.SPIKE: _("Spike"),
    RuleAction.NEVER: _("Never take"),
}


class Place(StrEnum):
    """Where a rule looks for its words."""

    TITLE = "title"
    EXCERPT = "excerpt"
    URL = "url"


PLACE_LABELS: Mapping[Place, Text] = {
    Place.TITLE: _("headline"),
    Place.EXCERPT: _("excerpt"),
    Place.URL: _("URL"),
}


@dataclass(frozen=True, kw_only=True)
class StoryText:
    """What rules look at. `outlet` is its name, `domain` that of its site."""

    title: str
    excerpt: str
    url: str
    outlet: str
    domain: str


@dataclass(frozen=True, kw_only=True)
class IntakeRule:
    """One rule: it matches a story of one of the `outlets` with one of the `words` in one of the `places`.

    Without words or outlets, only the other condition counts. `topic` is a key, `points` are added to the quality.
    """

    pk: int | None = None
    words: tuple[str, ...] = ()
    places: tuple[str, ...] = (Place.TITLE,)
    outlets: tuple[str, ...] = ()
    action: str
    topic: int | None = None
    topic_name: str = ""
    points: int = 0
    spike_reason: str = ""

    def __str__(self) -> str:
        conditions = []
        if self.words:
            words = _listed([f"“{word}”" for word in self.words])
            places = _any_of([str(PLACE_LABELS[Place(place)]) for place in self.places])
            conditions.append(str(_("%(words)s in %(places)s", words=words, places=places)))
        if self.outlets:
            conditions.append(str(_("outlet %(names)s", names=_listed(self.outlets))))
        return f"{', '.join(conditions)}: {self.effect}"

    @property
    def effect(self) -> str:
        """What the rule does, in words."""
        match self.action:
            case RuleAction.TOPIC:
                return str(_("add the topic %(topic)s", topic=self.topic_name))
            case RuleAction.QUALITY:
                return str(_("quality %(points)s", points=f"{self.points:+}".replace("-", "\u2212")))
            case RuleAction.SPIKE:
                return str(_("spike, %(reason)s", reason=SPIKE_REASON_LABELS.get(self.spike_reason, self.spike_reason)))
            case RuleAction.HOLD:
                return str(_("hold"))
        return str(_("never take"))


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the rules that matched a story do with it together."""

    rules: tuple[IntakeRule, ...] = ()

    @property
    def decision(self) -> IntakeRule | None:
        """The rule that holds, spikes or refuses the story."""
        return self.rules[-1] if self.rules and self.rules[-1].action in DECIDING else None

    @property
    def refuses(self) -> bool:
        return self.decision is not None and self.decision.action == RuleAction.NEVER

    @property
    def topics(self) -> list[int]:
        return [rule.topic for rule in self.rules if rule.action == RuleAction.TOPIC and rule.topic is not None]

    @property
    def points(self) -> int:
        return sum(rule.points for rule in self.rules if rule.action == RuleAction.QUALITY)


class RuleSet:
    """Applies rules to stories, in their order."""

    def __init__(self, rules: Iterable[IntakeRule]) -> None:
        self._rules = [(rule, matcher(rule)) for rule in rules]

    def judge(self, story: StoryText) -> Verdict:
        matching = []
        for rule, is_match in self._rules:
            if is_match(story):
                matching.append(rule)
                if rule.action in DECIDING:
                    break
        return Verdict(rules=tuple(matching))


def matcher(rule: IntakeRule) -> Callable[[StoryText], bool]:
    """Return a function that says whether a story matches the rule.

    Words count as whole words in headlines and excerpts (see `rules.words`), and as any part of a URL; case never
    counts. An outlet is named by its name, or by its domain, which covers those below it.
    """
    words = "|".join(re.escape(word) for word in rule.words)
    as_words, as_parts = whole_words(rule.words), re.compile(words, re.IGNORECASE)
    patterns: list[tuple[str, re.Pattern[str] | Words]]
    patterns = [(place, as_parts if place == Place.URL else as_words) for place in rule.places]
    outlets = {outlet.casefold() for outlet in rule.outlets}

    def is_match(story: StoryText) -> bool:
        if outlets and outlets.isdisjoint(_names_of(story)):
            return False
        if words:
            return any(pattern.search(getattr(story, place)) for place, pattern in patterns)
        return bool(outlets)

    return is_match


def _names_of(story: StoryText) -> set[str]:
    """Return the names that the story's outlet goes by: its own, its domain and those above that."""
    labels = story.domain.casefold().split(".")
    return {story.outlet.casefold()} | {".".join(labels[place:]) for place in range(len(labels))}


def _listed(names: Sequence[str]) -> str:
    more = len(names) - WORDS_SHOWN
    return _any_of([*names[:WORDS_SHOWN], str(_("%(number)s more", number=more))] if more > 0 else names)


def _any_of(names: Sequence[str]) -> str:
    return str(_(" or ")).join(names)
