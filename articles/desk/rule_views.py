"""The newsroom's rules for new stories: their list, what each did, and changing one after a look at what it matches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from articles.intake.rule_preview import RulePreview, preview_rule
from articles.models import Topic
from articles.operations.results import SentenceError
from articles.rules.permissions import CHANGE_SOURCE, VIEW_SOURCE
from articles.rules.states import SpikeReason
from sources.models import Rule
from sources.rule_forms import RuleForm, digest_of, next_position
from sources.rules import move_rule

from .view_helpers import DeskRequest, desk_view, parse_id, render_admin

ENTRIES_SHOWN = 50
CHANGES_SHOWN = 20
CHANGED_SINCE = gettext_lazy(
    "You changed the rule after you looked. This is what it matches now; save it if that is right."
)


@require_safe
@desk_view(VIEW_SOURCE)
def rule_list(request: DeskRequest) -> HttpResponse:
    """List the rules in their order, with how often each was applied, and the last changes of rules."""
    rules = Rule.objects.select_related("source", "topic").annotate(applications=Count("applied"))
    changes = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(Rule)).select_related("user")
    context = {"title": _("Rules"), "rules": rules, "changes": changes[:CHANGES_SHOWN]}
    return render_admin(request, "desk/rules.html", context)


@require_safe
@desk_view(VIEW_SOURCE)
def rule(request: DeskRequest, pk: int) -> HttpResponse:
    """Show a rule with the newest entries that it was applied to."""
    shown = get_object_or_404(Rule.objects.select_related("source", "topic"), pk=pk)
    applied = shown.applied.select_related("entry__article", "entry__source").order_by("-pk")
    context = {"title": _("Rule"), "rule": shown, "applied": applied[:ENTRIES_SHOWN], "number": shown.applied.count()}
    return render_admin(request, "desk/rule.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@desk_view(CHANGE_SOURCE)
def add_rule(request: DeskRequest) -> HttpResponse:
    """Ask for a rule, show what it would have matched, and save it once that was seen."""
    source = parse_id(request.GET.get("source", "")) or None
    return _edit(
        request,
        Rule(),
        {"source": source, "places": ["title"], "spike_reason": SpikeReason.OTHER.value},
        _("Add a rule"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@desk_view(CHANGE_SOURCE)
def change_rule(request: DeskRequest, pk: int) -> HttpResponse:
    """Change a rule, in the same way."""
    changed = get_object_or_404(Rule.objects.select_related("topic"), pk=pk)
    return _edit(request, changed, RuleForm.initial_of(changed), _("Change a rule"))


@require_POST
@desk_view(CHANGE_SOURCE)
def rule_act(request: DeskRequest, pk: int) -> HttpResponse:
    """Move a rule, switch it on or off, or delete it; each is logged."""
    act = ACTS.get(request.POST.get("act", ""))
    try:
        with transaction.atomic():
            acted = get_object_or_404(Rule.objects.select_for_update(of=("self",)).select_related("topic"), pk=pk)
            if act is None:
                raise SentenceError(_("There is no such action. Reload the page and try again."))
            messages.success(request, act(request, acted))
    except SentenceError as error:
        messages.error(request, str(error))
    return redirect("desk_rules")


def _edit(request: DeskRequest, edited: Rule, initial: dict[str, Any], title: str) -> HttpResponse:
    if request.method != "POST":
        return _form_page(request, RuleForm(initial=initial), title)
    form = RuleForm(request.POST)
    if not form.is_valid():
        return _form_page(request, form, title)
    former = str(edited) if edited.pk else ""
    filled = form.fill(edited)
    is_seen = request.POST.get("seen") == digest_of(filled)
    if "save" not in request.POST or not is_seen:
        notice = str(CHANGED_SINCE) if "save" in request.POST else ""
        return _form_page(request, form, title, preview_rule(filled.as_value(), filled.source_id), filled, notice)
    try:
        _save(request, filled, former)
    except ValidationError as invalid:
        form.add_error(None, invalid)
        return _form_page(request, form, title)
    messages.success(request, _("Saved: %(rule)s. It applies to stories that come in from now on.") % {"rule": filled})
    return redirect("desk_rules")


def _save(request: DeskRequest, saved: Rule, former: str) -> None:
    with transaction.atomic():
        if saved.pk is None:
            saved.position = next_position()
            saved.save()
            _log(request, saved, ADDITION, _("Added."))
        else:
            saved.save()
            _log(request, saved, CHANGE, _("Changed; it was: %(former)s") % {"former": former})


def _form_page(
    request: DeskRequest,
    form: RuleForm,
    title: str,
    preview: RulePreview | None = None,
    previewed: Rule | None = None,
    notice: str = "",
) -> HttpResponse:
    context: dict[str, Any] = {"title": title, "form": form, "notice": notice}
    context["topics"] = Topic.objects.order_by("name").values_list("name", flat=True)
    if preview and previewed:
        context |= {
            "preview": preview,
            "matches": preview.matches[:ENTRIES_SHOWN],
            "rule": previewed,
            "seen": digest_of(previewed),
        }
    return render_admin(request, "desk/rule_form.html", context)


def _move(up: bool) -> Callable[[DeskRequest, Rule], str]:
    def move(request: DeskRequest, moved: Rule) -> str:
        if not move_rule(moved, up=up):
            raise SentenceError(_("This rule is the first already.") if up else _("This rule is the last already."))
        if up:
            _log(request, moved, CHANGE, _("Moved: it applies before the one that was above it."))
            return _("Moved up: %(rule)s.") % {"rule": moved}
        _log(request, moved, CHANGE, _("Moved: it applies after the one that was below it."))
        return _("Moved down: %(rule)s.") % {"rule": moved}

    return move


def _switch(on: bool) -> Callable[[DeskRequest, Rule], str]:
    def switch(request: DeskRequest, switched: Rule) -> str:
        switched.active = on
        switched.save(update_fields=["active"])
        _log(request, switched, CHANGE, _("Switched on.") if on else _("Switched off."))
        return (_("Switched on: %(rule)s.") if on else _("Switched off: %(rule)s.")) % {"rule": switched}

    return switch


def _delete(request: DeskRequest, deleted: Rule) -> str:
    """Delete a rule that is switched off. What it did stays in the history."""
    if deleted.active:
        raise SentenceError(_("This rule is on. Switch it off before you delete it."))
    text = str(deleted)
    _log(request, deleted, DELETION, _("Deleted."))
    deleted.delete()
    return _("Deleted: %(rule)s.") % {"rule": text}


def _log(request: DeskRequest, logged: Rule, flag: int, text: str) -> None:
    LogEntry.objects.log_actions(request.user.pk, Rule.objects.filter(pk=logged.pk), flag, text)


ACTS: dict[str, Callable[[DeskRequest, Rule], str]] = {
    "up": _move(True),
    "down": _move(False),
    "switch_on": _switch(True),
    "switch_off": _switch(False),
    "delete": _delete,
}
