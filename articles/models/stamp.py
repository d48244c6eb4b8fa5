"""Counts the public changes that the audit log doesn't contain, as part of the site version."""

from __future__ import annotations

from django.db import models


class Stamp(models.Model):
    """A part of the count. Only the sum of all rows and the latest time matter.

    Usually there is one row; concurrent changes add more, so that they don't wait for each other.
    """

    number = models.PositiveBigIntegerField(default=1)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.number)
