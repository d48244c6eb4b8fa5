"""The publication record: what readers saw of each article by itself, from when to when."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q

from articles.rules.appearances import Period, RecordedPeriod, Shown

from .fields import BytewiseCharField
from .operation import Operation


class AppearanceQuerySet(models.QuerySet["Appearance"]):
    def not_over(self, now: datetime) -> Self:
        """Return the periods that hold at `now` or are to come. Those that an operation ended are over for good."""
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=now, scheduled_end=True))

    def holding(self, at: datetime) -> Self:
        """Return the periods in which readers see an article at `at`."""
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=at), starts_at__lte=at)


class Appearance(models.Model):
    """A period in which readers saw an article by itself and nothing of what they saw of it changed.

    The article and its provider are stored by their ids, without foreign keys, because the record outlives them. The
    words and pictures are those of the article's `version` in the audit log. `began_by` is empty for periods that
    began before there was a record. A period that was called off shortly before its start ends where it would begin.
    """

    article_id = models.BigIntegerField()
    name = BytewiseCharField(max_length=255, help_text="The article's name, kept when it is deleted.")
    provider_id = models.BigIntegerField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    scheduled_start = models.BooleanField(default=False, help_text="The clock begins it, not an operation.")
    scheduled_end = models.BooleanField(default=False, help_text="The clock ends it, not an operation.")
    published_at = models.DateTimeField()
    listed_at = models.DateTimeField(null=True)
    rank = models.FloatField(help_text="See rules.ranking.front_page_rank().")
    heat = models.IntegerField(null=True)
    outlets = models.PositiveIntegerField(help_text="How many outlets readers saw report the story, its own included.")
    pick = models.BooleanField(default=False)
    pick_place = models.SmallIntegerField(null=True, help_text="See Article.pick_place.")
    off_front = models.BooleanField(null=True, help_text="Kept off the front page; NULL means no.")
    version = models.PositiveIntegerField(help_text="The article's version when the period began or was planned.")
    began_by = models.ForeignKey(Operation, models.SET_NULL, null=True, related_name="+", db_index=False)
    ended_by = models.ForeignKey(Operation, models.SET_NULL, null=True, related_name="+", db_index=False)

    objects = AppearanceQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(fields=["article_id", "starts_at"], name="appearance_of_article"),
            models.Index(fields=["began_by", "article_id"], name="appearance_began"),
            models.Index(
                fields=["ended_by", "article_id"], name="appearance_ended", condition=Q(ended_by__isnull=False)
            ),
            models.Index(
                fields=["starts_at", "article_id"],
                name="appearance_scheduled_start",
                condition=Q(scheduled_start=True),
            ),
            models.Index(
                fields=["ends_at", "article_id"], name="appearance_scheduled_end", condition=Q(scheduled_end=True)
            ),
        )
        constraints: ClassVar = [
            models.CheckConstraint(
                name="appearance_in_order", condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} from {self.starts_at:%Y-%m-%d %H:%M:%S}"

    @property
    def recorded_period(self) -> RecordedPeriod:
        """Return the period in the form of the rules."""
        place = (self.provider_id, self.published_at, self.listed_at, self.rank, self.heat, self.outlets)
        shown = Shown(*place, self.pick, self.pick_place, self.off_front)
        return RecordedPeriod(self.pk, Period(self.starts_at, self.ends_at, shown), self.scheduled_start)
