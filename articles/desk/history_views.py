"""The history of the newsroom: who did what, to the whole site or to one article or outlet; undo and restore."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, time, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from articles import operations
from articles.audit_log.events import CREATED, DELETED, PIN_PREFIX
from articles.models import Article, Event, Operation, Subject, Via
from articles.operations.results import ActionError, ActionResult, NotRestored
from providers.models import Provider

from . import restore_field
from .event_text import UNTOLD, deed, label_of, needs
from .history_forms import HistoryFilter, RestoreForm, UndoForm, cursor
from .history_queries import PAGE_SIZE, Entry, Key, operations_with_undoing, recent, rows_of, timeline
from .view_helpers import actor, desk_view, render_admin, safe_next_url

SEE = "articles.view_operation"
CONFIRM_ABOVE = 50  # articles; undoing more is shown before it is done
KEPT_SHOWN = 10
WHOLE = {CREATED, DELETED}  # events of whole rows

_ROW = re.compile(r"(article|provider|topic|policy)-([0-9]{1,18})", re.ASCII)


@require_GET
@desk_view(SEE)
def history(request: HttpRequest) -> HttpResponse:
    """Show what was done on the whole site, newest first."""
    form = HistoryFilter(request.GET)
    form.is_valid()
    before = cursor(request.GET.get("before", ""))
    chosen = _chosen(form.cleaned_data)
    if before is not None:
        chosen = chosen.filter(pk__lt=before)
    entries, older = _cut(recent(chosen, PAGE_SIZE + 1))
    asked = {name: value for name, value in request.GET.items() if name in form.fields and value}
    context = {"title": "History", "form": form, "entries": entries, "older": older, "asked": asked, "before": before}
    return render_admin(request, "desk/history.html", context)


@require_GET
@desk_view(SEE)
def operation(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one operation with all that it did, row by row."""
    shown = get_object_or_404(operations_with_undoing(), pk=pk)
    after = _row_key(request.GET.get("after", ""))
    rows, following = rows_of(shown, after)
    context = {
        "title": f"Operation {shown.pk}",
        "operation": shown,
        "deed": deed(shown, rows[0].subject if rows else ""),
        "rows": rows,
        "after": after,
        "following": "-".join(map(str, following)) if following else "",
        "undone_who": shown.undone_name or Via(shown.undone_via).label if shown.undone_pk else "",
        "may_undo": shown.undone_pk is None and operations.can_undo(request.user, shown),
        "is_big": shown.articles > CONFIRM_ABOVE,
    }
    return render_admin(request, "desk/operation.html", context)


@require_POST
@desk_view(SEE)
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo an operation; one of many articles only after showing what that would change."""
    original = get_object_or_404(Operation, pk=pk)
    if not operations.can_undo(request.user, original):
        raise PermissionDenied
    form, back = UndoForm(request.POST), safe_next_url(request, reverse("desk_operation", args=[pk]))
    if not form.is_valid():
        messages.error(request, f"Nothing was undone. The reason: {' '.join(form.errors.get('reason', []))}")
        return redirect(back)
    try:
        if original.articles > CONFIRM_ABOVE and not form.cleaned_data["confirmed"]:
            return _confirm(request, original, form, back)
        outcome = operations.undo(original, by=actor(request, form.cleaned_data["reason"]))
    except ActionError as refused:
        messages.error(request, f"Nothing was undone: operation {pk} {refused}.")
        return redirect(back)
    _tell(request, outcome)
    return redirect(safe_next_url(request, reverse("desk_operation", args=[(outcome.operation or original).pk])))


@require_GET
@desk_view(SEE)
def article(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what was done to one article, also if it is gone."""
    return _subject(request, Subject.ARTICLE, pk, Article.objects.only("title", "version").filter(pk=pk).first())


