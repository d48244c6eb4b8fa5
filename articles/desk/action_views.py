"""The way of an action: parse the form, authorise the editor, run the action, respond. And the way back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from articles import operations
from articles.models import Article, Operation, Verb
from articles.operations.preview import ActionPreview
from articles.operations.results import (
    ActionError,
    ActionResult,
    ChecksFailedError,
    EditConflictError,
    FieldConflict,
    number_of_stories,
    reader_changes,
    reader_numbers,
    succession_sentences,
    successors,
)
from articles.operations.undo_rights import UndoRefusedError
from articles.rules.reasons import OVERRIDE_FIELD, REASON_FIELD
from articles.rules.scoring import FOLDED_HEAT
from articles.rules.states import decision_label
from articles.rules.undo_permissions import CLAIM_ACTS
from config.times import format_time

from .actions import ACTIONS, Action, offered_decisions, permitted_actions
from .commands import Command, parse_command
from .repeated import repeated_operation
from .rows import LARGE_COLUMNS
from .undo_confirmation import undo_confirmation_page
from .undo_text import (
    describe_not_restored,
    describe_nothing,
    describe_undo,
    moved_back_text,
    refusal_text,
    restored_number,
    undone_on_front_page_text,
    undone_text,
    with_undo_link,
)
from .view_helpers import (
    DeskRequest,
    actor,
    desk_view,
    is_htmx_fragment,
    parse_id,
    render_admin,
    render_instead,
    safe_next_url,
)

CONFIRM_FROM = 51  # stories; so many are shown before they are changed
SAMPLE_SIZE = 20  # of them
UNDO_TRIED_MAX = 10  # operations, until one can be undone
MESSAGES_MAX = 5  # refusals, and articles that followed, in one response
ASKED_AGAIN = (REASON_FIELD, "reason")  # fields of the confirmation
NOT_FORWARDED = (
    "row",
    "csrfmiddlewaretoken",
    "whole_view",
    "next",
    "announced",
    "confirmed",
    OVERRIDE_FIELD,
)


@require_POST
@desk_view()
def run_action(request: DeskRequest) -> HttpResponseBase:
    """Run the action that a form of the desk names, for one story or many."""
    action = ACTIONS.get(request.POST.get("action", ""))
    if action is None:
        return _error(request, _("There is no such action. Reload the page and try again."))
    if not request.user.has_perm(action.permission):
        raise PermissionDenied
    try:
        command = parse_command(request)
        if "confirmed" not in request.POST:
            preview = _preview(action, command) if _has_preview(action, command) else None
            if preview and (len(command.versions) >= CONFIRM_FROM or _asks_first(action, command, preview)):
                return _confirmation_page(request, action, command, preview)
        result = action.run(command)
    except EditConflictError as conflict:
        return _conflict(request, action, conflict)
    except ChecksFailedError as failed:
        return _confirmation_page(request, action, command, _preview(action, command), failed)
    except ActionError as error:
        return _error(request, error.sentence)
    return _success(request, action, result)


def _has_preview(action: Action, command: Command) -> bool:
    """Return whether the action may have effects that its confirmation has to name."""
    if action.changes_stories or len(command.versions) >= CONFIRM_FROM:
        return True
    if action.schedules:
        return command.articles.public().exists()
    return action.withdraws and command.withdraws_a_lead


def _preview(action: Action, command: Command) -> ActionPreview:
    return operations.preview_action(lambda: action.run(command.with_all_announced()))


def _asks_first(action: Action, command: Command, preview: ActionPreview) -> bool:
    """Return whether the action has effects on other stories than those that were selected for it.

    Readers would see one appear or disappear, one would get another lead, or articles would move.
    """
    if action.always_asks:
        return True
    if action.withdraws:
        return bool(preview.successors)
    if action.schedules:
        return bool(preview.disappeared)
    if action.name == "make_lead":
        return bool(preview.appeared or preview.disappeared) and not preview.only_swaps_leads
    return bool(preview.appeared or preview.disappeared or preview.moved.keys() - command.versions.keys())


def _confirmation_page(
    request: DeskRequest,
    action: Action,
    command: Command,
    preview: ActionPreview,
    failed: ChecksFailedError | None = None,
) -> HttpResponseBase:
    """Show what an action would change, and ask. `failed`: it was tried, and stopped at these publish checks."""
    articles = list(command.articles.select_related("provider").defer(*LARGE_COLUMNS))
    if not articles:
        return _error(request, _("Deleted meanwhile. Nothing was changed; reload the page."))
    states = Counter(article.decision for article in articles)
    number = len(command.versions)
    subject = articles[0] if number == 1 else None
    named = preview.disappeared.keys() | preview.appeared.keys()
    context = {
        "action": action,
        "imperative": action.imperative(number),
        "number": number,
        "states": [(decision_label(state), states[state]) for state in operations.DECISIONS if state in states],
        "folded": sum(article.is_folded for article in articles),
        "subject": subject,
        "other": _other_story(command) if subject else None,
        "sample": articles[:SAMPLE_SIZE] if number > 1 and not command.versions.keys() <= named else [],
        "folds": _folds(command),
        "more": max(0, number - SAMPLE_SIZE),
        "preview": preview,
        "about_it": preview.sentence_about(subject.pk) if subject else "",
        "others": preview.without(subject.pk) if subject else preview,
        "lacks_reason": failed is not None and failed.lacks_reason,
        "now": timezone.now(),
        "announced": ",".join(map(str, preview.appeared)) if action.changes_stories else "",
        "rows": command.versions.items(),
        "fields": [(name, value) for name, value in _hidden_fields(request) if name not in ASKED_AGAIN],
        "reason": command.by.reason,
        "spike_reasons": action.reasons,
        "spike_reason": command.text("reason") or (action.reasons[-1][0] if action.reasons else ""),
        "next": safe_next_url(request),
        "title": f"{action.imperative(number)}?",
    }
    return render_instead(request, "desk/confirm.html", context)


def _other_story(command: Command) -> Article | None:
    """Return the story into which one is folded, or from which it is kept apart."""
    articles = Article.objects.filter(pk=parse_id(command.text("into")))
    return articles.select_related("provider").defer(*LARGE_COLUMNS).first()


def _folds(command: Command) -> list[tuple[Article, Article]]:
    """Return the stories that would be folded, each with its lead."""
    keys = {*command.leads, *command.leads.values()}
    articles = Article.objects.select_related("provider").defer(*LARGE_COLUMNS).in_bulk(keys) if keys else {}
    pairs = [(articles.get(story), articles.get(lead)) for story, lead in command.leads.items()]
    return [(story, lead) for story, lead in pairs if story and lead]


def _success(request: DeskRequest, action: Action, result: ActionResult) -> HttpResponseBase:
    operation = result.operation
    if operation is None and not result.rejections:
        operation = repeated_operation(request, action.verb, result.done)
    refusals = _first_of([f"“{refusal.title}” {refusal.reason}." for refusal in result.rejections])
    following = successors(operation) if action.changes_succession else {}
    named = {*result.done, *result.appeared, *result.disappeared, *following}
    followed = [change for change in result.consequences if change.pk not in named]
    known = result.done if action.tells_visibility else result.disappeared if action.schedules else ()
    message = _done_text(action, result) if operation else _("Nothing changed.")
    if len(result.done) >= CONFIRM_FROM:  # the confirmation has named them
        message, seen = " ".join([message, *reader_numbers(result.appeared, result.disappeared)]), []
    else:
        seen = reader_changes(result.appeared, result.disappeared, known, MESSAGES_MAX)
    leads = _first_of(succession_sentences(operation)) if action.changes_succession else []
    results = _first_of([change.sentence for change in followed[:MESSAGES_MAX]], len(followed))
    changed = [article for article in result.articles.values() if operation and article.changed_at == operation.at]
    permitted = permitted_actions(request.user)
    return _respond(
        request,
        message,
        problems=refusals,
        notes=[*_scheduled_for(action, result), *seen, *leads, *results, *result.front_page],
        level=messages.SUCCESS if operation else messages.INFO,
        event="desk:reload" if action.reloads_list else "desk:decided",
        context={
            "operation": operation,
            "may_undo": operation is not None and operations.can_undo(request.user, operation),
            "changed": [(article, offered_decisions(article, permitted)) for article in changed],
            "actions": permitted,
            "now": timezone.now(),
        },
    )


def _first_of(sentences: list[str], number: int = 0) -> list[str]:
    """Return the first sentences, and how many more there are, of so many if not all are passed."""
    more = max(number, len(sentences)) - MESSAGES_MAX
    if more <= 0:
        return sentences
    return [*sentences[:MESSAGES_MAX], _("And %(number)s more.") % {"number": f"{more:,}"}]


def _scheduled_for(action: Action, result: ActionResult) -> list[str]:
    """Return a sentence that says when readers will see the stories that were just scheduled."""
    articles = [result.articles[pk] for pk in result.done if pk in result.articles]
    times = {article.publish_at for article in articles if article.publish_at}
    if not action.schedules or len(times) != 1:
        return []
    if result.disappeared:
        text = ngettext("Readers won’t see it until %(at)s.", "Readers won’t see them until %(at)s.", len(articles))
    else:
        text = ngettext("Readers see it from %(at)s.", "Readers see them from %(at)s.", len(articles))
    return [text % {"at": format_time(times.pop())}]


def _done_text(action: Action, result: ActionResult) -> str:
    """Return the sentence that says what was done: to which story if it is one that moved, else to how many."""
    number = len(result.done)
    article = result.articles.get(result.done[0]) if number == 1 else None
    if action.done_to_one and article:
        return str(action.done_to_one) % {"title": article.title, "lead": article.lead and article.lead.title}
    values = {"stories": number_of_stories(number), "done": action.past_tense}
    return str(action.done) or _("%(stories)s %(done)s.") % values


def _respond(
    request: DeskRequest,
    message: str,
    *,
    problems: Sequence[str] = (),
    notes: Sequence[str] = (),
    level: int = messages.SUCCESS,
    event: str,
    context: dict[str, Any] | None = None,
) -> HttpResponseBase:
    """Return the toast and the changed cells to htmx; else send the editor back to the page with messages."""
    if is_htmx_fragment(request):
        lines = {"message": message, "problems": problems, "notes": notes}
        response = render(request, "desk/_toast.html", lines | (context or {}))
        response["HX-Trigger"] = event
        return response
    shown = context or {}
    messages.add_message(
        request, level, with_undo_link(message, shown["operation"]) if shown.get("may_undo") else message
    )
    for problem in problems:
        messages.warning(request, problem)
    for note in notes:
        messages.info(request, note)
    return HttpResponseRedirect(safe_next_url(request))


def _conflict(request: DeskRequest, action: Action, conflict: EditConflictError) -> HttpResponse:
    """Show both values of each field that two editors changed at once, and ask which one to keep."""
    context = {
        "article": conflict.article,
        "conflicts": [_readable(field) for field in conflict.conflicts],
        "decided": action.past_tense,
        "fields": _hidden_fields(request),
        "next": safe_next_url(request),
        "title": _("Someone else changed this story"),
    }
    if is_htmx_fragment(request):
        return render(request, "desk/_conflict_toast.html", context)
    return render_admin(request, "desk/conflict.html", context, status=409)


def _readable(conflict: FieldConflict) -> FieldConflict:
    is_folded = conflict.field == "heat" and conflict.theirs == FOLDED_HEAT
    return replace(conflict, theirs=_("folded")) if is_folded else conflict


def _error(request: DeskRequest, sentence: str) -> HttpResponseBase:
    if is_htmx_fragment(request):
        return render(request, "desk/_toast.html", {"message": sentence, "is_error": True})
    messages.error(request, sentence)
    return HttpResponseRedirect(safe_next_url(request))


def _hidden_fields(request: DeskRequest) -> list[tuple[str, str]]:
    """Return the fields of the form beside its stories, so that the next form can send them again."""
    return [(name, value) for name, values in request.POST.lists() if name not in NOT_FORWARDED for value in values]


@require_POST
@desk_view()
def undo_last(request: DeskRequest) -> HttpResponseBase:
    """Undo the editor's last operation that can be undone, and say which later ones can't be."""
    mine = Operation.objects.filter(actor=request.user, undone_by=None).exclude(verb__in=(Verb.UNDO, *CLAIM_ACTS))
    refusals: list[str] = []
    skipped: list[str] = []
    for operation in mine[:UNDO_TRIED_MAX]:
        try:
            result, refusal = _try_to_undo(request, operation)
        except ChecksFailedError as failed:
            return undo_confirmation_page(request, operation, failed=failed)
        if result is not None:
            return _undone(request, operation, result, skipped)
        refusals.append(refusal)
        when = format_time(operation.at, "short")
        skipped.append(
            _("Skipped: %(act)s on %(when)s. %(reason)s")
            % {"act": operation.get_verb_display(), "when": when, "reason": refusal}
        )
    return _error(request, refusals[0] if refusals else _("There is nothing of yours to undo."))


def _try_to_undo(request: DeskRequest, operation: Operation) -> tuple[ActionResult | None, str]:
    """Undo an operation; return the result, or None and why nothing was undone, as sentences.

    Raises ChecksFailedError if it would publish stories with failed checks that ask before.
    """
    try:
        result = operations.undo(operation, by=actor(request))
    except ChecksFailedError:
        raise
    except UndoRefusedError as error:
        return None, refusal_text(error.refusal)
    except ActionError as error:
        return None, error.about(_("It"))
    if result.operation is not None:
        return result, ""
    left = describe_not_restored(result.not_restored, MESSAGES_MAX)
    return None, " ".join([describe_nothing(result.not_restored), *left])


def _undone(request: DeskRequest, operation: Operation, result: ActionResult, skipped: list[str]) -> HttpResponseBase:
    restored = restored_number(operation, result) if operation.articles else describe_undo(operation, result)
    left = describe_not_restored(result.not_restored, MESSAGES_MAX)
    text = undone_text(operation, restored)
    return _respond(
        request,
        text if left else moved_back_text(operation) or undone_on_front_page_text(operation) or text,
        problems=[*left, *_first_of(skipped)],
        notes=[
            *reader_changes(result.appeared, result.disappeared, at_most=MESSAGES_MAX),
            *_first_of(succession_sentences(result.operation)),
        ],
        event="desk:reload",
    )
