"""The history: what was done on the whole site or to one article or outlet, undoing it, and restoring fields."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from articles import operations
from articles.models import Article, Event, Operation, Subject, Verb
from articles.operations.results import (
    ActionError,
    ActionResult,
    ChecksFailedError,
    reader_changes,
    succession_sentences,
)
from articles.operations.undo_rights import UndoRefusedError
from articles.public.dates import start_of_day
from providers.models import Provider
from website.models import SiteLook, SitePage

from . import restore_field
from .event_text import SubjectKey, describe_operation, label_of, reason_text
from .history_forms import HistoryFilter
from .history_queries import PAGE_SIZE, HistoryEntry, changes_by_subject, direct_numbers, recent_operations, timeline
from .history_runs import group_runs
from .text_search import contains_words, notes_changed
from .undo_confirmation import CONFIRM_ABOVE, undo_confirmation_page, undo_context
from .undo_text import describe_not_restored, describe_nothing, describe_undo
from .view_helpers import DeskRequest, actor, desk_view, parse_id, render_admin, safe_next_url, sent_reason

VIEW_PERMISSION = "articles.view_operation"
READER_CHANGES_MAX = 5  # articles that appeared or disappeared, in one response

# The rows with a history of their own.
ROWS: dict[Subject, QuerySet[Any]] = {
    Subject.ARTICLE: Article.objects.only("title", "version"),
    Subject.PROVIDER: Provider.objects.all(),
    Subject.PAGE: SitePage.objects.all(),
    Subject.LOOK: SiteLook.objects.all(),
}

_ROW = re.compile(rf"({'|'.join(Subject.values)})-([0-9]{{1,18}})", re.ASCII)


@require_GET
@desk_view(VIEW_PERMISSION)
def history(request: DeskRequest) -> HttpResponse:
    """Show what was done on the whole site, newest first."""
    form = HistoryFilter(request.GET)
    form.is_valid()
    before = parse_id(request.GET.get("before", ""))
    matching = _filtered_operations(form.cleaned_data)
    if before:
        matching = matching.filter(pk__lt=before)
    entries, older = _paginate(recent_operations(matching, PAGE_SIZE + 1))
    context = {
        "title": _("History"),
        "form": form,
        "entries": entries,
        "runs": group_runs(entries),
        "older": older,
        "before": before,
        "is_filtered": any(request.GET.get(name) for name in form.fields),
    }
    return render_admin(request, "desk/history.html", context)


@require_GET
@desk_view(VIEW_PERMISSION)
def operation(request: DeskRequest, pk: int) -> HttpResponse:
    """Show one operation with all its changes, row by row."""
    return _operation_page(request, get_object_or_404(Operation, pk=pk))


def _operation_page(request: DeskRequest, shown: Operation, status: int = 200) -> HttpResponse:
    after = _parse_subject_key(request.GET.get("after", ""))
    rows, following = changes_by_subject(shown, after)
    context = {
        "title": _("Operation %(pk)s") % {"pk": shown.pk},
        "summary": describe_operation(shown, rows[0].subject if rows else "", direct_numbers([shown]).get(shown.pk, 0)),
        "reason": reason_text(_spike_reason(shown), shown.reason),
        "rows": rows,
        "after": after,
        "following": "-".join(map(str, following)) if following else "",
    }
    return render_admin(request, "desk/operation.html", undo_context(request.user, shown) | context, status=status)


def _spike_reason(operation: Operation) -> str:
    """Return why an operation spiked its stories; empty if it did something else."""
    if operation.verb != Verb.SPIKE:
        return ""
    event = operation.events.filter(field="spike_reason", derived=False).order_by("pk").first()
    return str(event.after or "") if event else ""


@require_POST
@desk_view(VIEW_PERMISSION)
def undo(request: DeskRequest, pk: int) -> HttpResponse:
    """Undo an operation; one of many articles only after showing what that would change."""
    original = get_object_or_404(Operation, pk=pk)
    if not operations.can_undo(request.user, original):
        return _operation_page(request, original, status=403)
    back = safe_next_url(request, reverse("desk_operation", args=[pk]))
    try:
        reason = sent_reason(request)
        if original.articles > CONFIRM_ABOVE and "confirmed" not in request.POST:
            return undo_confirmation_page(request, original, reason)
        result = operations.undo(original, by=actor(request, reason))
    except UndoRefusedError:
        return _operation_page(request, original, status=403)
    except ChecksFailedError as failed:
        return undo_confirmation_page(request, original, reason, failed)
    except ActionError as error:
        subject = _("Operation %(number)s") % {"number": pk}
        messages.error(request, _("Nothing was undone. %(error)s") % {"error": error.about(subject)})
        return redirect(back)
    _report_undo(request, original, result)
    return redirect(safe_next_url(request, reverse("desk_operation", args=[(result.operation or original).pk])))


@require_GET
@desk_view(VIEW_PERMISSION)
def subject_history(request: DeskRequest, subject: Subject, pk: int) -> HttpResponse:
    """Show what was done to one row, even if it is deleted."""
    row = ROWS[subject].filter(pk=pk).first()
    if subject == Subject.LOOK:
        row = SiteLook.current()  # there is no row until somebody saves it
    name = str(row) if row else Event.objects.of(subject, pk).values_list("label", flat=True).first()
    if name is None:
        raise Http404
    before = parse_id(request.GET.get("before", ""))
    entries, older = _paginate(timeline(subject, pk, PAGE_SIZE + 1, before))
    context = {
        "title": _("History of “%(name)s”") % {"name": name},
        "kind": "outlet" if subject == Subject.PROVIDER else subject.label,
        "row": row,
        "admin_page": _admin_page(request, row),
        "article": row if subject == Subject.ARTICLE else None,
        "entries": entries,
        "older": older,
        "before": before,
        "restorable": restore_field.restore_permissions(request.user),
    }
    return render_admin(request, "desk/subject_history.html", context)


@require_POST
@desk_view(VIEW_PERMISSION)
def restore(request: DeskRequest, pk: int, event_id: int) -> HttpResponse:
    """Restore a field of an article to its value before an event."""
    event = get_object_or_404(Event.objects.of(Subject.ARTICLE, pk), pk=event_id)
    target = get_object_or_404(Article, pk=pk)
    if not request.user.has_perms(restore_field.required_permissions(target, event)):
        raise PermissionDenied
    version = parse_id(request.POST.get("version", "")) or None
    label = label_of(event.field)
    try:
        result = restore_field.restore(target, event, by=actor(request), version=version)
    except ChecksFailedError as failed:
        advice = _("Publish it at the desk instead, and give a reason there.")
        messages.error(request, f"{_('Not restored.')} {failed} {advice}")
    except ActionError as error:
        messages.error(request, _("Not restored. %(error)s") % {"error": error.about(f"“{target}”")})
    else:
        if result.operation is None:
            messages.info(
                request,
                _("“%(target)s” has this %(label)s already; nothing changed.") % {"target": target, "label": label},
            )
        else:
            messages.success(request, _("Restored: %(label)s of “%(target)s”.") % {"label": label, "target": target})
        _report_reader_changes(request, result)
    return redirect(safe_next_url(request, reverse("desk_article_history", args=[pk])))


def _admin_page(request: DeskRequest, row: Model | None) -> str:
    """Return the URL of the row's page in the admin; empty if the editor may not see it."""
    if row is None or not request.user.has_perm(f"{row._meta.app_label}.view_{row._meta.model_name}"):
        return ""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def _filtered_operations(filters: dict[str, Any]) -> QuerySet[Operation]:
    """Return the operations that match the valid filters, newest first."""
    operations = Operation.objects.order_by("-pk")
    if filters.get("person"):
        operations = operations.filter(
            Q(actor__username=filters["person"]) | Q(actor=None, actor_name=filters["person"])
        )
    if filters.get("kind"):
        operations = operations.filter(verb=filters["kind"])
    if filters.get("day"):
        start, end = start_of_day(filters["day"]), start_of_day(filters["day"] + timedelta(days=1))
        operations = operations.filter(at__gte=start, at__lt=end)
    if filters.get("words"):
        with_reason = ~Q(reason="") & contains_words("reason", filters["words"])
        operations = operations.filter(with_reason | Q(pk__in=notes_changed(filters["words"])))
    return operations


def _paginate(entries: list[HistoryEntry]) -> tuple[list[HistoryEntry], int | None]:
    """Return one page of entries, and the operation before which the next page starts."""
    shown = entries[:PAGE_SIZE]
    return shown, shown[-1].operation.pk if len(entries) > PAGE_SIZE else None


def _parse_subject_key(text: str) -> SubjectKey | None:
    match = _ROW.fullmatch(text)
    return (match[1], int(match[2])) if match else None


def _report_reader_changes(request: DeskRequest, result: ActionResult) -> None:
    for sentence in reader_changes(result.appeared, result.disappeared, at_most=READER_CHANGES_MAX):
        messages.info(request, sentence)


def _report_undo(request: DeskRequest, original: Operation, result: ActionResult) -> None:
    if result.operation is None:
        messages.warning(request, describe_nothing(result.not_restored))
    else:
        messages.success(request, _("Undone: %(what)s.") % {"what": describe_undo(original, result)})
    _report_reader_changes(request, result)
    for sentence in succession_sentences(result.operation)[:READER_CHANGES_MAX]:
        messages.info(request, sentence)
    for sentence in describe_not_restored(result.not_restored):
        messages.warning(request, sentence)
