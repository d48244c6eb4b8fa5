"""Which database a read goes to: the primary, unless a request of readers was let to the replica (`replica.py`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

REPLICA = "replica"
READ_THERE = frozenset({"articles", "providers", "taggit"})  # the apps of what readers see

_reads: ContextVar[str] = ContextVar("reads", default=DEFAULT_DB_ALIAS)


def reading() -> str:
    """Return the alias of the database to read from now: inside a transaction it is always the primary."""
    return DEFAULT_DB_ALIAS if connections[DEFAULT_DB_ALIAS].in_atomic_block else _reads.get()


@contextmanager
def from_replica() -> Iterator[None]:
    """Read what readers see from the replica, until something is written."""
    token = _reads.set(REPLICA)
    try:
        yield
    finally:
        _reads.reset(token)


def from_primary() -> None:
    """Read from the primary for the rest of the request."""
    _reads.set(DEFAULT_DB_ALIAS)


class ReplicaRouter:
    """Tells querysets. Sessions, users and all else that isn't an article's are always the primary's."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return reading() if model._meta.app_label in READ_THERE else DEFAULT_DB_ALIAS

    def db_for_write(self, model: Any, **hints: Any) -> str:
        from_primary()  # who writes reads what was written
        return DEFAULT_DB_ALIAS

    def allow_relation(self, *models: Any, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        return False if db == REPLICA else None
