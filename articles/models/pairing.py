"""Editors' decisions that two articles belong to one story, or don't."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from .fields import BytewiseCharField


class Pairing(models.Model):
    """`member` is folded under `lead` (`together`), or must not be. Imports follow it."""

    lead = models.ForeignKey("articles.Article", models.CASCADE, related_name="+")
    member = models.ForeignKey("articles.Article", models.CASCADE, related_name="+")
    together = models.BooleanField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["lead", "member"], name="pairing_once"),
            models.CheckConstraint(name="pairing_of_two", condition=~Q(lead=F("member"))),
        )

    def __str__(self) -> str:
        return f"{self.lead} {'with' if self.together else 'without'} {self.member}"


class RefusedPair(models.Model):
    """Two articles that were kept apart, by their names, while at least one of them is deleted.

    The pairing comes back with the article.
    """

    lead_name = BytewiseCharField(max_length=255)
    member_name = BytewiseCharField(max_length=255)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["lead_name", "member_name"], name="refused_once"),)
        indexes = (models.Index(fields=["member_name"], name="refused_by_member"),)

    def __str__(self) -> str:
        return f"{self.lead_name} without {self.member_name}"


def of_pair(one: int, other: int) -> Q:
    """Return the condition of the decision on two articles, whichever leads."""
    return Q(lead=one, member=other) | Q(lead=other, member=one)
