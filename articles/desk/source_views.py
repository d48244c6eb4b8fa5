"""The sources at the desk: how they are, what to do about it, and adding one with a look at its stories first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from articles.models import Topic
from articles.operations.results import SentenceError
from articles.rules.permissions import ADD_SOURCE, CHANGE_SOURCE, PUBLISH, VIEW_SOURCE
from providers.models import Provider
from sources.forms import AddForm, source_of
from sources.models import Entry, Rule, Source
from sources.preview import Preview, preview_source

from .looking import WAIT, look_at, requested_url
from .source_list import source_rows
from .view_helpers import DeskRequest, desk_view, parse_id, render_admin, safe_next_url

ENTRIES_SHOWN = 50
FETCHES_SHOWN = 10
PREVIEW_ENTRIES = 10
OUTLETS_OFFERED = 20
SOON = gettext_lazy("within a minute, if the scheduler runs")


@require_safe
@desk_view(VIEW_SOURCE)
def source_list(request: DeskRequest) -> HttpResponse:
    """List all sources, those that need attention first."""
    rows = source_rows(Source.objects.select_related("provider"), timezone.now())
    attention = sum(row.health.needs_attention for row in rows)
    return render_admin(request, "desk/sources.html", {"title": _("Sources"), "rows": rows, "attention": attention})


@require_safe
@desk_view(VIEW_SOURCE)
def source(request: DeskRequest, pk: int) -> HttpResponse:
    """Show one source: its newest entries with what became of them, its rules, and its last fetches."""
    shown = get_object_or_404(Source.objects.select_related("provider"), pk=pk)
    [row] = source_rows([shown], timezone.now())
    outcome = next((known for known in Entry.Outcome if known == request.GET.get("outcome")), None)
    entries = shown.entries.filter(outcome=outcome) if outcome else shown.entries.all()
    context = {
        "title": shown.name,
        "row": row,
        "source": shown,
        "topics": list(shown.topics.order_by("name")),
        "rules": Rule.objects.for_source(pk).select_related("topic"),
        "outcome": outcome,
        "entries": entries.select_related("article").prefetch_related("applied_rules").order_by("-pk")[:ENTRIES_SHOWN],
        "fetches": shown.fetches.all()[:FETCHES_SHOWN],
    }
    return render_admin(request, "desk/source.html", context)


@require_POST
@desk_view(CHANGE_SOURCE)
def source_act(request: DeskRequest, pk: int) -> HttpResponse:
    """Do something about a source, and say what; or why nothing was done, which isn't logged."""
    acted = get_object_or_404(Source, pk=pk)
    act = ACTS.get(request.POST.get("act", ""))
    try:
        if act is None:
            raise SentenceError(_("There is no such action. Reload the page and try again."))
        text = act(acted)
    except SentenceError as error:
        messages.error(request, f"{acted}: {error}")
    else:
        LogEntry.objects.log_actions(request.user.pk, Source.objects.filter(pk=pk), CHANGE, text)
        messages.success(request, f"{acted}: {text}")
    return redirect(safe_next_url(request, reverse("desk_sources")))


# Each returns a sentence on what was done, or raises SentenceError with one on why nothing was.


def _fetch_now(source: Source) -> str:
    if source.paused:
        raise SentenceError(_("It is paused. Resume it first."))
    source.next_at = timezone.now()
    source.save(update_fields=["next_at"])
    return _("It is fetched %(soon)s.") % {"soon": SOON}


def _pause(source: Source) -> str:
    source.paused = True
    source.save(update_fields=["paused"])
    return _("It isn't fetched until you resume it.")


def _resume(source: Source) -> str:
    source.paused = False
    source.save(update_fields=["paused"])
    return _fetch_now(source)


def _use_new_url(source: Source) -> str:
    if not source.moved_to:
        raise SentenceError(_("It has no new URL."))
    if other := source_of(source.moved_to, except_pk=source.pk):
        raise SentenceError(_("“%(other)s” follows the new URL already: pause one of them.") % {"other": other})
    source.set_url(source.moved_to)
    source.save()
    return _("It is fetched from %(url)s from now on.") % {"url": source.url}


