"""The report of an import: JSON Lines, one object a file."""

from __future__ import annotations

import json
from types import TracebackType

from .importing import Outcome


class Report:
    """Writes outcomes to a file as they come. Raises OSError if the file can't be written."""

    def __init__(self, path: str) -> None:
        self.file = open(path, "w", encoding="utf-8")  # noqa: SIM115  closed by __exit__

    def __enter__(self) -> Report:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()

    def add(self, outcome: Outcome) -> None:
        line = {
            "path": outcome.label,
            "slug": outcome.name,
            "outcome": outcome.outcome,
            "changed": outcome.changed,
            "errors": [{"line": problem.line, "message": problem.message} for problem in outcome.problems],
            "warnings": outcome.warnings,
        }
        self.file.write(json.dumps(line, ensure_ascii=False) + "\n")
