"""The look of the site: one form, saved as one operation."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from copy import copy
from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from articles import operations
from articles.public.front_page import front_page
from articles.public.site_look import Site, load_site
from articles.public.views import front_context
from website.colours import DARK_BACKGROUNDS, LIGHT_BACKGROUNDS, format_contrast, lowest_contrast
from website.models import SiteLook

from .audit_log_admin import AuditLogAdminMixin, SingleRowMixin
from .conflict_forms import PREVIEW
from .site_look_form import UPLOADS, SiteLookForm


@admin.register(SiteLook)
class SiteLookAdmin(SingleRowMixin, AuditLogAdminMixin, admin.ModelAdmin):
    form = SiteLookForm
    history_url = "desk_look_history"
    fieldsets = (
        (_("Name"), {"fields": ["name", "tagline"]}),
        (_("Pictures"), {"fields": ["logo_upload", "remove_logo", "icon_upload", "remove_icon"]}),
        (_("Colours"), {"fields": ["accent", "accent_dark"]}),
        (_("Menu and footer"), {"fields": ["menu", "footer_links", "footer_text"]}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out the uploads for those who may only look, and removing what isn't there."""
        if not self.has_change_permission(request, obj):
            return [(title, options) for title, options in self.fieldsets if "logo_upload" not in options["fields"]]
        absent = {f"remove_{name}" for name in UPLOADS if not getattr(obj, name, None)}
        return [
            (title, {"fields": [name for name in options["fields"] if name not in absent]})
            for title, options in self.fieldsets
        ]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Show the form; if it was sent for a preview and has no errors, the front page as it would look."""
        form = context["adminform"].form
        if PREVIEW in request.POST and not context["errors"]:
            return _preview(request, _draft(form.values()))
        return super().render_change_form(request, context | {"site": load_site()}, **kwargs)

    def _process_uploads(self, request: HttpRequest, object_id: str | None) -> None:
        """Store uploaded pictures before the operation begins, because decoding takes seconds."""
        for name, process in UPLOADS.items():
            upload = request.FILES.get(f"{name}_upload")
            if upload is not None and self.has_change_permission(request):
                with suppress(ValidationError):  # the form reports it
                    process(upload)

    def save_model(self, request: HttpRequest, obj: SiteLook, form: Any, change: bool) -> None:
        operations.edit_look(form.values())


def _draft(values: Mapping[str, Any]) -> SiteLook:
    """Return the look in force with other values, which were validated."""
    look = SiteLook.current()
    for name, value in values.items():
        setattr(look, name, value)
    look.clean_fields(exclude={field.name for field in look._meta.fields} - values.keys())  # #0B5394 becomes #0b5394
    return look


def _preview(request: HttpRequest, look: SiteLook) -> HttpResponse:
    """Return the front page with a look that nobody saved."""
    request = copy(request)
    request.path = reverse("front")  # whose entry in the menu is the current one
    context = front_context(front_page("")) | {"site": Site(look), "contrasts": _contrasts(look)}
    return TemplateResponse(request, "articles/front_preview.html", context)


def _contrasts(look: SiteLook) -> dict[str, str]:
    """Return the contrast of the accent colour with light pages and with dark ones; nothing if it isn't set."""
    if not look.accent:
        return {}
    return {
        "light": format_contrast(lowest_contrast(look.accent, LIGHT_BACKGROUNDS)),
        "dark": format_contrast(lowest_contrast(look.accent_on_dark, DARK_BACKGROUNDS)),
    }
