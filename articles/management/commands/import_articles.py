"""`manage.py import_articles PATH...`: import story documents and registry files."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from articles.audit_log.unit_of_work import Actor
from articles.exchange.files import sources
from articles.exchange.importing import run_import
from articles.exchange.outcomes import (
    OUTCOMES,
    PRUNE_SKIPPED,
    PRUNE_WITHOUT_DOCUMENTS,
    REJECTED,
    SUGGESTED,
    WITHDRAWN,
    FileResult,
)
from articles.exchange.report import Report
from articles.exchange.run_log import RunLog
from articles.models import Article, Via
from config.checks import CHECK_TAG
from config.command_arguments import file_path
from config.command_errors import as_command_errors

from .suggest_stories import work_out

LEADS_NAMED_MAX = 5  # of those that were withdrawn, in the last lines of a run


class Command(BaseCommand):
    requires_system_checks = (CHECK_TAG,)
    help = (
        "Imports story documents (.md, .markdown, .txt; registry files too), from files and whole directories. "
        "Unchanged ones cost nothing; an invalid one is rejected with file, line and reason; the others are imported."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("paths", nargs="+", metavar="PATH", help="a file, or a directory with all below it")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, write nothing")
        parser.add_argument("--rescore", action="store_true", help="let the policy recompute the stories that change")
        parser.add_argument(
            "--suggest", action="store_true", help="give unscored documents the quality that the policy suggests"
        )
        parser.add_argument(
            "--prune", action="store_true", help="withdraw the articles whose documents are not among these files"
        )
        parser.add_argument(
            "--report", type=file_path, metavar="FILE", help="write one JSON object per file to FILE (JSON Lines)"
        )

    def handle(
        self,
        *args: Any,
        paths: list[str],
        dry_run: bool,
        rescore: bool,
        suggest: bool,
        prune: bool,
        report: Path | None,
        **options: Any,
    ) -> None:
        self.verbosity = options["verbosity"]
        self.done = self.total = 0
        self.logs: list[Report | RunLog] = []
        with ExitStack() as stack:
            stack.enter_context(as_command_errors(report or "The report", self._progress))
            self.total = sum(1 for _ in sources(paths))
            quiet = self.verbosity == 0 or not sys.stderr.isatty()
            self.bar = stack.enter_context(tqdm(total=self.total, unit=" files", disable=quiet))
            if report:
                self.logs.append(stack.enter_context(_open_report(report)))
            by = Actor(via=Via.COMMAND)
            run_log = RunLog(paths, by)
            if not dry_run:
                self.logs.append(stack.enter_context(run_log))
            counts = run_import(
                sources(paths),
                on_result=self._add_result,
                on_wait=lambda: self.stderr.write("Another import is running; waiting for it to end."),
                on_notice=self._add_notice,
                on_end=run_log.finish,
                dry_run=dry_run,
                rescore=rescore,
                suggest=suggest,
                prune=prune,
                by=by,
            )
        if suggest and not dry_run:
            number = counts[SUGGESTED]
            self.stdout.write(f"{number} unscored article{'' if number == 1 else 's'} took the suggested quality")
        if prune:
            self.stdout.write(prune_summary(counts, dry_run=dry_run))
        if not dry_run and (number := Article.objects.folded_without_lead().count()):
            self.stdout.write(folded_summary(number, _withdrawn_leads()))
        if not dry_run:
            with as_command_errors("The database", "The documents are imported; `suggest_stories` does the rest."):
                work_out(self.stdout.write, verbosity=self.verbosity)
        summary = ", ".join(f"{counts[outcome]} {outcome}" for outcome in OUTCOMES)
        self.stdout.write(f"{sum(counts[outcome] for outcome in OUTCOMES)} files: {summary}")
        if counts[REJECTED]:
            sys.exit(1)

    def _add_result(self, result: FileResult) -> None:
        self.done += 1
        self.bar.update()
        for log in self.logs:
            log.add(result)
        for problem in result.problems:
            self._print(self.stderr, str(problem))
        if self.verbosity >= 2:
            for warning in result.warnings:
                self._print(self.stdout, f"{result.label}: {warning}")

    def _add_notice(self, name: str, notice: str) -> None:
        for log in self.logs:
            log.add_notice(name, notice)
        if self.verbosity >= 2:
            self._print(self.stdout, f"{name}: {notice}")

    def _print(self, stream: Any, text: str) -> None:
        with tqdm.external_write_mode(file=stream):  # the progress bar makes room
            stream.write(text)

    def _progress(self) -> str:
        return (
            f"{self.done} of {self.total} files were read. Readers see nothing of this run; "
            "run the same command again to complete it."
        )


def _open_report(path: Path) -> Report:
    try:
        return Report(path)
    except OSError as error:
        raise CommandError(f"{path}: the report can't be written: {error.strerror}") from None


def _withdrawn_leads() -> list[str]:
    """Return the names of withdrawn articles that others are folded under, the last ones first."""
    leads = Article.objects.folded_without_lead().filter(lead__isnull=False).order_by().values("lead")
    return list(Article.objects.filter(pk__in=leads).order_by("-changed_at", "name").values_list("name", flat=True))


def folded_summary(number: int, withdrawn: Sequence[str]) -> str:
    """Return how many folded articles of the newsroom no lead shows, and which leads were withdrawn, in words."""
    start = "1 folded article has" if number == 1 else f"{number} folded articles have"
    start += " no lead here"
    if withdrawn:
        more = len(withdrawn) - LEADS_NAMED_MAX
        names = ", ".join(withdrawn[:LEADS_NAMED_MAX]) + (f" and {more} more" if more > 0 else "")
        start += f", or one that was withdrawn ({names})"
    return f"{start}, so readers don't see {'it' if number == 1 else 'them'}: see “Folded, no lead” at the desk."


def prune_summary(counts: Counter[str], *, dry_run: bool) -> str:
    """Return what happened to the articles without documents, in words."""
    if counts[PRUNE_SKIPPED]:
        return (
            "Nothing is withdrawn: the unreadable files may include the missing documents. Fix them and run it again."
        )
    if counts[PRUNE_WITHOUT_DOCUMENTS]:
        return "Nothing is withdrawn: none of these files is a document that could be read. Check the paths."
    number = counts[WITHDRAWN]
    articles, why = ("1 article", "its document is") if number == 1 else (f"{number} articles", "their documents are")
    return f"{articles} {'would be ' if dry_run else ''}withdrawn: {why} missing"
