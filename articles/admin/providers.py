"""Outlets: the admin of `providers`, whose changes are operations here, with a history."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from articles import operations
from providers.admin import ProviderAdmin
from providers.forms import process_upload
from providers.models import Provider

from .audit_log_admin import ReferenceAdminMixin

admin.site.unregister(Provider)


@admin.register(Provider)
class LoggedProviderAdmin(ReferenceAdminMixin, ProviderAdmin):
    history_url = "desk_provider_history"
    process_upload = staticmethod(process_upload)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        def write() -> None:
            super(LoggedProviderAdmin, self).save_related(request, form, formsets, change)

        operations.edit_logos(form.instance, write=write)
