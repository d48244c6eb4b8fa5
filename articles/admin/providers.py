"""Outlets: the admin of `providers`, whose changes are operations here, with a history."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from articles import operations
from providers.admin import ProviderAdmin
from providers.forms import take_up_upload
from providers.models import Provider

from .audit_log_admin import LoggedAdmin
from .uploads import take_up_first

admin.site.unregister(Provider)


@admin.register(Provider)
class LoggedProviderAdmin(LoggedAdmin, ProviderAdmin):
    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        take_up_first(self, request, object_id, take_up_upload)
        return super().changeform_view(request, object_id, *args, **kwargs)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        def write() -> None:
            super(LoggedProviderAdmin, self).save_related(request, form, formsets, change)

        operations.edit_logos(form.instance, write=write)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        if not object_id.isdecimal():
            return super().history_view(request, object_id, extra_context)
        return redirect("desk_provider_history", int(object_id))
