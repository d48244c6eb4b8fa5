"""How rows are read for readers: those that many pages of one state ask for once in a process, all others each time.

The menu, the tree of topics and the newest stories of a topic stand on hundreds of pages. After a change each of these
is made anew, or what it was made of is asked again (`grounds.py`): they would be read hundreds of times. What is read
under the stamp of a state is as right for another page of that state as a kept page is (`caching.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import connections

from .routing import reading

Rows = list[tuple[Any, ...]]
Witness = Callable[[str, Sequence[Any], Hashable, Rows], None]

SHARED_MAX = 1000  # statements of a state whose rows a process keeps
_state: ContextVar[str] = ContextVar("state", default="")
_witness: ContextVar[Witness | None] = ContextVar("witness", default=None)
_is_shared: ContextVar[bool] = ContextVar("is_shared", default=False)
_latest: tuple[str, dict[Hashable, Rows]] = ("", {})


def in_state(key: str) -> AbstractContextManager[None]:
    """Share rows with all that is read under the stamp `key`."""
    return _during(_state, key)


def told_to(witness: Witness) -> AbstractContextManager[None]:
    """Tell `witness` of rows that are shared, where they were read before too: statement, parameters, name, rows."""
    return _during(_witness, witness)


def shared(sql: str, params: Sequence[Any], name: Hashable) -> Rows:
    """Return the rows of a statement that is the same for everybody who gives it this name, in this state."""
    known = _known_in(_state.get())
    rows = known.get(name)
    if rows is None:
        with _during(_is_shared, True):
            rows = asked(sql, params)
        if len(known) < SHARED_MAX:
            known[name] = rows
    if witness := _witness.get():
        witness(sql, params, name, rows)
    return rows


def is_shared() -> bool:
    """Return whether what this thread asks right now is asked for others too."""
    return _is_shared.get()


def asked(sql: str, params: Sequence[Any]) -> Rows:
    """Return the rows of a statement, read now."""
    with asking(reading()) as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def asking(alias: str) -> Any:
    """Return a cursor for statements that are asked again and again: PostgreSQL keeps their plans."""
    chosen = connections[alias]
    return chosen.prepared() if hasattr(chosen, "prepared") else chosen.cursor()


@contextmanager
def _during(variable: ContextVar[Any], value: Any) -> Iterator[None]:
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)


def _known_in(state: str) -> dict[Hashable, Rows]:
    """Return what is known of a state; of the one before nothing is kept, and without a state nothing is known."""
    global _latest
    if not state:
        return {}
    if _latest[0] != state:
        _latest = (state, {})
    return _latest[1]
