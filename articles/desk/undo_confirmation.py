"""The question before an undo that changes many articles, or would publish stories that fail publish checks."""

from __future__ import annotations

from collections import Counter

from django.http import HttpResponse
from django.utils.translation import gettext as _

from articles import operations
from articles.models import Operation
from articles.operations.results import ChecksFailedError

from .event_text import describe_operation
from .undo_text import NOT_RESTORED_MAX, visible
from .view_helpers import DeskRequest, actor, render_instead, safe_next_url


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
