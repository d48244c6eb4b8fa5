"""A count of the changes that readers notice and the log of operations doesn't tell of."""

from __future__ import annotations

from django.db import models


class Stamp(models.Model):
    """Part of the count; usually there is one row. Only the sum of all rows and the latest time mean anything.

    Several rows, because two that change something at once then never wait for each other.
    """

    number = models.PositiveBigIntegerField(default=1)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.number)
