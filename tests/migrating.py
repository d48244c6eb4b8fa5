"""Migrate the test database there and back, for tests of one migration with rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command


def migrate(target: str = "") -> None:
    """Migrate the articles to `target`, or to the latest state."""
    call_command("migrate", "articles", *([target] if target else []), verbosity=0)


@contextmanager
def latest_state_afterwards() -> Iterator[None]:
    """Bring the database back to the latest state for the tests that follow, whatever happens."""
    try:
        yield
    finally:
        call_command("migrate", verbosity=0)  # other apps depend on the articles and went back with them
