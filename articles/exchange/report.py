"""Write the report of an import: JSON Lines, one object for each file."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from types import TracebackType
from typing import Any

from .importing import REJECTED, WITHDRAWN, FileResult


class Report:
    """Writes results to a file as they come. Raises OSError if the file can't be written."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.notices: dict[str, list[str]] = defaultdict(list)
        self.file = open(path, "w", encoding="utf-8")  # noqa: SIM115  closed by __exit__

    def __enter__(self) -> Report:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()
        if self.notices and error is None:
            self._add_notices()

    def add(self, result: FileResult) -> None:
        problems = [{"line": problem.line, "message": problem.message} for problem in result.problems]
        self.file.write(
            _line(result.label, result.name, result.outcome, result.changed, problems, warnings=result.warnings)
        )

    def add_notice(self, name: str, notice: str) -> None:
        """Add a warning to the line of the article `name`, whether that is written already or not."""
        self.notices[name].append(notice)

    def _add_notices(self) -> None:
        """Write the file again with the notices; an article without a file gets a line of its own."""
        part = f"{self.path}.part"
        with open(self.path, encoding="utf-8") as before, open(part, "w", encoding="utf-8") as after:
            for text in before:
                line = json.loads(text)
                if line["outcome"] != REJECTED:
                    line["warnings"] += self.notices.pop(line["slug"], [])
                after.write(_dumps(line))
            for name, warnings in self.notices.items():
                after.write(_line(None, name, WITHDRAWN, [], [], warnings=warnings))
        os.replace(part, self.path)


def _line(
    path: str | None, slug: str, outcome: str, changed: list[str], errors: list[Any], *, warnings: list[str]
) -> str:
    values = {"path": path, "slug": slug, "outcome": outcome, "changed": changed, "errors": errors}
    return _dumps(values | {"warnings": warnings})


def _dumps(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False) + "\n"
