"""The newsroom's home: what waits, what leads the front page, what was decided today, and ways to all pages."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from .home import decisions_today, front_page_stories, waiting_tasks
from .queues import Viewer
from .view_helpers import DeskRequest, render_admin


def _home(request: DeskRequest) -> HttpResponse:
    """Show the home of a member of the staff; those who may not view articles get the models that they may view."""
    context: dict[str, Any] = {"title": _("Home"), "sections": admin.site.get_app_list(request)}
    if request.user.has_perm("articles.view_article"):
        viewer = Viewer(request.user.pk, timezone.now())
        context |= {
            "is_newsroom": True,
            "tasks": waiting_tasks(request.user, viewer),
            "leading": front_page_stories(viewer.now),
            "deciders": decisions_today(viewer),
            "today": timezone.localdate(viewer.now),
        }
    return render_admin(request, "desk/home.html", context)


home = never_cache(admin.site.admin_view(require_safe(_home)))
