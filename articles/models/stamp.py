"""The count of changes that readers notice and the audit log doesn't hold."""

from __future__ import annotations

from django.db import models


class Stamp(models.Model):
    """A part of the count; usually there is one row. Only the sum of all rows and the latest time mean anything.

    There may be several rows, so that concurrent changes never wait for each other.
    """

    number = models.PositiveBigIntegerField(default=1)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.number)
