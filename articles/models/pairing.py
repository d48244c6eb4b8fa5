"""Editors' decisions that two articles belong to one story, or don't."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


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


def of_pair(one: int, other: int) -> Q:
    """Return the condition of the decision on two articles, whichever leads."""
    return Q(lead=one, member=other) | Q(lead=other, member=one)
