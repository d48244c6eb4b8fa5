"""The forms of the policy: the numbers of the site and of top-level topics."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from articles.models import MODES, NUMBERS, OVERRIDABLE
from articles.models.publish_checks import LABELS
from articles.rules.limits import LATE_DAYS_MAX, RELATED_BONUS_MAX, WINDOW_DAYS_MAX
from articles.rules.scoring import SCORE_MAX

from .conflict_forms import PreviewForm, RowForm

WEIGHTS = tuple(name for name in NUMBERS if name.endswith("_weight"))
LIMITS = {
    "publish_threshold": SCORE_MAX,
    "bonus_floor": SCORE_MAX,
    "related_bonus": RELATED_BONUS_MAX,
    "window_days": WINDOW_DAYS_MAX,
    "late_days": LATE_DAYS_MAX,
    "old_days": LATE_DAYS_MAX,
    "excerpt_max": SCORE_MAX,
}


class LimitedNumbersMixin:
    """Refuses numbers that would take heat beyond what the database stores, and days beyond it."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in LIMITS.keys() & self.fields.keys():
            self.fields[name].validators.append(MaxValueValidator(LIMITS[name]))


class SitePolicyForm(LimitedNumbersMixin, PreviewForm):
    """The numbers of the site's policy."""

    class Meta:
        labels: ClassVar = {
            "publish_threshold": _("Heat threshold for publishing"),
            "related_bonus": _("Heat for each related link"),
            "bonus_floor": _("Minimum quality for the bonus"),
            "window_days": _("Days between stories of one event"),
            "publish_unscored": _("Show unscored articles to readers"),
            "late_days": _("Days after which a story is no longer news"),
            "base_weight": _("Points for every article"),
            "topic_weight": _("Points for each topic"),
            "subtopic_weight": _("Points for each topic with a parent"),
            "keyword_weight": _("Points for each topic with a keyword in the title"),
            "image_weight": _("Points for a picture"),
            "amp_weight": _("Points for an AMP page"),
            "provider_weight": _("Points for a registered outlet"),
            "video_weight": _("Points for a video"),
            **{column: capfirst(LABELS[check]) for check, column in MODES.items()},
            "excerpt_max": _("A long excerpt has more characters than"),
            "old_days": _("A story is old after days"),
        }
        help_texts: ClassVar = {
            "publish_threshold": _("Articles with at least this heat are published."),
            "related_bonus": _("Points that each link of its related list adds to a lead's heat."),
            "bonus_floor": _("Leads below this quality get no points for related links."),
            "window_days": _(
                "Stories published further apart are never suggested as one event. Applies to stories that "
                "come in from now on; 0 turns suggestions off."
            ),
            "publish_unscored": _("Those without quality, heat and publish state. Saving shows or hides them at once."),
            "late_days": _(
                "Readers’ lists go by the time a story came to the site. If the outlet had published it more than this "
                "many days before, they go by the outlet’s date. Applies to stories that come in from now on."
            ),
            **dict.fromkeys(WEIGHTS, ""),  # labels are self-explanatory
        }


class TopicPolicyForm(LimitedNumbersMixin, RowForm):
    """The numbers of one top-level topic that replace those of the site."""

    class Meta:
        labels: ClassVar = {
            "publish_threshold": _("Heat threshold"),
            "related_bonus": _("Heat for each related link"),
            "bonus_floor": _("Minimum quality for the bonus"),
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.instance.pk is None and all(cleaned.get(name) is None for name in OVERRIDABLE) and not self.errors:
            raise ValidationError(
                gettext("Type at least one number that differs from the site's, or leave this row out.")
            )
        return cleaned

    @property
    def moved(self) -> bool:
        """Whether all its numbers are new for their topic: the row is new, or its topic was changed."""
        return self.instance.pk is None or "topic" in self.changed_data
