"""What imports did: each run with its counts, what it refused and warned of, and the files that are refused still."""

from __future__ import annotations

from collections.abc import Iterable
from os.path import commonprefix
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from articles.models import ImportProblem, ImportRun

from .history_views import VIEW_PERMISSION
from .undo_confirmation import undo_context
from .view_helpers import DeskRequest, desk_view, parse_id, render_admin

RUNS_PER_PAGE, PROBLEMS_PER_PAGE = 50, 100
PATH_SEPARATOR = ", "  # of the paths of a run
Kind = ImportProblem.Kind


@require_safe
@desk_view(VIEW_PERMISSION)
def import_runs(request: DeskRequest) -> HttpResponseBase:
    """List the runs, newest first."""
    page = _page(request, ImportRun.objects.select_related("operation"), RUNS_PER_PAGE)
    context = {
        "title": _("Imports"),
        "page": page,
        "folder": common_folder(path for run in page for path in run.paths.split(PATH_SEPARATOR)),
        "open_problems": ImportProblem.objects.open().count(),
    }
    return render_admin(request, "desk/import_runs.html", context)


@require_safe
@desk_view(VIEW_PERMISSION)
def import_run(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Show one run with what it refused and warned of, and let its operation be undone."""
    run = get_object_or_404(ImportRun.objects.select_related("operation"), pk=pk)
    kept = run.problems.aggregate(
        refused=Count("label", distinct=True, filter=Q(kind=Kind.REFUSED)),
        warnings=Count("pk", filter=Q(kind=Kind.WARNING)),
    )
    page = _page(request, run.problems.select_related("accepted_in"), PROBLEMS_PER_PAGE)
    context = {
        "title": _("Import %(pk)s") % {"pk": run.pk},
        "run": run,
        "page": page,
        "folder": common_folder(problem.label for problem in page),
        "kept": kept,
        "not_kept": max(run.rejected - kept["refused"], 0) + max(run.warnings - kept["warnings"], 0),
    }
    if run.operation:
        context |= undo_context(request.user, run.operation)
    return render_admin(request, "desk/import_run.html", context)


@require_safe
@desk_view(VIEW_PERMISSION)
def import_problems(request: DeskRequest) -> HttpResponseBase:
    """List the files that imports refused, newest first: those that are refused still, or all."""
    with_accepted = "all" in request.GET
    newest = ImportProblem.objects.newest_of_files().filter(kind=Kind.REFUSED)
    problems = newest if with_accepted else ImportProblem.objects.open()
    shown = problems.select_related("run", "accepted_in").order_by("-run", "pk")
    page = _page(request, shown, PROBLEMS_PER_PAGE)
    context = {
        "title": _("Import problems"),
        "page": page,
        "folder": common_folder(problem.label for problem in page),
        "with_accepted": with_accepted,
    }
    return render_admin(request, "desk/import_problems.html", context)


def common_folder(paths: Iterable[str]) -> str:
    """Return the folder that all these files and folders are in, with a slash at its end; empty if there is none."""
    prefix = commonprefix([path[: path.rstrip("/").rfind("/") + 1] for path in paths if path])
    folder = prefix[: prefix.rfind("/") + 1]
    return folder if folder != "/" else ""


def _page(request: DeskRequest, rows: QuerySet[ImportRun] | QuerySet[ImportProblem], size: int) -> Page[Any]:
    return Paginator(rows, size).get_page(parse_id(request.GET.get("page", "")) or 1)