def _take(outcome: str) -> Callable[[Source], str]:
    def take(source: Source) -> str:
        number = _make_new(source, outcome)
        text = ngettext("%(number)s story comes in %(soon)s.", "%(number)s stories come in %(soon)s.", number)
        return text % {"number": number, "soon": SOON}

    return take


def _judge_again(source: Source) -> str:
    """Let the rules, which may have changed, judge again what they kept out."""
    number = _make_new(source, Entry.Outcome.RULED_OUT)
    text = ngettext(
        "The rules judge %(number)s entry again %(soon)s.", "The rules judge %(number)s entries again %(soon)s.", number
    )
    return text % {"number": number, "soon": SOON}


def _make_new(source: Source, outcome: str) -> int:
    """Let the next run take in, or judge, the entries of this outcome; return how many."""
    number = source.entries.filter(outcome=outcome).update(outcome=Entry.Outcome.NEW)
    if not number:
        raise SentenceError(_("There are no such entries any more."))
    return number


ACTS: dict[str, Callable[[Source], str]] = {
    "fetch": _fetch_now,
    "pause": _pause,
    "resume": _resume,
    "use_new_url": _use_new_url,
    "take_held_back": _take(Entry.Outcome.HELD_BACK),
    "take_history": _take(Entry.Outcome.HISTORY),
    "judge_again": _judge_again,
}


@require_http_methods(["GET", "HEAD", "POST"])
@desk_view(ADD_SOURCE)
def add_source(request: DeskRequest) -> HttpResponse:
    """Ask for a URL, show what is there, and follow it once its settings are confirmed."""
    url = requested_url(request)
    if request.method != "POST" or not url:
        return _add_page(request, url)
    may_publish = request.user.has_perm(PUBLISH)
    if "follow" in request.POST:
        form = AddForm(request.POST, may_publish=may_publish)
        if form.is_valid():
            added = form.save()
            LogEntry.objects.log_actions(request.user.pk, Source.objects.filter(pk=added.pk), ADDITION, _("Followed."))
            messages.success(
                request,
                _("%(added)s is followed. Its first stories come in %(soon)s.") % {"added": added, "soon": SOON},
            )
            return redirect("desk_source", added.pk)
        return _add_page(request, url, form=form)
    if existing := source_of(url):
        messages.info(request, _("%(existing)s follows this URL already.") % {"existing": existing})
        return redirect("desk_source", existing.pk)
    preview = look_at(request, url, preview_source)
    if preview is None:
        return _add_page(request, url, problem=str(WAIT), status=429)
    if preview.feed is None:
        return _add_page(request, url, preview=preview)
    name = preview.feed.title or (preview.hosts[0] if preview.hosts else "")
    return _add_page(
        request, url, preview=preview, form=AddForm(initial={"url": url, "name": name}, may_publish=may_publish)
    )


def _add_page(
    request: DeskRequest,
    url: str,
    *,
    preview: Preview | None = None,
    form: AddForm | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "title": _("Follow a source"),
        "url": url,
        "preview": preview,
        "form": form,
        "problem": problem,
        "may_publish": request.user.has_perm(PUBLISH),
    }
    if preview and preview.feed:
        context["entries"] = preview.feed.entries[:PREVIEW_ENTRIES]
    if form:
        domains = preview.hosts if preview else []
        offered = Provider.objects.filter(domain__in=domains)
        if chosen := request.POST.get("provider", ""):
            offered = Provider.objects.filter(pk=parse_id(chosen))
        context["chosen_outlet"] = parse_id(chosen)
        context["outlets"] = offered.order_by("-registered", "name")[:OUTLETS_OFFERED]
        context["topics"] = Topic.objects.order_by("name").values_list("name", flat=True)
    return render_admin(request, "desk/add_source.html", context, status)
