"""The site version: two requests see the same version only if readers would see the same site.

Articles change inside units of work, which run one after another, so the last logged operation stands for them.
Outlets, topics, logos and copies of pictures also change without an operation: `bump_version()` counts those changes.
Schedules change the site by the clock alone, so the version includes the last moment at which one began or ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.apps import AppConfig
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models.signals import post_delete, post_migrate, post_save
from django.utils import timezone

from articles.db.compiled_queries import to_datetime
from articles.models import Article, Operation, Stamp, Topic
from providers.models import Provider, ProviderLogo

# Pages that show "today" or "the past 48 hours" are rendered again after so long. Midnight in any time zone begins such
# a quarter of an hour, so no cached page says "today" of yesterday.
CLOCK_BUCKET_SECONDS = 900
COUNTED_MODELS = (Provider, ProviderLogo, Topic)  # saving or deleting a row of these bumps the version

_SELECT_VERSION = f"""
SELECT operation.id, operation.at, counted.number, counted.changed_at,
    (SELECT publish_at FROM {Article._meta.db_table} WHERE publish_at <= %s ORDER BY publish_at DESC LIMIT 1),
    (SELECT unpublish_at FROM {Article._meta.db_table} WHERE unpublish_at <= %s ORDER BY unpublish_at DESC LIMIT 1),
    (SELECT pick_until FROM {Article._meta.db_table} WHERE pick_until <= %s ORDER BY pick_until DESC LIMIT 1)
FROM (SELECT sum(number) AS number, max(changed_at) AS changed_at FROM {Stamp._meta.db_table}) AS counted
LEFT JOIN (SELECT id, at FROM {Operation._meta.db_table} ORDER BY id DESC LIMIT 1) AS operation ON 1 = 1
"""  # noqa: S608
_BUMP_VERSION = f"""
UPDATE {Stamp._meta.db_table} SET number = number + 1, changed_at = %s
WHERE id = (SELECT id FROM {Stamp._meta.db_table} ORDER BY id LIMIT 1 {{lock}})
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class SiteVersion:
    """What readers see at one moment, as a key, and when it last changed."""

    key: str
    changed_at: datetime | None


def current_version(now: datetime | None = None, using: str = DEFAULT_DB_ALIAS) -> SiteVersion:
    """Return the version of what readers see at `now`, by default this moment. One query, whatever the size."""
    moment = connections[using].ops.adapt_datetimefield_value(now or timezone.now())
    with connections[using].cursor() as cursor:
        cursor.execute(_SELECT_VERSION, [moment] * 3)
        return _version_from(cursor.fetchone())


def bump_version() -> None:
    """Count a change, in the caller's transaction if there is one. Never waits for a concurrent bump."""
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    lock = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    with connection.cursor() as cursor:
        cursor.execute(_BUMP_VERSION.format(lock=lock), [now])
        if cursor.rowcount:
            return
    Stamp.objects.create(changed_at=timezone.now())


def connect_signals(config: AppConfig) -> None:
    """Bump the version whenever a row of COUNTED_MODELS changes, and after `migrate`; bulk writes bump it themselves.

    Every release runs `migrate`, so pages that the old code or templates rendered aren't served after it.
    """
    for model in COUNTED_MODELS:
        for signal in (post_save, post_delete):
            signal.connect(_bump_after_change, sender=model, dispatch_uid=f"site version {model._meta.label}")
    post_migrate.connect(_bump_after_migrate, sender=config, dispatch_uid="site version after migrate")


def _bump_after_change(**kwargs: Any) -> None:
    if not kwargs.get("raw"):
        bump_version()


def _bump_after_migrate(using: str, **kwargs: Any) -> None:
    if using == DEFAULT_DB_ALIAS and Stamp._meta.db_table in connection.introspection.table_names():
        bump_version()


@lru_cache(maxsize=64)
def _version_from(row: tuple[Any, ...]) -> SiteVersion:
    operation, logged_at, number, changed_at, *schedule = row
    times = [to_datetime(value) for value in (logged_at, changed_at, *schedule) if value is not None]
    parts = (operation or 0, number or 0, *(value or "" for value in schedule))
    return SiteVersion(".".join(map(str, parts)), max(times, default=None))
