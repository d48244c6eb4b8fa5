"""Which migrations this code has."""

from __future__ import annotations

from functools import cache

from django.db.migrations.loader import MigrationLoader

Migrations = frozenset[tuple[str, str]]


@cache
def known_migrations() -> Migrations:
    """Return the migrations on disk, as (app, name)."""
    return frozenset(MigrationLoader(None).disk_migrations)
