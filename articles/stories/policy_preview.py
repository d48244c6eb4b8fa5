"""What rescoring would change with other policy numbers, before anybody saves them. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from articles.models import Article, Policies, Topic

from . import rescoring
from .rescoring import RescoreChange

EXAMINED_MAX = 20_000  # only the newest are examined, so that a preview takes seconds whatever the archive holds
SAMPLES = 10  # of each kind


@dataclass(frozen=True)
class ChangeCounts:
    """How many articles would be published, withdrawn and given another heat."""

    published: int
    withdrawn: int
    new_heat: int

    @classmethod
    def of(cls, changes: Iterable[RescoreChange]) -> ChangeCounts:
        kinds = [(change.is_published, change.is_withdrawn, "heat" in change.fields) for change in changes]
        return cls(*(sum(kind) for kind in zip(*kinds, strict=True))) if kinds else cls(0, 0, 0)

    def __str__(self) -> str:
        noun = "story" if self.withdrawn == 1 else "stories"
        shown = f"publish {self.published:,} and withdraw {self.withdrawn:,} {noun}"
        return f"{shown} and change the heat of {self.new_heat:,}"


@dataclass(frozen=True)
class PolicyPreview:
    """The changes that rescoring would make. `examined` of `scored` articles were looked at, the newest.

    `toggled` is how many unscored articles would be shown (if `shows_unscored`) or else hidden.
    """

    changes: Sequence[RescoreChange]
    examined: int
    scored: int
    toggled: int
    shows_unscored: bool
    topics: Mapping[int, str]

    @property
    def sentence(self) -> str:
        effect = str(self.counts) if self.changes else "change no scored article"
        return f"This would {effect}{f', among the newest {self.examined:,}' if self.is_bounded else ''}."

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
        """The effect on unscored articles, or an empty string."""
        if not self.toggled:
            return ""
        noun = "article" if self.toggled == 1 else "articles"
        return f"It would {'show' if self.shows_unscored else 'hide'} {self.toggled:,} unscored {noun} at once."

    @property
    def counts(self) -> ChangeCounts:
        return ChangeCounts.of(self.changes)

    @property
    def by_policy(self) -> list[tuple[str, ChangeCounts]]:
        """Return the counts for each policy, the site's first; nothing if no topic has a policy of its own."""
        if not self.topics:
            return []
        owners: list[tuple[str, int | None]] = [("The policy of the site", None)]
        owners += [(f"The policy of {name}", topic) for topic, name in self.topics.items()]
        return [
            (owner, ChangeCounts.of(change for change in self.changes if change.topic == topic))
            for owner, topic in owners
        ]

    @cached_property
    def samples(self) -> list[tuple[str, Sequence[RescoreChange], int]]:
        """Return some changes of each kind, the largest change of heat first, and how many more there are."""
        ranked = sorted(self.changes, key=_heat_difference, reverse=True)
        kinds = [
            ("Published", [change for change in ranked if change.is_published]),
            ("Withdrawn", [change for change in ranked if change.is_withdrawn]),
            ("Others", [change for change in ranked if change.public[0] == change.public[1]]),
        ]
        return [(kind, changes[:SAMPLES], len(changes) - SAMPLES) for kind, changes in kinds if changes]


def preview_policy(policies: Policies) -> PolicyPreview:
    """Return what rescoring all articles by these policies would change."""
    scored = Article.objects.filter(quality__isnull=False)
    newest = scored.newest_first().values("pk")[:EXAMINED_MAX]
    shows_unscored = policies.site.publish_unscored
    count = scored.count()
    examined = Article.objects.filter(pk__in=newest) if count > EXAMINED_MAX else scored
    return PolicyPreview(
        changes=rescoring.preview_rescore(examined, policies),
        examined=min(count, EXAMINED_MAX),
        scored=count,
        toggled=Article.objects.unscored_differing_from(shows_unscored).count(),
        shows_unscored=shows_unscored,
        topics=dict(Topic.objects.filter(pk__in=policies.by_topic).values_list("pk", "name")),
    )


def changed_policies(
    numbers: Mapping[str, int], overrides: Mapping[int, Mapping[str, int | None]], stored: Policies
) -> Policies:
    """Return the policies as they would be with these changes, in the form that `operations.change_policy` takes."""
    site_numbers: dict[str, Any] = dict(numbers)
    by_topic: dict[int, dict[str, Any]] = {topic: dict(values) for topic, values in stored.overrides.items()}
    for topic, changes in overrides.items():
        by_topic.setdefault(topic, {}).update(changes)
    kept = {topic: values for topic, values in by_topic.items() if any(value is not None for value in values.values())}
    return Policies.from_values(replace(stored.site, **site_numbers), kept)


def _heat_difference(change: RescoreChange) -> int:
    before, after = change.fields.get("heat", (0, 0))
    return abs((after or 0) - (before or 0))
