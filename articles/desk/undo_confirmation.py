"""The button of an undo, and the question before one that changes many articles or publishes what fails checks."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpResponse
from django.utils.translation import gettext as _

from articles import operations
from articles.models import Operation
from articles.operations.results import ChecksFailedError

from .event_text import count_text, describe_operation
from .history_queries import undone_by
from .undo_text import NOT_RESTORED_MAX, refusal_text, visible
from .view_helpers import DeskRequest, actor, render_instead, safe_next_url

CONFIRM_ABOVE = 50  # articles; undoing more needs a confirmation


def undo_context(user: User, operation: Operation) -> dict[str, Any]:
    """Return what a page needs to show who undid an operation, or to offer that."""
    undone = undone_by(operation)
    refusal = None if undone else operations.undo_refusal(user, operation)
    return {
        "operation": operation,
        "undone_by": undone,
        "may_undo": not undone and refusal is None,
        "refusal": refusal_text(refusal) if refusal else "",
        "is_big": operation.articles > CONFIRM_ABOVE,
        "affected": count_text(operation.verb, operation.articles),
    }


def undo_confirmation_page(
    request: DeskRequest, original: Operation, reason: str = "", failed: ChecksFailedError | None = None
) -> HttpResponse:
    """Show what an undo would change, and ask. `failed`: it was tried, and stopped at these publish checks."""
    preview = operations.preview_undo(original, by=actor(request, reason))
    not_restored = visible(preview.outcome.not_restored)
    context = {
        "title": _("Undo operation %(pk)s?") % {"pk": original.pk},
        "operation": original,
        "summary": describe_operation(original),
        "changed": preview.outcome.changed,
        "deleted": preview.deleted,
        "preview": preview.changes,
        "lacks_reason": failed is not None and failed.lacks_reason,
        "not_restored": len(not_restored),
        "reasons": Counter(item.reason for item in not_restored).most_common(NOT_RESTORED_MAX),
        "reason": reason,
        "next": safe_next_url(request) if request.POST.get("next") else "",
    }
    return render_instead(request, "desk/undo_confirm.html", context)
