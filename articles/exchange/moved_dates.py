"""Copies of documents with other dates, so that an old edition can be shown as today's."""

from __future__ import annotations

import re
import shutil
from datetime import date, timedelta
from pathlib import Path

DATED_NAME = re.compile(r"(\d{4}-\d\d-\d\d)(-.+)\.md")
PUBLICATION_TIME = re.compile(r"^([ -]*publishedDateTime: *\"?)(\d{4}-\d\d-\d\d)(.*)$", re.MULTILINE)


def newest_document(folder: Path, last: date) -> Path:
    """Return the document with the latest date in its name up to `last`. Raises ValueError if there is none."""
    named = {path: DATED_NAME.fullmatch(path.name) for path in folder.glob("*.md")}
    return max(
        (path for path, name in named.items() if name and date.fromisoformat(name[1]) <= last),
        key=lambda path: path.name,
    )


def copy_with_moved_dates(folder: Path, copy: Path, days: int, last: date) -> None:
    """Copy the folder to `copy`, with the dates in the names and publication times of its documents moved by `days`.

    Dates after `last` become `last` first. URLs and texts keep their dates.
    """
    shutil.copytree(folder, copy)
    for path in sorted(copy.rglob("*.md")):
        if parts := DATED_NAME.fullmatch(path.name):
            text = PUBLICATION_TIME.sub(
                lambda line: f"{line[1]}{moved(line[2], days, last)}{line[3]}", path.read_text()
            )
            path.unlink()
            path.with_name(f"{moved(parts[1], days, last)}{parts[2]}.md").write_text(text)


def moved(day: str, days: int, last: date) -> str:
    """Return the ISO date `days` after the day, or after `last` if that is earlier."""
    return (min(date.fromisoformat(day), last) + timedelta(days)).isoformat()
