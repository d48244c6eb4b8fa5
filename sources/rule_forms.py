"""What a person enters about a rule for new stories."""

from __future__ import annotations

import hashlib
from typing import Any

from django import forms
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles.db.choices import choices_of
from articles.db.limited_fields import run_check
from articles.rules import values
from articles.rules.intake_rules import ACTION_LABELS, PLACE_LABELS, Place, RuleAction
from articles.rules.limits import NAME_MAX, POINTS_MAX, TEXT_MAX, TOPIC_MAX
from articles.rules.states import SPIKE_REASON_LABELS, SpikeReason

from .limits import RULES_MAX
from .models import Rule, Source
from .rules import PLACE_FIELDS

FIELD_OF_ACTION = {RuleAction.TOPIC: "topic", RuleAction.QUALITY: "points", RuleAction.SPIKE: "spike_reason"}


class LinesField(forms.CharField):
    """Several names, one on each line."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.Textarea(attrs={"rows": 4, "cols": 40})
        super().__init__(required=False, max_length=TEXT_MAX, widget=widget, **kwargs)

    def clean(self, value: Any) -> list[str]:
        """Return the names, each once. Raises ValidationError for too many, or one that is too long."""
        lines = [line.strip() for line in super().clean(value).splitlines()]
        names = list(dict.fromkeys(line for line in lines if line))
        run_check(values.check_names, names, NAME_MAX)
        return names


class RuleForm(forms.Form):
    """A rule. Only the field of the chosen action counts among topic, points and reason."""

    source = forms.ModelChoiceField(
        Source.objects.all(), required=False, empty_label=gettext_lazy("All sources"), label=gettext_lazy("For")
    )
    words = LinesField(label=gettext_lazy("Words or phrases, one on each line"))
    places = forms.MultipleChoiceField(
        required=False,
        label=gettext_lazy("Look for them in"),
        choices=choices_of(PLACE_LABELS),
        widget=forms.CheckboxSelectMultiple,
    )
    outlets = LinesField(label=gettext_lazy("Outlets, by name or domain, one on each line"))
    action = forms.ChoiceField(label=gettext_lazy("What to do"), choices=choices_of(ACTION_LABELS))
    topic = forms.CharField(
        required=False,
        max_length=TOPIC_MAX,
        label=gettext_lazy("Topic to add"),
        widget=forms.TextInput(attrs={"list": "topic-names", "autocomplete": "off"}),
    )
    points = forms.IntegerField(
        required=False,
        min_value=-POINTS_MAX,
        max_value=POINTS_MAX,
        label=gettext_lazy("Points for the quality, such as 20 or -20"),
    )
    spike_reason = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Reason to spike"),
        choices=choices_of(SPIKE_REASON_LABELS),
    )

    @classmethod
    def initial_of(cls, rule: Rule) -> dict[str, Any]:
        return {
            "source": rule.source_id,
            "words": "\n".join(rule.words),
            "places": rule.places,
            "outlets": "\n".join(rule.outlets),
            "action": rule.action,
            "topic": rule.topic.name if rule.topic else "",
            "points": rule.points or None,
            "spike_reason": rule.spike_reason or SpikeReason.OTHER.value,
        }

    def clean_topic(self) -> Any:
        """Return the topic; None without a name. Raises ValidationError if no topic has it."""
        name = self.cleaned_data["topic"].strip()
        topic = apps.get_model("articles", "Topic").objects.filter(name=name).first()
        if name and topic is None:
            raise ValidationError(_("There is no topic “%(name)s”.") % {"name": name})
        return topic

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for action, name in FIELD_OF_ACTION.items():
            if cleaned.get("action") != action:
                self.errors.pop(name, None)  # the page doesn't show this field
        if "words" in cleaned and "outlets" in cleaned and not cleaned["words"] and not cleaned["outlets"]:
            self.add_error("words", _("Enter a word or an outlet: a rule without either matches nothing."))
        if cleaned.get("words") and not cleaned.get("places"):
            self.add_error("places", _("Choose where to look for the words."))
        if cleaned.get("action") == RuleAction.TOPIC and not cleaned.get("topic") and "topic" not in self.errors:
            self.add_error("topic", _("Name the topic to add."))
        if cleaned.get("action") == RuleAction.QUALITY and not cleaned.get("points") and "points" not in self.errors:
            self.add_error("points", _("Enter how many points to add or, with a minus, to take away."))
        return cleaned

    def fill(self, rule: Rule) -> Rule:
        """Return the rule with these values, unsaved; only of a valid form."""
        entered = self.cleaned_data
        action = entered["action"]
        rule.source, rule.action = entered["source"], action
        rule.words, rule.outlets = entered["words"], entered["outlets"]
        for place, field in PLACE_FIELDS.items():
            setattr(rule, field, place.value in entered["places"] or (place == Place.TITLE and not entered["words"]))
        rule.topic = entered["topic"] if action == RuleAction.TOPIC else None
        rule.points = entered["points"] if action == RuleAction.QUALITY else 0
        rule.spike_reason = (entered["spike_reason"] or SpikeReason.OTHER.value) if action == RuleAction.SPIKE else ""
        return rule


def digest_of(rule: Rule) -> str:
    """Return what changes with every value of the rule: a rule is saved as it was seen before."""
    value = repr((rule.source_id, rule.as_value()))
    return hashlib.blake2b(value.encode(errors="replace"), digest_size=16).hexdigest()


def next_position() -> int:
    """Return the place of a new rule: after all others. Raises ValidationError if there are too many."""
    if Rule.objects.count() >= RULES_MAX:
        text = _("There are %(number)s rules, which is the most that are possible. Delete one first.")
        raise ValidationError(text % {"number": RULES_MAX})
    last = Rule.objects.aggregate(last=Max("position"))["last"]
    return 0 if last is None else last + 1
