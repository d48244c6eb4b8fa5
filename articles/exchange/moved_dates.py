"""Copies of documents with other dates, so that an old edition can be shown as today's."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

DATED_NAME = re.compile(r"(\d{4}-\d\d-\d\d)(-.+)\.md")
PUBLICATION_TIME = re.compile(r"^([ -]*publishedDateTime: *\"?)(\d{4}-\d\d-\d\d)(.*)$", re.MULTILINE)


def newest_document(folder: Path) -> Path:
    """Return the document with the latest date in its name. Raises ValueError if the folder has no dated document."""
    return max((path for path in folder.glob("*.md") if DATED_NAME.fullmatch(path.name)), key=lambda path: path.name)


def days_to(document: Path, now: datetime) -> int:
    """Return by how many days the document can be moved so that it is as new as possible, but not from the future."""
    found = PUBLICATION_TIME.search(document.read_text())
    published = datetime.fromisoformat(f"{found[2]}{found[3]}".strip('"')) if found else now
    return (now - (published if published.tzinfo else published.replace(tzinfo=UTC))).days


def copy_with_moved_dates(folder: Path, copy: Path, days: int) -> None:
    """Copy the folder to `copy`, with the dates in the names and publication times of its documents moved by `days`.

    URLs and texts keep their dates.
    """
    shutil.copytree(folder, copy)
    for path in sorted(copy.rglob("*.md")):
        if parts := DATED_NAME.fullmatch(path.name):
            text = PUBLICATION_TIME.sub(lambda line: f"{line[1]}{moved(line[2], days)}{line[3]}", path.read_text())
            path.unlink()
            path.with_name(f"{moved(parts[1], days)}{parts[2]}.md").write_text(text)


def moved(day: str, days: int) -> str:
    """Return the ISO date `days` later."""
    return (date.fromisoformat(day) + timedelta(days)).isoformat()
