"""Undo in words for editors: why it is refused, what it restored, and what it left as it was."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles.audit_log.events import CREATED, DELETED, PIN_PREFIX
from articles.models import Operation, Subject, Verb
from articles.operations.results import ActionResult, NotRestored
from articles.rules import permissions
from articles.rules.undo_permissions import UndoRefusal

from .event_text import HIDDEN_FIELDS, label_of

NOT_RESTORED_MAX = 10
ROW_EVENTS = {CREATED, DELETED}
PERMISSION_TEXTS = {
    permissions.SCORE: "score",
    permissions.FOLD: "fold stories",
    permissions.PUBLISH: "publish",
    permissions.CHANGE_POLICY: "change the policy",
    permissions.RUN_IMPORT: "import",
    permissions.CHANGE_SOURCE: "follow sources",
}
UNDONE_VERBS: dict[str, str | Promise] = {  # of what is said otherwise than "restored"
    Verb.SPIKE: gettext_lazy("unspiked"),
    Verb.HOLD: gettext_lazy("no longer held"),
    Verb.PUBLISH: gettext_lazy("no longer published"),
    Verb.FOLD: gettext_lazy("unfolded"),
}
MODEL_TEXTS = {
    "article": "articles",
    "articleimage": "pictures",
    "relatedlink": "coverage",
    "provider": "outlets",
    "topic": "topics",
    "sitepage": "pages",
    "sitelook": "the look of the site",
}


def with_undo_link(message: str, operation: Operation) -> str:
    """Return a message with a link to the page that undoes the operation, for pages without JavaScript."""
    return format_html('{} <a href="{}">Undo</a>', message, reverse("desk_operation", args=[operation.pk]))


def refusal_text(refusal: UndoRefusal) -> str:
    """Return why an undo is refused, as sentences."""
    if not refusal.missing:
        return "This can't be undone."
    missing = [_permission_text(permission) for permission in sorted(refusal.missing)]
    needed = " and ".join([", ".join(missing[:-1]), missing[-1]] if len(missing) > 1 else missing)
    reason = " Readers would see stories that they don't see now." if refusal.reveals else ""
    return f"Undoing this needs the permission to {needed}.{reason} Ask somebody who has it."


def describe_undo(original: Operation, result: ActionResult) -> str:
    """Return what an undo did: the fields of a single row by name, or the number of articles."""
    if original.articles > 1:
        number = restored_number(original, result, "article", "articles")
        return f"{number} are as they were before"
    undone = result.operation
    events = undone.events.defer("before", "after") if undone else []
    shown = [event for event in events if event.field not in HIDDEN_FIELDS]
    if not shown:
        return "only technical details were restored"
    name = f"“{shown[0].label}”"
    if shown[0].field in ROW_EVENTS:
        return f"{name} is {'deleted' if shown[0].field == DELETED else 'back'}"
    decided = [event for event in shown if not event.field.startswith(PIN_PREFIX)] or shown
    return f"{', '.join(dict.fromkeys(label_of(event.field) for event in decided))} of {name} restored"


def undone_text(operation: Operation, restored: str) -> str:
    """Return the message of an undo, as in "Undone: 1 story unspiked."; `restored` says how many."""
    if not operation.articles:
        return _("Undone: %(what)s.") % {"what": restored}
    return _("Undone: %(stories)s %(verb)s.") % {
        "stories": restored,
        "verb": UNDONE_VERBS.get(operation.verb, _("restored")),
    }


def restored_number(original: Operation, result: ActionResult, noun: str = "story", nouns: str = "stories") -> str:
    """Return how many articles are as they were before the operation, of how many if not all of them.

    Articles that had been restored before the undo count too: it had nothing left to do on them.
    """
    kept = {item.event.subject_id for item in visible(result.not_restored) if item.event.subject == Subject.ARTICLE}
    restored = original.articles - len(kept)
    number = f"{restored:,} of {original.articles:,}" if kept else f"{restored:,}"
    return f"{number} {noun if original.articles == 1 else nouns}"


def describe_not_restored(items: Sequence[NotRestored], at_most: int = NOT_RESTORED_MAX) -> str:
    """Return which fields an undo left as they are, and why; empty if it restored all that editors see."""
    shown = [f"{_describe_kept(item)} ({item.reason})" for item in visible(items)]
    more = [f"and {len(shown) - at_most} more"] if len(shown) > at_most else []
    return "; ".join([*shown[:at_most], *more])


def describe_nothing(items: Sequence[NotRestored]) -> str:
    """Return why an undo changed nothing. Fields that editors never see have to explain it if no other does."""
    if not items:
        return "Nothing was changed: all is as it was before already."
    hidden = "" if visible(items) else f" “{items[0].event.label}”: {items[0].reason}."
    return f"Nothing could be restored.{hidden}"


def visible(not_restored: Sequence[NotRestored]) -> list[NotRestored]:
    """Return the fields that an undo left as they are, without those that editors never see."""
    return [item for item in not_restored if item.event.is_forgotten or item.event.field not in HIDDEN_FIELDS]


def _describe_kept(item: NotRestored) -> str:
    if item.event.is_forgotten:
        return item.event.label
    name = f"“{item.event.label}”"
    return name if item.event.field in ROW_EVENTS else f"{label_of(item.event.field)} of {name}"


def _permission_text(permission: str) -> str:
    if permission in PERMISSION_TEXTS:
        return PERMISSION_TEXTS[permission]
    effect, model = permission.partition(".")[2].split("_", 1)
    return f"{effect} {MODEL_TEXTS[model]}"
