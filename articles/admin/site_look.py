"""The look of the site: one form, saved as one operation."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from articles import operations
from articles.public.site_look import load_site
from website.models import SiteLook

from .audit_log_admin import AuditLogAdminMixin
from .site_look_form import UPLOADS, SiteLookForm


@admin.register(SiteLook)
class SiteLookAdmin(AuditLogAdminMixin, admin.ModelAdmin):
    form = SiteLookForm
    history_url = "desk_look_history"
    fieldsets = (
        (_("Name"), {"fields": ["name", "tagline"]}),
        (_("Pictures"), {"fields": ["logo_upload", "remove_logo", "icon_upload", "remove_icon"]}),
        (_("Colours"), {"fields": ["accent", "accent_dark"]}),
        (_("Menu and footer"), {"fields": ["menu", "footer_links", "footer_text"]}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: SiteLook | None = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return redirect("admin:website_sitelook_change", 1)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> SiteLook | None:
        """Return the one look, unsaved until somebody saves it."""
        return super().get_object(request, object_id, from_field) or (SiteLook(pk=1) if object_id == "1" else None)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out the uploads for those who may only look."""
        if self.has_change_permission(request, obj):
            return self.fieldsets
        return [(title, options) for title, options in self.fieldsets if "logo_upload" not in options["fields"]]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
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
