"""The report of an import: JSON Lines, one object a file."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from types import TracebackType
from typing import Any

from .importing import Outcome


class Report:
    """Writes outcomes to a file as they come. Raises OSError if the file can't be written."""

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

    def add(self, outcome: Outcome) -> None:
        problems = [{"line": problem.line, "message": problem.message} for problem in outcome.problems]
        line = {
            "path": outcome.label,
            "slug": outcome.name,
            "outcome": outcome.outcome,
            "changed": outcome.changed,
            "errors": problems,
            "warnings": outcome.warnings,
        }
        self.file.write(_line(line))

    def add_notice(self, name: str, notice: str) -> None:
        """Add a warning to the line of the article `name`, whether that is written already or not."""
        self.notices[name].append(notice)

    def _add_notices(self) -> None:
        """Write the file again, line by line, with what became known at the end; an article without a file gets one."""
        part = f"{self.path}.part"
        with open(self.path, encoding="utf-8") as before, open(part, "w", encoding="utf-8") as after:
            for text in before:
                line = json.loads(text)
                if line["outcome"] != "rejected":
                    line["warnings"] += self.notices.pop(line["slug"], [])
                after.write(_line(line))
            for name, warnings in self.notices.items():
                empty: dict[str, Any] = {
                    "path": None,
                    "slug": name,
                    "outcome": "withdrawn",
                    "changed": [],
                    "errors": [],
                }
                after.write(_line(empty | {"warnings": warnings}))
        os.replace(part, self.path)


def _line(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False) + "\n"
