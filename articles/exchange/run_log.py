"""Keep what an import did for the desk: its counts, the files that it refused and why, and its warnings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from types import TracebackType
from typing import Self

from django.db import DatabaseError
from django.utils import timezone

from articles.audit_log.unit_of_work import Actor
from articles.models import ImportProblem, ImportRun, Operation
from articles.models.import_run import LABEL_MAX, MESSAGE_MAX, PATHS_MAX
from articles.rules.limits import TITLE_MAX

from .files import printable
from .outcomes import REJECTED, FileResult

KEPT_MAX = 1000  # refusals, and as many warnings, of a run; all are counted
CHUNK = 200

Kind = ImportProblem.Kind


class RunLog:
    """The run of an import in the database, from its first file on: a run that is stopped is there too.

    Used as a context manager around the import; `finish` ends it well. It writes only while the import has its lock.
    """

    def __init__(self, paths: Sequence[str], by: Actor) -> None:
        self._paths = ", ".join(map(printable, paths))[:PATHS_MAX]
        self._by = by
        self._kept: Counter[str] = Counter()
        self._problems: list[ImportProblem] = []
        self._warnings = 0
        self._accepted: set[str] = set()

    def __enter__(self) -> Self:
        return self

    @cached_property
    def run(self) -> ImportRun:
        """The run, stored when it is first asked for."""
        user = self._by.user
        return ImportRun.objects.create(
            paths=self._paths, via=self._by.via, actor_name=user.get_username() if user else ""
        )

    @cached_property
    def _refused(self) -> set[str]:
        """The files that earlier runs refused."""
        refused = ImportProblem.objects.filter(kind=Kind.REFUSED, accepted_in=None, run__lt=self.run)
        return set(refused.order_by().values_list("label", flat=True))

    def add(self, result: FileResult) -> None:
        """Keep why a file was refused, or its warnings."""
        label = result.label[:LABEL_MAX]
        if result.outcome == REJECTED:
            for problem in result.problems:
                self._keep(Kind.REFUSED, label=label, line=problem.line, message=problem.message)
        elif label in self._refused:
            self._accepted.add(label)
        for warning in result.warnings:
            self._warnings += 1
            self._keep(Kind.WARNING, label=label, name=result.name[:TITLE_MAX], message=warning)

    def add_notice(self, name: str, notice: str) -> None:
        """Keep a warning of an article that the import knew of only at its end."""
        self._warnings += 1
        self._keep(Kind.WARNING, name=name[:TITLE_MAX], message=notice)

    def finish(self, counts: Counter[str], operation: Operation | None) -> None:
        """Store the end of the run, and mark the files that earlier runs refused and this one accepted."""
        self._store()
        run = self.run
        ImportRun.objects.forget(run.started_at)
        for name in ("created", "updated", "unchanged", "rejected", "withdrawn"):
            setattr(run, name, counts[name])
        run.warnings, run.operation, run.ended_at = self._warnings, operation, timezone.now()
        run.save()
        earlier = ImportProblem.objects.filter(kind=Kind.REFUSED, accepted_in=None, run__lt=run)
        labels = sorted(self._accepted)
        for start in range(0, len(labels), CHUNK):
            earlier.filter(label__in=labels[start : start + CHUNK]).update(accepted_in=run)
        ImportRun.objects.forget_idle_before(run)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is not None:
            with suppress(DatabaseError):  # the import's own error is the one to report
                self._store()

    def _keep(self, kind: Kind, *, message: str, label: str = "", name: str = "", line: int = 0) -> None:
        self._kept[kind] += 1
        if self._kept[kind] <= KEPT_MAX:
            text = message.replace("\0", "�")[:MESSAGE_MAX]
            self._problems.append(
                ImportProblem(run=self.run, kind=kind, label=label, name=name, line=line, message=text)
            )

    def _store(self) -> None:
        ImportProblem.objects.bulk_create(self._problems, batch_size=CHUNK)
        self._problems.clear()
