"""What editors decided about two articles: that they are one event, or that they are not."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Pairing(models.Model):
    """`member` belongs under `lead` (together), or must not be folded with it (apart). Imports keep to it."""

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
