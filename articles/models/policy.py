"""The policy of the site, as editors set it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from articles.policy import Policy

_DEFAULT = Policy()
_POINTS = [MinValueValidator(-1000), MaxValueValidator(1000)]


def _points(name: str, text: str = "") -> models.SmallIntegerField:
    return models.SmallIntegerField(default=getattr(_DEFAULT, name), validators=_POINTS, help_text=text)


class SitePolicy(models.Model):
    """The one stored policy; a site without a row follows the defaults of `policy.Policy`."""

    publish_threshold = models.PositiveIntegerField(
        default=_DEFAULT.publish_threshold, help_text="Articles with at least this heat are published."
    )
    related_bonus = models.PositiveIntegerField(
        default=_DEFAULT.related_bonus, help_text="Heat that each related link gives to its lead."
    )
    bonus_floor = models.PositiveIntegerField(
        default=_DEFAULT.bonus_floor, help_text="Leads below this quality get no bonus."
    )
    window_days = models.PositiveSmallIntegerField(
        default=_DEFAULT.window_days, help_text="How many days apart stories of one event may be."
    )
    publish_unscored = models.BooleanField(
        default=_DEFAULT.publish_unscored,
        help_text="Show articles that have no quality, no heat and no publish state, as this format's feeds do.",
    )
    base_weight = _points("base_weight", "Every article.")
    topic_weight = _points("topic_weight", "Each topic.")
    subtopic_weight = _points("subtopic_weight", "Each topic that has a parent.")
    keyword_weight = _points("keyword_weight", "Each topic of which a keyword stands in the title.")
    image_weight = _points("image_weight", "The article has a picture.")
    amp_weight = _points("amp_weight", "The article has an AMP page.")
    provider_weight = _points("provider_weight", "The outlet stands in the registry.")
    video_weight = _points("video_weight", "The article is a video.")

    class Meta:
        verbose_name = verbose_name_plural = "policy"
        constraints = [
            models.CheckConstraint(
                name="policy_is_the_only_one",
                condition=Q(id=1),
                violation_error_message="There is one policy for the site; change that one.",
            )
        ]

    def __str__(self) -> str:
        return "Policy of the site"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.pk = 1
        super().save(*args, **kwargs)

    @classmethod
    def current(cls) -> Policy:
        """Return the policy in force. One query."""
        row = cls.objects.values(*(field.name for field in fields(Policy))).first()
        return Policy(**row) if row else _DEFAULT
