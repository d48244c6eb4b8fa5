"""Watches who writes what editors and documents decide: only an act of `acts.py` may, and the import's staging.

An act logs what it changes. A write past it would be in no history and could not be undone.
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

from articles.audit_log.unit_of_work import WRITTEN_FIELDS, is_in_unit_of_work

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("accounts", "articles", "backups", "config", "fetching", "monitoring", "pictures", "providers")
PROJECT = tuple(f"{ROOT / folder}/" for folder in PACKAGES)
MIGRATIONS = tuple(f"{ROOT / folder / 'migrations'}/" for folder in ("articles", "providers"))
STAGING = (str(ROOT / "articles" / "exchange" / "store.py"), "insert")  # readers don't see it until an act shows it

WRITE = re.compile(r'\s*(INSERT(?: OR \w+)? INTO|REPLACE INTO|UPDATE|DELETE FROM)\s+"?(\w+)"?(.*)', re.DOTALL)
SET = re.compile(r'"?(\w+)"?\s*=\s*')
# Columns whose change is a decision; None stands for all of the table's.
EDITORIAL: dict[str, frozenset[str] | None] = {
    "articles_article": frozenset(WRITTEN_FIELDS) | {"staged"},
    "articles_articletopic": None,
    "articles_articleimage": None,
    "articles_relatedlink": None,
    "articles_relatedimage": None,
    "articles_pairing": None,
}


def is_editorial(sql: str) -> bool:
    """Return whether a statement writes what editors and documents decide."""
    found = WRITE.match(sql)
    if found is None or found[2] not in EDITORIAL:
        return False
    columns = EDITORIAL[found[2]]
    if found[1] != "UPDATE" or columns is None:
        return True
    assigned = re.split(r"\sWHERE\s", found[3], maxsplit=1)[0]
    return not columns.isdisjoint(SET.findall(assigned))


RESTORING = f"{ROOT}/backups/"  # what it writes, with the log of it, acts once wrote
TOOL = f"{ROOT}/articles/db/bulk.py"  # it writes what its caller wants


def writer(frame: FrameType | None) -> str:
    """Return the innermost place of the project's own code from which a statement comes; empty for none or allowed."""
    place = ""
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith((*MIGRATIONS, RESTORING)) or (name, frame.f_code.co_name) == STAGING:
            return ""
        if not place and name.startswith(PROJECT) and name != TOOL:
            place = f"{name.removeprefix(f'{ROOT}/')}:{frame.f_lineno}"
        frame = frame.f_back
    return place


@contextmanager
def watch() -> Iterator[list[str]]:
    """Yield the writes of project code outside an act, as they come. Connections of other threads are watched too."""
    found: list[str] = []

    def look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not is_in_unit_of_work() and is_editorial(sql):
            place = writer(sys._getframe(1))
            if place:
                found.append(f"{place} writes outside an act: {sql[:200]}")
        return execute(sql, params, many, context)

    def join(sender: Any, connection: Any, **kwargs: Any) -> None:
        if look not in connection.execute_wrappers:
            connection.execute_wrappers.append(look)

    connection_created.connect(join)
    try:
        with connection.execute_wrapper(look):
            yield found
    finally:
        connection_created.disconnect(join)
