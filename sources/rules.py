"""The newsroom's rules for new stories, and which entries each was applied to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from articles.db.choices import choices_of
from articles.db.limited_fields import NamesField, PointsField
from articles.rules.intake_rules import ACTION_LABELS, IntakeRule, Place, RuleAction
from articles.rules.states import SPIKE_REASON_LABELS

from .limits import RULE_TEXT_MAX

PLACE_FIELDS = {Place.TITLE: "in_title", Place.EXCERPT: "in_excerpt", Place.URL: "in_url"}


class RuleQuerySet(models.QuerySet["Rule"]):
    def for_source(self, source: int) -> Self:
        """Return the rules for one source in their order, with those for all."""
        return self.filter(Q(source=None) | Q(source=source))


class Rule(models.Model):
    """What is done with new stories that match. `articles.rules.intake_rules` says what its fields mean."""

    source = models.ForeignKey("sources.Source", models.CASCADE, null=True, blank=True, related_name="rules")
    position = models.PositiveIntegerField(default=0)
    active = models.BooleanField(default=True)
    words = NamesField(default=list, blank=True)
    in_title = models.BooleanField(default=True)
    in_excerpt = models.BooleanField(default=False)
    in_url = models.BooleanField(default=False)
    outlets = NamesField(default=list, blank=True)
    action = models.CharField(max_length=7, choices=choices_of(ACTION_LABELS))
    topic = models.ForeignKey("articles.Topic", models.PROTECT, null=True, blank=True, related_name="rules")
    points = PointsField(default=0)
    spike_reason = models.CharField(max_length=11, choices=choices_of(SPIKE_REASON_LABELS), blank=True)

    objects = RuleQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["position", "pk"]
        default_permissions = ()  # those of sources count

    def __str__(self) -> str:
        return str(self.as_value())[:RULE_TEXT_MAX]

    def as_value(self) -> IntakeRule:
        """Return the rule in the form that is applied. Reads its topic."""
        return IntakeRule(
            pk=self.pk,
            words=tuple(self.words),
            places=self.places,
            outlets=tuple(self.outlets),
            action=self.action,
            topic=self.topic_id,
            topic_name=self.topic.name if self.topic else "",
            points=self.points if self.action == RuleAction.QUALITY else 0,
            spike_reason=self.spike_reason,
        )

    @property
    def places(self) -> tuple[str, ...]:
        return tuple(place.value for place, field in PLACE_FIELDS.items() if getattr(self, field))


class AppliedRule(models.Model):
    """That a rule was applied to an entry, in the words that it had then."""

    entry = models.ForeignKey("sources.Entry", models.CASCADE, related_name="applied_rules")
    rule = models.ForeignKey(Rule, models.SET_NULL, null=True, related_name="applied")
    text = models.CharField(max_length=RULE_TEXT_MAX)

    class Meta:
        ordering: ClassVar = ["pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.text


def move_rule(rule: Rule, *, up: bool) -> bool:
    """Let a rule apply before the one above it, or after the one below; return whether there is one."""
    rules = list(Rule.objects.select_for_update())
    place = [other.pk for other in rules].index(rule.pk)
    target = place - 1 if up else place + 1
    if not 0 <= target < len(rules):
        return False
    rules[place], rules[target] = rules[target], rules[place]
    renumber(rules)
    return True


def renumber(rules: Iterable[Rule]) -> None:
    """Store the order of the rules."""
    changed = []
    for position, rule in enumerate(rules):
        if rule.position != position:
            rule.position = position
            changed.append(rule)
    Rule.objects.bulk_update(changed, ["position"])
