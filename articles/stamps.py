"""Which state of the newsroom readers see: a stamp that differs after every change that they could notice.

What articles are changes in acts, which follow one another (`Policies.load(exclusive=True)`), so the last operation
tells. Outlets, topics, logos and copies of pictures also change outside of acts: `advance()` counts those. Schedules
change the site by the clock alone: the last moment at which one began or ended belongs to the stamp too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models.signals import post_delete, post_save
from django.utils import timezone

from providers.models import Provider, ProviderLogo

from .models import Article, Operation, Stamp, Topic
from .sharing import asking
from .statements import time_of

COUNTED = (Provider, ProviderLogo, Topic)  # every saved or deleted row of these advances the stamp

_TAKEN = f"""
SELECT operation.id, operation.at, counted.number, counted.changed_at,
    (SELECT publish_at FROM {Article._meta.db_table} WHERE publish_at <= %s ORDER BY publish_at DESC LIMIT 1),
    (SELECT unpublish_at FROM {Article._meta.db_table} WHERE unpublish_at <= %s ORDER BY unpublish_at DESC LIMIT 1),
    (SELECT pick_until FROM {Article._meta.db_table} WHERE pick_until <= %s ORDER BY pick_until DESC LIMIT 1)
FROM (SELECT sum(number) AS number, max(changed_at) AS changed_at FROM {Stamp._meta.db_table}) AS counted
LEFT JOIN (SELECT id, at FROM {Operation._meta.db_table} ORDER BY id DESC LIMIT 1) AS operation ON 1 = 1
"""  # noqa: S608
_ADVANCED = f"""
UPDATE {Stamp._meta.db_table} SET number = number + 1, changed_at = %s
WHERE id = (SELECT id FROM {Stamp._meta.db_table} ORDER BY id LIMIT 1 {{lock}})
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Taken:
    """The state of the newsroom at one moment. Equal keys mean that readers would see the same."""

    key: str
    moments: str  # the part of the key that goes by the clock: when a schedule last began or ended
    changed_at: datetime | None


def current(now: datetime | None = None, using: str = DEFAULT_DB_ALIAS) -> Taken:
    """Return the stamp of what readers see at `now`, by default this moment. One query, the same for any size."""
    moment = connections[using].ops.adapt_datetimefield_value(now or timezone.now())
    with asking(using) as cursor:
        cursor.execute(_TAKEN, [moment] * 3)
        return _taken(cursor.fetchone())


def advance() -> None:
    """Count a change, in the caller's transaction if there is one. Never waits for another that does the same."""
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    lock = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    with connection.cursor() as cursor:
        cursor.execute(_ADVANCED.format(lock=lock), [now])
        if cursor.rowcount:
            return
    Stamp.objects.create(changed_at=timezone.now())


def watch() -> None:
    """Advance the stamp whenever a row of COUNTED is saved or deleted; bulk writes have to call `advance()`."""
    for model in COUNTED:
        for signal in (post_save, post_delete):
            signal.connect(_count, sender=model, dispatch_uid=f"stamp {model._meta.label}")


def _count(**kwargs: Any) -> None:
    if not kwargs.get("raw"):
        advance()


@lru_cache(maxsize=64)
def _taken(row: tuple[Any, ...]) -> Taken:
    operation, at, number, *moments = row
    times = [time_of(value) for value in (at, *moments) if value is not None]
    passed = ".".join(str(value or "") for value in moments[1:])
    return Taken(f"{operation or 0}.{number or 0}.{passed}", passed, max(times, default=None))
