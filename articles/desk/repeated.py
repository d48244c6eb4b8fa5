"""A request that comes twice, as a double click sends it without JavaScript. The browser shows the second response."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from django.utils import timezone

from articles.models import Operation, Subject

from .view_helpers import DeskRequest

REPEATED_WITHIN = timedelta(minutes=1)


def repeated_operation(request: DeskRequest, verb: str, ids: Collection[int]) -> Operation | None:
    """Return the editor's last operation if it just did this to all these stories, and isn't undone."""
    last = Operation.objects.filter(actor=request.user, at__gt=timezone.now() - REPEATED_WITHIN).first()
    if last is None or last.verb != verb or last.undone_by.exists():
        return None
    changed = last.events.filter(subject=Subject.ARTICLE, derived=False).order_by()
    return last if {*ids} <= {*changed.values_list("subject_id", flat=True)} else None
