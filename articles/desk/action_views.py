"""What editors do at the desk: one address for every verb, for one story or many, and the way back."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from articles import operations
from articles.models import Article, Operation, Verb
from articles.operations.results import ActionError, ActionResult, EditConflictError

from . import commands
from .commands import DONE, REASONS, RIGHT_OF, ROWS_MAX
from .filters import FilterForm
from .list_views import narrowed
from .queues import DEFAULT, QUEUES, Seen
from .rows import HEAVY, Allowed
from .view_helpers import by, came_from, desk_view, is_fragment, page, require

CONFIRM_FROM = 51  # stories; more than fifty at once are shown before they are changed
SAMPLE = 20  # of them
TOLD = 5  # refusals, and stories that followed, that an answer spells out
# These change more than the cells of a row, so the list is fetched anew.
RELOADING = frozenset({"fold", "merge", "take_out", "make_lead", "topics", "add_topic", "remove_topic", "words"})
NOT_SENT_ON = ("row", "csrfmiddlewaretoken", "whole_view", "next")


@require_POST
@desk_view()
def act(request: HttpRequest) -> HttpResponseBase:
    """Do what a form of the desk asks for: see `acting.py`."""
    verb = request.POST.get("verb", "")
    if verb not in RIGHT_OF:
        return _refuse(request, "There is nothing of that name to do. Reload the page and try again.")
    require(request, RIGHT_OF[verb])
    try:
        versions = _wanted_rows(request)
        if not versions:
            raise ActionError("Select at least one story first.")
        if len(versions) >= CONFIRM_FROM and "confirmed" not in request.POST:
            return _confirm(request, verb, versions)
        asked = commands.asked_by(request, verb, versions, by(request, request.POST.get("reason_text", "")))
        outcome = commands.do(asked)
    except EditConflictError as stale:
        return _clash(request, verb, stale)
    except ActionError as refused:
        return _refuse(request, _sentence(refused))
    return _told(request, verb, outcome)


def _wanted_rows(request: HttpRequest) -> dict[int, int]:
    """Return the stories that are asked for: those selected, or all of a view."""
    if "whole_view" not in request.POST:
        return commands.rows_sent(request.POST)
    given = QueryDict(request.POST.get("query", ""))
    queue = QUEUES.get(given.get("view", ""), QUEUES[DEFAULT])
    rows = narrowed(queue, Seen(request.user.pk, timezone.now()), FilterForm(given).chosen())
    found = dict(rows.order_by(*queue.order).values_list("pk", "version")[: ROWS_MAX + 1])
    if len(found) > ROWS_MAX:
        raise ActionError(f"This view has more than {ROWS_MAX:,} stories; narrow it first.")
    return found


def _confirm(request: HttpRequest, verb: str, versions: Mapping[int, int]) -> HttpResponse:
    """Show what a decision about many stories would do."""
    articles = Article.objects.filter(pk__in=list(versions)).select_related("provider").defer(*HEAVY)
    states = dict.fromkeys(operations.DECISIONS, 0)
    for article in articles:
        states[article.decision] = states.get(article.decision, 0) + 1
    context = {
        "verb": verb,
        "done": DONE[verb],
        "number": len(versions),
        "states": [(state, number) for state, number in states.items() if number],
        "folded": sum(article.is_folded for article in articles),
        "sample": articles[:SAMPLE],
        "rows": versions.items(),
        "given": _given(request),
        "next": came_from(request),
        "title": f"{DONE[verb].capitalize()}: {len(versions)} stories?",
    }
    response = page(request, "desk/confirm.html", context)
    if is_fragment(request):
        response.headers.update({"HX-Retarget": "body", "HX-Reswap": "innerHTML"})
    return response


def _told(request: HttpRequest, verb: str, outcome: ActionResult) -> HttpResponseBase:
    """Answer a deed: the cells that changed for htmx, else the page that it came from with messages."""
    number = len(outcome.done)
    told = (
        f"{number} {'story' if number == 1 else 'stories'} {DONE[verb]}." if outcome.operation else "Nothing changed."
    )
    context = {
        "told": told,
        "operation": outcome.operation,
        "refusals": outcome.rejections[:TOLD],
        "refusals_more": max(0, len(outcome.rejections) - TOLD),
        "followed": [change for change in outcome.consequences if change.pk not in outcome.done][:TOLD],
        "articles": _changed(outcome),
        "allowed": Allowed.to(request.user),
        "reasons": REASONS,
        "now": timezone.now(),
        "verb": verb,
    }
    if is_fragment(request):
        response = render(request, "desk/_toast.html", context)
        response["HX-Trigger"] = "desk:reload" if verb in RELOADING else "desk:decided"
        return response
    messages.success(request, told) if outcome.operation else messages.info(request, told)
    for refusal in context["refusals"]:
        messages.warning(request, f"“{refusal.title}” {refusal.reason}.")
    for change in context["followed"]:
        messages.info(request, f"“{change.title}” followed: {change.summary}.")
    return HttpResponseRedirect(came_from(request))


def _changed(outcome: ActionResult) -> list[Article]:
    """Return the stories whose cells show something else now."""
    if outcome.operation is None:
        return []
    return [article for article in outcome.articles.values() if article.changed_at == outcome.operation.at]


def _given(request: HttpRequest) -> list[tuple[str, str]]:
    """Return what a form sent beside its stories, so that another one can send it again."""
    return [(name, value) for name, values in request.POST.lists() if name not in NOT_SENT_ON for value in values]


def _clash(request: HttpRequest, verb: str, stale: EditConflictError) -> HttpResponse:
    """Show both values of what two editors changed at once, and ask."""
    context = {
        "article": stale.article,
        "clashes": stale.conflicts,
        "verb": verb,
        "given": _given(request),
        "next": came_from(request),
        "title": "Somebody was faster",
    }
    if is_fragment(request):
        return render(request, "desk/_conflict_toast.html", context)
    return page(request, "desk/conflict.html", context, status=409)


def _refuse(request: HttpRequest, sentence: str) -> HttpResponseBase:
    if is_fragment(request):
        return render(request, "desk/_toast.html", {"told": sentence, "refused": True})
    messages.error(request, sentence)
    return HttpResponseRedirect(came_from(request))


def _sentence(refused: ActionError) -> str:
    text = str(refused)
    return text if text[:1].isupper() or text[:1] == "“" else f"This story {text}."


@require_POST
@desk_view()
def undo_last(request: HttpRequest) -> HttpResponseBase:
    """Take back the editor's last operation that still stands."""
    last = Operation.objects.filter(actor=request.user, undone_by=None).exclude(verb=Verb.UNDO).first()
    if last is None:
        return _refuse(request, "There is nothing of yours to undo.")
    if not operations.can_undo(request.user, last):
        raise PermissionDenied
    outcome = operations.undo(last, by=by(request))
    told = f"Undone: {last.get_verb_display()}, {outcome.changed} of {last.articles} stories."
    kept = [f"{each.event.label}: {each.event.field} was kept, {each.reason}" for each in outcome.not_restored[:TOLD]]
    if is_fragment(request):
        response = render(request, "desk/_toast.html", {"told": told, "kept": kept})
        response["HX-Trigger"] = "desk:reload"
        return response
    messages.success(request, told)
    for line in kept:
        messages.warning(request, line)
    return HttpResponseRedirect(came_from(request))
