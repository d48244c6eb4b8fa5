"""What rescoring would change with other policy numbers, before anybody saves them. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

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

    def __bool__(self) -> bool:
        return bool(self.published or self.withdrawn or self.new_heat)

    def __str__(self) -> str:
        values = {name: f"{number:,}" for name, number in asdict(self).items()}
        return _("%(published)s published, %(withdrawn)s withdrawn, %(new_heat)s with another heat") % values


@dataclass(frozen=True)
class PolicyPreview:
    """The changes that rescoring would make. `examined` of `scored` articles were looked at, the newest.

    `anyway` has those that rescoring by the stored numbers would make to the same articles, by id; nothing if those
    are the numbers that are tried. `toggled` is how many unscored articles would be shown (if `shows_unscored`) or
    else hidden; `toggled_first` are some of them.
    """

    changes: Sequence[RescoreChange]
    examined: int
    scored: int
    toggled: int
    toggled_first: Sequence[Article]
    shows_unscored: bool
    topics: Mapping[int, str]
    anyway: Mapping[int, RescoreChange] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """What the numbers change. What rescoring by the stored numbers would change too isn't counted."""
        if not self.counts:
            return _("No scored article would change.")
        text = _("Effect of the new numbers: %(counts)s.") if self.anyway else _("Effect: %(counts)s.")
        return text % {"counts": self.counts}

    @property
    def sentence_anyway(self) -> str:
        """What rescoring by the stored numbers would change too, or an empty string."""
        counts = self._count(self.changes, anyway=True)
        if not counts:
            return ""
        return _("Applying them has effects that the present numbers would have too: %(counts)s.") % {"counts": counts}

    @property
    def is_bounded(self) -> bool:
        return self.examined < self.scored

    @property
    def scope(self) -> str:
        """Which articles the figures are about."""
        if self.is_bounded:
            text = _("Only the newest %(examined)s of %(scored)s scored articles were examined.")
            return text % {"examined": f"{self.examined:,}", "scored": f"{self.scored:,}"}
        text = ngettext(
            "%(scored)s scored article was examined. Pinned fields stay as they are.",
            "%(scored)s scored articles were examined. Pinned fields stay as they are.",
            self.scored,
        )
        return text % {"scored": f"{self.scored:,}"}

    @property
    def unscored(self) -> str:
        """The effect on unscored articles, or an empty string."""
        if not self.toggled:
            return ""
        shows = ngettext(
            "Saving shows %(number)s unscored article to readers at once.",
            "Saving shows %(number)s unscored articles to readers at once.",
            self.toggled,
        )
        hides = ngettext(
            "Saving hides %(number)s unscored article from readers at once.",
            "Saving hides %(number)s unscored articles from readers at once.",
            self.toggled,
        )
        return (shows if self.shows_unscored else hides) % {"number": f"{self.toggled:,}"}

    @property
    def more_toggled(self) -> int:
        return self.toggled - len(self.toggled_first)

    @property
    def counts(self) -> ChangeCounts:
        return self._count(self.changes)

    @property
    def by_policy(self) -> list[tuple[str, ChangeCounts]]:
        """Return the counts for each policy, the site's first; nothing if no topic has a policy of its own."""
        if not self.topics:
            return []
        owners: list[tuple[str, int | None]] = [(_("The policy of the site"), None)]
        owners += [(_("The policy of %(topic)s") % {"topic": name}, topic) for topic, name in self.topics.items()]
        return [
            (owner, self._count(change for change in self.changes if change.topic == topic)) for owner, topic in owners
        ]

    @cached_property
    def samples(self) -> list[tuple[str, Sequence[tuple[RescoreChange, str]], int]]:
        """Return some changes of each kind with their reasons, and how many more there are.

        Those that the new numbers make come first, of those the largest change of heat.
        """
        ranked = sorted(self.changes, key=lambda change: (self._is_due_anyway(change), -_heat_difference(change)))
        kinds = [
            (_("Published"), [change for change in ranked if change.is_published]),
            (_("Withdrawn"), [change for change in ranked if change.is_withdrawn]),
            (_("Others"), [change for change in ranked if change.public[0] == change.public[1]]),
        ]
        return [
            (kind, [(change, self._reason(change)) for change in changes[:SAMPLES]], len(changes) - SAMPLES)
            for kind, changes in kinds
            if changes
        ]

    def _is_due_anyway(self, change: RescoreChange) -> bool:
        """Return whether rescoring by the stored numbers would do the same to the article."""
        other = self.anyway.get(change.pk)
        return other is not None and (other.fields, other.public) == (change.fields, change.public)

    def _reason(self, change: RescoreChange) -> str:
        return _("the present numbers") if self._is_due_anyway(change) else _("the new numbers")

    def _count(self, changes: Iterable[RescoreChange], *, anyway: bool = False) -> ChangeCounts:
        """Count the effects of changes: those that the stored numbers would have too, or the others."""
        counts = [0, 0, 0]
        for change in changes:
            effects, effects_anyway = _effects(change), _effects(self.anyway.get(change.pk))
            for kind, effect in enumerate(effects):
                counts[kind] += effect is not None and (effect == effects_anyway[kind]) == anyway
        return ChangeCounts(*counts)


def preview_policy(policies: Policies, stored: Policies | None = None) -> PolicyPreview:
    """Return what rescoring all articles by these policies would change.

    If they are not the `stored` ones, what rescoring by those would change too is told apart.
    """
    scored = Article.objects.filter(quality__isnull=False)
    newest = scored.newest_first().values("pk")[:EXAMINED_MAX]
    shows_unscored = policies.site.publish_unscored
    count = scored.count()
    examined = Article.objects.filter(pk__in=newest) if count > EXAMINED_MAX else scored
    changes = rescoring.preview_rescore(examined, policies)
    anyway: list[RescoreChange] = []
    if stored is not None:
        changed = Article.objects.filter(pk__in=[change.pk for change in changes])
        anyway = rescoring.preview_rescore(changed, stored)
    toggled = Article.objects.unscored_differing_from(shows_unscored)
    return PolicyPreview(
        changes=changes,
        anyway={change.pk: change for change in anyway},
        examined=min(count, EXAMINED_MAX),
        scored=count,
        toggled=toggled.count(),
        toggled_first=list(toggled.newest_first().only("title")[:SAMPLES]),
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


def _effects(change: RescoreChange | None) -> tuple[Any, Any, Any]:
    """Return what a change does to publication, withdrawal and heat; None for nothing."""
    if change is None:
        return None, None, None
    heat = change.heat if "heat" in change.fields else None
    return change.is_published or None, change.is_withdrawn or None, heat


def _heat_difference(change: RescoreChange) -> int:
    before, after = change.fields.get("heat", (0, 0))
    return abs((after or 0) - (before or 0))
