"""Which database a read goes to: the primary, unless this request may read from the replica."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

REPLICA = "replica"
REPLICATED_APPS = frozenset({"articles", "providers", "taggit", "website"})  # whose tables public pages show

_read_alias: ContextVar[str] = ContextVar("read_alias", default=DEFAULT_DB_ALIAS)


def read_alias() -> str:
    """Return the alias of the database to read from now: inside a transaction it is always the primary."""
    return DEFAULT_DB_ALIAS if connections[DEFAULT_DB_ALIAS].in_atomic_block else _read_alias.get()


@contextmanager
def read_from_replica() -> Iterator[None]:
    """Read what public pages show from the replica, until something is written."""
    token = _read_alias.set(REPLICA)
    try:
        yield
    finally:
        _read_alias.reset(token)


def read_from_primary() -> None:
    """Read from the primary for the rest of the request."""
    _read_alias.set(DEFAULT_DB_ALIAS)


class ReplicaRouter:
    """Route querysets. Sessions, users and whatever public pages don't show are always read from the primary."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return read_alias() if model._meta.app_label in REPLICATED_APPS else DEFAULT_DB_ALIAS

    def db_for_write(self, model: Any, **hints: Any) -> str:
        read_from_primary()  # so that the request reads what it wrote
        return DEFAULT_DB_ALIAS

    def allow_relation(self, *models: Any, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        return False if db == REPLICA else None
