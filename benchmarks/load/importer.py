"""Run imports one after another, with some changed documents in each."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from articles.exchange.format.document import Document
from articles.exchange.format.write import document_text
from articles.rules.scoring import Policy
from benchmarks.generator.articles import documents
from benchmarks.load.site import Site

DOCUMENTS, CHANGED = 500, 25
PAUSE_SECONDS = 2.0
UNTIL = datetime(2016, 1, 1, tzinfo=UTC)  # before the newsroom's own ten years: no name comes twice


@dataclass(frozen=True)
class Run:
    begun: float
    ended: float
    code: int
    last_line: str


class Importer(threading.Thread):
    def __init__(self, folder: Path, site: Site) -> None:
        super().__init__(daemon=True)
        self.site = site
        self.stopped = threading.Event()
        self.runs: list[Run] = []
        self.folder = folder / "documents"
        self.folder.mkdir()
        stories = documents(DOCUMENTS, seed=2, policy=Policy(), until=UNTIL)
        self.documents = [document for story in stories for document in story]
        for document in self.documents:
            self._write(document)

    def run(self) -> None:
        number = 0
        while not self.stopped.is_set():
            self.runs.append(self.run_once())
            self.stopped.wait(PAUSE_SECONDS)
            for document in self.documents[number % DOCUMENTS :][:CHANGED]:
                document.excerpt = f"{document.excerpt.partition(' As of')[0]} As of run {number}."
                self._write(document)
            number += CHANGED

    def run_once(self) -> Run:
        begun = time.time()
        done = self.site.run("manage.py", "import_articles", str(self.folder))
        last = (done.stdout.strip() or done.stderr.strip() or "nothing").splitlines()[-1]
        return Run(begun, time.time(), done.returncode, last)

    def stop(self) -> None:
        self.stopped.set()
        self.join(timeout=120)

    def _write(self, document: Document) -> None:
        (self.folder / f"{document.name}.md").write_text(document_text(document))
