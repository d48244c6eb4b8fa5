"""What rescoring would do by other numbers, told before anybody saves them. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from articles.models import Article, Policies, Topic

from . import rescoring
from .rescoring import RescoreChange

EXAMINED_MAX = 20_000  # of more, the newest: a preview is answered in seconds, whatever the archive holds
SAMPLES = 10  # of each kind


@dataclass(frozen=True)
class ChangeCounts:
    """How many articles the numbers would publish, withdraw and give another heat."""

    published: int
    withdrawn: int
    heated: int

    @classmethod
    def of(cls, changes: Iterable[RescoreChange]) -> ChangeCounts:
        kinds = [(change.is_published, change.is_withdrawn, "heat" in change.fields) for change in changes]
        return cls(*(sum(kind) for kind in zip(*kinds, strict=True))) if kinds else cls(0, 0, 0)

    def __str__(self) -> str:
        noun = "story" if self.withdrawn == 1 else "stories"
        shown = f"publish {self.published:,} and withdraw {self.withdrawn:,} {noun}"
        return f"{shown} and change the heat of {self.heated:,}"


@dataclass(frozen=True)
class PolicyPreview:
    """The changes that rescoring would make. `tried` of `scored` articles were looked at, the newest.

    `turned` is how many unscored articles would be shown, where `shows_unscored`, or else hidden.
    """

    changes: Sequence[RescoreChange]
    examined: int
    scored: int
    toggled: int
    shows_unscored: bool
    topics: Mapping[int, str]

    @property
    def sentence(self) -> str:
        told = f"{self.tally}" if self.changes else "change no scored article"
        return f"This would {told}{f', among the newest {self.examined:,}' if self.is_bounded else ''}."

    @property
    def is_bounded(self) -> bool:
        return self.examined < self.scored

    @property
    def scope(self) -> str:
        """Which articles the figures are about."""
        if self.is_bounded:
            return f"Only the newest {self.examined:,} of {self.scored:,} scored articles were looked at."
        return f"Of {self.scored:,} scored articles. Pinned fields stay as they are."

    @property
    def unscored(self) -> str:
        """What becomes of unscored articles; empty if nothing does."""
        if not self.toggled:
            return ""
        noun = "article" if self.toggled == 1 else "articles"
        return f"It would {'show' if self.shows_unscored else 'hide'} {self.toggled:,} unscored {noun} at once."

    @property
    def tally(self) -> ChangeCounts:
        return ChangeCounts.of(self.changes)

    @property
    def by_policy(self) -> list[tuple[str, ChangeCounts]]:
        """Return the tally of each policy that decides, the site's first; nothing where that one decides alone."""
        if not self.topics:
            return []
        whose: list[tuple[str, int | None]] = [("The policy of the site", None)]
        whose += [(f"The policy of {name}", topic) for topic, name in self.topics.items()]
        return [(name, ChangeCounts.of(each for each in self.changes if each.topic == topic)) for name, topic in whose]

    @cached_property
    def samples(self) -> list[tuple[str, Sequence[RescoreChange], int]]:
        """Return some changes of each kind, the farthest from what is stored first, and how many more there are."""
        ranked = sorted(self.changes, key=_distance, reverse=True)
        kinds = [
            ("Published", [each for each in ranked if each.is_published]),
            ("Withdrawn", [each for each in ranked if each.is_withdrawn]),
            ("Others", [each for each in ranked if each.public[0] == each.public[1]]),
        ]
        return [(kind, found[:SAMPLES], len(found) - SAMPLES) for kind, found in kinds if found]


def preview_policy(policies: Policies) -> PolicyPreview:
    """Return what rescoring all articles by these policies would change."""
    scored = Article.objects.filter(quality__isnull=False)
    newest = scored.newest_first().values("pk")[:EXAMINED_MAX]
    show = policies.site.publish_unscored
    count = scored.count()
    examined = Article.objects.filter(pk__in=newest) if count > EXAMINED_MAX else scored
    return PolicyPreview(
        changes=rescoring.preview_rescore(examined, policies),
        examined=min(count, EXAMINED_MAX),
        scored=count,
        toggled=Article.objects.unscored_against(show).count(),
        shows_unscored=show,
        topics=dict(Topic.objects.filter(pk__in=policies.by_topic).values_list("pk", "name")),
    )


def changed_policies(
    numbers: Mapping[str, int], overrides: Mapping[int, Mapping[str, int | None]], stored: Policies
) -> Policies:
    """Return the policies as they would be with these changes, in the form that `operations.change_policy` takes."""
    site = replace(stored.site, **numbers)
    own: dict[int, dict[str, Any]] = {topic: dict(found) for topic, found in stored.overrides.items()}
    for topic, changes in overrides.items():
        own[topic] = own.get(topic, {}) | changes
    kept = {topic: found for topic, found in own.items() if any(number is not None for number in found.values())}
    return Policies.made(site, kept)


def _distance(change: RescoreChange) -> int:
    before, after = change.fields.get("heat", (0, 0))
    return abs((after or 0) - (before or 0))
