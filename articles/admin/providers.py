"""Outlets: the admin of `providers`, whose changes are operations here, with a history."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from articles.acts import By, act
from articles.models import Verb, Via
from providers.admin import ProviderAdmin
from providers.models import Provider

from .logged import save_logged

admin.site.unregister(Provider)


@admin.register(Provider)
class LoggedProviderAdmin(ProviderAdmin):
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Save the rows of a list as one operation."""
        if request.method != "POST" or "_save" not in request.POST:
            return super().changelist_view(request, extra_context)
        with act(Verb.EDIT, By(request.user, Via.ADMIN)):
            return super().changelist_view(request, extra_context)

    def save_model(self, request: HttpRequest, obj: Provider, form: Any, change: bool) -> None:
        save_logged(request, obj, form, change)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        if not object_id.isdecimal():
            return super().history_view(request, object_id, extra_context)
        return redirect("desk_provider_history", int(object_id))
