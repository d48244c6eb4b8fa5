"""`manage.py import_articles PATH...`: take story documents and registry files in."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from tqdm import tqdm

from articles.audit_log.unit_of_work import Actor
from articles.exchange.files import sources
from articles.exchange.importing import OUTCOMES, REJECTED, UNPRUNED, WITHDRAWN, Outcome, run_import
from articles.exchange.report import Report
from articles.models import Via
from config.checks import CHECK_TAG
from config.command_signals import interrupt_on_sigterm


class Command(BaseCommand):
    requires_system_checks = [CHECK_TAG]
    help = (
        "Takes in story documents (.md, .markdown, .txt; registry files too), from files and whole directories. "
        "Unchanged ones cost nothing; a bad one is rejected with its place and reason, the others go in."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("paths", nargs="+", metavar="PATH", help="a file, or a directory with all below it")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, write nothing")
        parser.add_argument("--rescore", action="store_true", help="let the policy recompute the stories that change")
        parser.add_argument(
            "--prune", action="store_true", help="withdraw the articles whose documents are not among these files"
        )
        parser.add_argument("--report", metavar="FILE", help="write one JSON object a file to FILE (JSON Lines)")

    def handle(
        self, *args: Any, paths: list[str], dry_run: bool, rescore: bool, report: str | None, **options: Any
    ) -> None:
        self.verbosity = options["verbosity"]
        interrupt_on_sigterm()
        self.taken_in = self.total = 0
        with ExitStack() as stack:
            stack.enter_context(self._failures_told(report))
            self.total = sum(1 for _ in sources(paths))
            bar = stack.enter_context(
                tqdm(total=self.total, unit=" files", disable=self.verbosity == 0 or not sys.stderr.isatty())
            )
            lines = stack.enter_context(self._open_report(report)) if report else None

            def tell(outcome: Outcome) -> None:
                self.taken_in += 1
                bar.update()
                if lines:
                    lines.add(outcome)
                self._print(outcome)

            def notice(name: str, text: str) -> None:
                if lines:
                    lines.add_notice(name, text)
                if self.verbosity >= 2:
                    self._tell(self.stdout, f"{name}: {text}")

            counts = run_import(
                sources(paths),
                on_outcome=tell,
                on_wait=lambda: self.stderr.write("Another import is running; waiting for it to end."),
                dry_run=dry_run,
                on_notice=notice,
                rescore=rescore,
                prune=options["prune"],
                by=Actor(via=Via.COMMAND),
            )
        summary = ", ".join(f"{counts[outcome]} {outcome}" for outcome in OUTCOMES)
        if options["prune"]:
            self.stdout.write(pruned(counts, dry_run=dry_run))
        self.stdout.write(f"{sum(counts[outcome] for outcome in OUTCOMES)} files: {summary}")
        if counts[REJECTED]:
            sys.exit(1)

    @contextmanager
    def _failures_told(self, report: str | None) -> Iterator[None]:
        """Turn what the database, the disk or a signal ends into a CommandError that says what to do."""
        try:
            yield
        except DatabaseError as error:
            raise CommandError(
                f"The database failed: {error}\nReaders see nothing of this run. Mend the cause and run it again."
            ) from None
        except OSError as error:
            raise CommandError(f"{error.filename or report}: {error.strerror}. Mend that and run it again.") from None
        except KeyboardInterrupt:
            raise CommandError(
                f"Stopped after {self.taken_in} of {self.total} files. Readers see nothing of this run; "
                "run the same command again to complete it.",
                returncode=130,
            ) from None

    def _open_report(self, path: str) -> Report:
        try:
            return Report(path)
        except OSError as error:
            raise CommandError(f"{path}: the report can't be written: {error.strerror}") from None

    def _tell(self, stream: Any, text: str) -> None:
        with tqdm.external_write_mode(file=stream):  # the progress bar makes room
            stream.write(text)

    def _print(self, outcome: Outcome) -> None:
        for problem in outcome.problems:
            self._tell(self.stderr, str(problem))
        if self.verbosity >= 2:
            for warning in outcome.warnings:
                self._tell(self.stdout, f"{outcome.label}: {warning}")


def pruned(counts: Counter[str], *, dry_run: bool) -> str:
    """Return what became of the articles without documents."""
    if counts[UNPRUNED]:
        return "Nothing is withdrawn: what could not be read may be what is missing. Mend that and run it again."
    number = counts[WITHDRAWN]
    articles = "1 article" if number == 1 else f"{number} articles"
    return f"{articles} {'would be ' if dry_run else ''}withdrawn: no document of theirs is left"
