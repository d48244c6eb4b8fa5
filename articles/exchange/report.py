"""Write the report of an import: JSON Lines, one object for each file."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

from .outcomes import REJECTED, WITHDRAWN, FileResult


class Report:
    """Collects results and writes them at the end, also of a run that is stopped.

    Raises OSError at once if the file can't be written.
    """

    def __init__(self, path: Path) -> None:
        self.results: list[FileResult] = []
        self.notices: dict[str, list[str]] = defaultdict(list)
        self.file = open(path, "w", encoding="utf-8")  # noqa: SIM115  closed by __exit__

    def __enter__(self) -> Report:
        return self

    def __exit__(self, *error: object) -> None:
        with self.file:
            for result in self.results:
                notices = [] if result.outcome == REJECTED else self.notices.pop(result.name, [])
                self._write(result.label, result, result.warnings + notices)
            for name, warnings in self.notices.items():  # an article without a file gets its own line
                self._write(None, FileResult("", WITHDRAWN, name), warnings)

    def add(self, result: FileResult) -> None:
        self.results.append(result)

    def add_notice(self, name: str, notice: str) -> None:
        """Add a warning to the line of the article `name`."""
        self.notices[name].append(notice)

    def _write(self, path: str | None, result: FileResult, warnings: list[str]) -> None:
        values = {
            "path": path,
            "slug": result.name,
            "outcome": result.outcome,
            "changed": result.changed,
            "errors": [{"line": problem.line, "message": problem.message} for problem in result.problems],
            "warnings": warnings,
        }
        self.file.write(json.dumps(values, ensure_ascii=False) + "\n")
