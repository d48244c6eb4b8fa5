"""The admin's own site: a page opens once password and, where one is owed, second factor are there."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, path, reverse

from . import views
from .second_factor import Step, step

PAGES = {Step.ENTER: "admin:second_step", Step.SET_UP: "admin:second_factor"}


class StaffSite(AdminSite):
    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and step(request) is Step.NONE

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        """Ask for the password; who has given it already, for what else is missing."""
        if request.method == "GET" and super().has_permission(request):
            page = PAGES.get(step(request))
            if page:
                query = urlencode({"next": request.GET["next"]}) if "next" in request.GET else ""
                return HttpResponseRedirect(f"{reverse(page)}?{query}" if query else reverse(page))
        return super().login(request, extra_context)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        own = [
            path("second-step/", views.second_step, name="second_step"),
            path("second-factor/", views.second_factor, name="second_factor"),
        ]
        return [*own, *super().get_urls()]
