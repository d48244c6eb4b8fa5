"""Find writes of editorial data outside a unit of work; only the import's staging may write so.

A unit of work logs what it changes. Any other write would be in no history and could not be undone.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from django.db import connection
from django.db.backends.signals import connection_created

from articles.audit_log.unit_of_work import WRITTEN_FIELDS, UnitOfWork

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = (
    "accounts",
    "articles",
    "backups",
    "config",
    "fetching",
    "monitoring",
    "pictures",
    "providers",
    "sandbox",
    "sources",
)
PROJECT = tuple(f"{ROOT / folder}/" for folder in PACKAGES)
MIGRATIONS = tuple(f"{ROOT / folder / 'migrations'}/" for folder in ("articles", "providers"))
STAGING = (
    str(ROOT / "articles" / "exchange" / "store.py"),
    "insert",
)  # hidden from readers until a unit of work publishes it

WRITE = re.compile(r'\s*(INSERT(?: OR \w+)? INTO|REPLACE INTO|UPDATE|DELETE FROM)\s+"?(\w+)"?(.*)', re.DOTALL)
SET = re.compile(r'"?(\w+)"?\s*=\s*')
# Editorial columns by table; None stands for all columns.
EDITORIAL: dict[str, frozenset[str] | None] = {
    "articles_article": frozenset(WRITTEN_FIELDS) | {"staged"},
    "articles_articletopic": None,
    "articles_articleimage": None,
    "articles_relatedlink": None,
    "articles_relatedimage": None,
    "articles_pairing": None,
}


def is_editorial(sql: str) -> bool:
    """Return whether a statement writes editorial data."""
    write = WRITE.match(sql)
    if write is None or write[2] not in EDITORIAL:
        return False
    columns = EDITORIAL[write[2]]
    if write[1] != "UPDATE" or columns is None:
        return True
    assigned = re.split(r"\sWHERE\s", write[3], maxsplit=1)[0]
    return not columns.isdisjoint(SET.findall(assigned))


RESTORING = f"{ROOT}/backups/"  # a backup has the log too
TOOL = f"{ROOT}/articles/db/bulk.py"  # its callers count


def writer(frame: FrameType | None) -> str:
    """Return the innermost line of the project's code that runs a statement; empty if there is none or it may."""
    place = ""
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith((*MIGRATIONS, RESTORING)) or (name, frame.f_code.co_name) == STAGING:
            return ""
        if not place and name.startswith(PROJECT) and name != TOOL:
            place = f"{name.removeprefix(f'{ROOT}/')}:{frame.f_lineno}"
        frame = frame.f_back
    return place


def is_in_unit_of_work() -> bool:
    try:
        UnitOfWork.current()
    except LookupError:
        return False
    return True


@contextmanager
def record_unlogged_writes() -> Iterator[list[str]]:
    """Yield a list that collects the project's writes outside units of work, on the connections of all threads."""
    writes: list[str] = []

    def check(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not is_in_unit_of_work() and is_editorial(sql):
            place = writer(sys._getframe(1))
            if place:
                writes.append(f"{place} writes outside a unit of work: {sql[:200]}")
        return execute(sql, params, many, context)

    def add_check(sender: Any, connection: Any, **kwargs: Any) -> None:
        if check not in connection.execute_wrappers:
            connection.execute_wrappers.append(check)

    connection_created.connect(add_check)
    try:
        with connection.execute_wrapper(check):
            yield writes
    finally:
        connection_created.disconnect(add_check)
