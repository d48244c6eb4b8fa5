"""The runs of `import_articles`, for the desk: what each did, and what it refused or warned of."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from articles.rules.limits import TITLE_MAX

from .operation import Operation, Via

KEPT = timedelta(days=90)
PATHS_MAX, LABEL_MAX, MESSAGE_MAX = 500, 500, 1000  # characters


class ImportRunQuerySet(models.QuerySet["ImportRun"]):
    def forget(self, now: datetime) -> None:
        """Delete the runs that are too old to matter."""
        self.filter(started_at__lt=now - KEPT).delete()

    def forget_idle_before(self, run: ImportRun) -> None:
        """Delete earlier runs over the same paths that changed and accepted nothing: a schedule keeps one of them."""
        unchanging = self.filter(operation=None, created=0, updated=0, withdrawn=0)
        idle = unchanging.filter(paths=run.paths, pk__lt=run.pk)
        accepting = ImportProblem.objects.filter(accepted_in=OuterRef("pk"))
        idle.exclude(ended_at=None).exclude(Exists(accepting)).delete()


class ImportRun(models.Model):
    """One run of an import. `ended_at` is empty while it runs, and for good if it was stopped."""

    started_at = models.DateTimeField(default=timezone.now, db_index=True)
    ended_at = models.DateTimeField(null=True)
    paths = models.CharField(max_length=PATHS_MAX)
    via = models.CharField(max_length=7, choices=Via)
    actor_name = models.CharField(max_length=150, blank=True)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    withdrawn = models.PositiveIntegerField(default=0)
    warnings = models.PositiveIntegerField(default=0)
    operation = models.ForeignKey(Operation, models.SET_NULL, null=True, related_name="import_runs")

    objects = ImportRunQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return gettext("import of %(paths)s") % {"paths": self.paths}

    @property
    def who(self) -> str:
        """Return the name of the person, or else the channel."""
        return self.actor_name or self.get_via_display()


class ImportProblemQuerySet(models.QuerySet["ImportProblem"]):
    def newest_of_files(self) -> Self:
        """Return what the last run that had a problem with each file said of it."""
        later = ImportProblem.objects.filter(label=OuterRef("label"), kind=OuterRef("kind"), run__gt=OuterRef("run"))
        return self.exclude(Exists(later))

    def open(self) -> Self:
        """Return the refusals of files that no later run accepted."""
        return self.newest_of_files().filter(kind=ImportProblem.Kind.REFUSED, accepted_in=None)


class ImportProblem(models.Model):
    """Why a run refused a file, or what it warned of. `line` counts from 1; 0 is the file as a whole."""

    class Kind(models.TextChoices):
        REFUSED = "refused", _("refused")
        WARNING = "warning", _("warning")

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="problems")
    kind = models.CharField(max_length=7, choices=Kind)
    label = models.CharField("file", max_length=LABEL_MAX, blank=True)
    name = models.CharField("article", max_length=TITLE_MAX, blank=True)
    line = models.PositiveIntegerField(default=0)
    message = models.CharField(max_length=MESSAGE_MAX)
    accepted_in = models.ForeignKey(
        ImportRun, models.SET_NULL, null=True, related_name="accepted", help_text="The later run that took the file."
    )

    objects = ImportProblemQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        indexes = (models.Index(fields=["label", "kind", "run"], name="import_problem_of_file"),)

    def __str__(self) -> str:
        return f"{self.label}: {self.message}"
