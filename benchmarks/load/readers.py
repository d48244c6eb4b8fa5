"""Simulate a hundred readers with wrk: each requests the next page as soon as it has the last."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).with_name("readers.lua")
PATIENCE = "20s"
# How many of the hundred request which kind of page.
READERS = {"front and latest": 25, "topics, outlets, days": 20, "stories": 25, "search": 5, "feeds": 8, "API": 8}
READERS["what they have (304)"] = 9
CONDITIONAL = "what they have (304)"


def paths_of(about: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the paths that readers of each kind request."""
    topics, outlets, stories = about["topics"], about["outlets"], about["stories"]
    words = [f"/search/?q={slug.replace('-', '+')}" for slug in topics]
    words += [f"/search/?q={name[11:].split('-')[0]}" for name in stories[:100]]
    return {
        "front and latest": ["/", "/", "/latest/"],
        "topics, outlets, days": [
            *(f"/topics/{slug}/" for slug in topics),
            *(f"/providers/{domain}/" for domain in outlets[:40]),
            *(f"/archive/{day.replace('-', '/')}/" for day in about["days"][-40:]),
            "/topics/",
            "/providers/",
        ],
        "stories": _popular([f"/news/{name}/" for name in stories]),
        "search": words,
        "feeds": [
            *["/feeds/latest.rss", "/feeds/latest.atom", "/feeds/latest.json"] * 4,
            *(f"/topics/{slug}/feed.rss" for slug in topics),
            *(f"/providers/{domain}/feed.atom" for domain in outlets[:20]),
            "/sitemap.xml",
            "/news-sitemap.xml",
        ],
        "API": [
            *["/api/news/index.json", "/api/changes"] * 10,
            *(f"/api/news/page/{page}/index.json" for page in range(1, 10)),
            *(f"/api/news/{name}/index.json" for name in stories[:60]),
        ],
        CONDITIONAL: ["/"],
    }


def _popular(paths: Sequence[str]) -> list[str]:
    """Return the paths, newest first, each as often as it is read: the first ten times as often as the fiftieth."""
    return [path for rank, path in enumerate(paths) for _ in range(max(1, 60 // (rank + 3)))]


@dataclass
class Responses:
    """Responses by kind, and how many took how many microseconds."""

    answers: Counter[str] = field(default_factory=Counter)
    took: Counter[int] = field(default_factory=Counter)

    def __iadd__(self, other: Responses) -> Responses:
        self.answers += other.answers
        self.took += other.took
        return self

    @property
    def requests(self) -> int:
        return sum(self.answers.values())

    def percentile(self, share: float) -> float:
        """Return the milliseconds within which that share of the requests was answered."""
        left = share * sum(self.took.values())
        for microseconds, count in sorted(self.took.items()):
            left -= count
            if left <= 0:
                return microseconds / 1000
        return float("nan")


class Readers:
    """All readers, one wrk process per kind."""

    def __init__(self, folder: Path, url: str, paths: Mapping[str, Sequence[str]]) -> None:
        self.folder = folder
        self.url = url
        for number, kind in enumerate(READERS):
            (folder / f"paths{number}").write_text("\n".join(paths[kind]) + "\n")

    def read(self, seconds: float) -> dict[str, Responses]:
        """Return the responses to each kind of readers in so many seconds."""
        processes = [self._start(number, kind, round(seconds)) for number, kind in enumerate(READERS)]
        for process in processes:
            process.wait(timeout=seconds + 60)
        return {kind: self._responses(number) for number, kind in enumerate(READERS)}

    def _start(self, number: int, kind: str, seconds: int) -> subprocess.Popen[bytes]:
        self._file(number).unlink(missing_ok=True)
        environment = os.environ | {
            "LOAD_PATHS": str(self.folder / f"paths{number}"),
            "LOAD_RESULTS": str(self._file(number)),
            "LOAD_CONDITIONAL": "1" if kind == CONDITIONAL else "",
        }
        options = ["-t1", f"-c{READERS[kind]}", f"-d{seconds}s", "--timeout", PATIENCE, "-s", str(SCRIPT)]
        return subprocess.Popen(["wrk", *options, self.url], env=environment, stdout=subprocess.DEVNULL)

    def _file(self, number: int) -> Path:
        return self.folder / f"results{number}"

    def _responses(self, number: int) -> Responses:
        responses = Responses()
        for line in self._file(number).read_text().splitlines():
            name, *numbers = line.split()
            if name == "took":
                responses.took[int(float(numbers[0]))] += int(numbers[1])
            else:
                responses.answers[name] += int(numbers[0])
        return responses