@require_GET
@desk_view(SEE)
def provider(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what was done to one outlet."""
    return _subject(request, Subject.PROVIDER, pk, Provider.objects.filter(pk=pk).first())


@require_POST
@desk_view(SEE)
def restore(request: HttpRequest, pk: int, event_id: int) -> HttpResponse:
    """Give a field of an article the value that it had before an event."""
    event = get_object_or_404(Event.objects.of(Subject.ARTICLE, pk), pk=event_id)
    target = get_object_or_404(Article, pk=pk)
    if needs(event) and not request.user.has_perm(needs(event)):
        raise PermissionDenied
    form = RestoreForm(request.POST)
    version = form.cleaned_data["version"] if form.is_valid() else None
    label = label_of(event.field)
    try:
        done = restore_field.restore(target, event, by=actor(request), version=version).operation
    except ActionError as refused:
        messages.error(request, f"Not restored: “{target}” {refused}.")
    else:
        if done is None:
            messages.info(request, f"“{target}” has this {label} already; nothing changed.")
        else:
            messages.success(request, f"Restored: {label} of “{target}”.")
    return redirect(safe_next_url(request, reverse("desk_article_history", args=[pk])))


def _subject(request: HttpRequest, subject: str, pk: int, row: Article | Provider | None) -> HttpResponse:
    before = cursor(request.GET.get("before", ""))
    entries, older = _cut(timeline(subject, pk, PAGE_SIZE + 1, before))
    newest = Event.objects.of(subject, pk).first() if row is None else None
    if row is None and newest is None:
        raise Http404
    name = str(row) if row is not None else newest.label
    kind = "article" if subject == Subject.ARTICLE else "outlet"
    context = {
        "title": f"History of “{name}”",
        "name": name,
        "kind": kind,
        "row": row,
        "admin_page": _admin_page(request, row),
        "article": row if subject == Subject.ARTICLE else None,
        "entries": entries,
        "older": older,
        "before": before,
        "granted": restore_field.granted(request.user),
    }
    return render_admin(request, "desk/subject_history.html", context)


def _admin_page(request: HttpRequest, row: Article | Provider | None) -> str:
    """Return the address of the row's page in the admin, if the editor may see it."""
    if row is None or not request.user.has_perm(f"{row._meta.app_label}.view_{row._meta.model_name}"):
        return ""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def _chosen(asked: dict[str, Any]) -> QuerySet[Operation]:
    """Return the operations that a filter asks for, newest first; what it could not read counts as not asked."""
    chosen = operations_with_undoing().order_by("-pk")
    if asked.get("person"):
        chosen = chosen.filter(Q(actor__username=asked["person"]) | Q(actor=None, actor_name=asked["person"]))
    if asked.get("kind"):
        chosen = chosen.filter(verb=asked["kind"])
    if asked.get("day"):
        start = timezone.make_aware(datetime.combine(asked["day"], time()))
        end = timezone.make_aware(datetime.combine(asked["day"] + timedelta(days=1), time()))
        chosen = chosen.filter(at__gte=start, at__lt=end)
    return chosen


def _cut(entries: list[Entry]) -> tuple[list[Entry], int | None]:
    """Return one page of entries, and the operation before which the next one starts."""
    shown = entries[:PAGE_SIZE]
    return shown, shown[-1].operation.pk if len(entries) > PAGE_SIZE else None


def _row_key(text: str) -> Key | None:
    found = _ROW.fullmatch(text)
    return (found[1], int(found[2])) if found else None


def _confirm(request: HttpRequest, original: Operation, form: UndoForm, back: str) -> HttpResponse:
    trial = operations.preview_undo(original)
    kept = [each for each in trial.outcome.not_restored if each.event.field not in UNTOLD]
    context = {
        "title": f"Undo operation {original.pk}?",
        "operation": original,
        "deed": deed(original),
        "changed": trial.outcome.changed,
        "deleted": trial.deleted,
        "kept": len(kept),
        "kept_reasons": Counter(each.reason for each in kept).most_common(KEPT_SHOWN),
        "reason": form.cleaned_data["reason"],
        "next": back if request.POST.get("next") else "",
    }
    return render_admin(request, "desk/undo_confirm.html", context)


def _tell(request: HttpRequest, outcome: ActionResult) -> None:
    """Say what was restored, and what was not and why."""
    if outcome.operation is None:
        messages.warning(request, "Nothing could be restored.")
    else:
        messages.success(request, f"Undone: {_restored(outcome.operation)}.")
    kept = [each for each in outcome.not_restored if each.event.field not in UNTOLD]
    if kept:
        shown = "; ".join(f"{_subject_of(each)} ({each.reason})" for each in kept[:KEPT_SHOWN])
        more = f"; and {len(kept) - KEPT_SHOWN} more" if len(kept) > KEPT_SHOWN else ""
        messages.warning(request, f"Left as they are: {shown}{more}.")


def _restored(undone: Operation) -> str:
    """Say what an undoing did: the fields of a single row by name, or how many articles there were."""
    if undone.articles > 1:
        return f"{undone.articles} articles are as they were before"
    events = [event for event in undone.events.defer("before", "after") if event.field not in UNTOLD]
    if not events:
        return "only technical details were restored"
    name = f"“{events[0].label}”"
    if events[0].field in WHOLE:
        return f"{name} is {'deleted' if events[0].field == DELETED else 'back'}"
    decided = [event for event in events if not event.field.startswith(PIN_PREFIX)] or events
    return f"{', '.join(dict.fromkeys(label_of(event.field) for event in decided))} of {name} restored"


def _subject_of(kept: NotRestored) -> str:
    name = f"“{kept.event.label}”"
    return name if kept.event.field in WHOLE else f"{label_of(kept.event.field)} of {name}"
