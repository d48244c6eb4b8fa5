"""The admin site: pages open after the password and, where there is one or a group requires it, the second factor."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, path, reverse

from . import views
from .second_factor import Step, next_step

PAGE_OF_STEP = {Step.ENTER: "admin:second_step", Step.SET_UP: "admin:second_factor"}


class StaffAdminSite(AdminSite):
    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and next_step(request) is Step.NONE

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Ask for the password, or redirect users who have entered it to the second factor."""
        if request.method == "GET" and super().has_permission(request):
            page = PAGE_OF_STEP.get(next_step(request))
            if page:
                query = urlencode({"next": request.GET["next"]}) if "next" in request.GET else ""
                return HttpResponseRedirect(f"{reverse(page)}?{query}" if query else reverse(page))
        return super().login(request, extra_context)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        second_factor_urls = [
            path("second-step/", views.second_step, name="second_step"),
            path("second-factor/", views.second_factor, name="second_factor"),
        ]
        return [*second_factor_urls, *super().get_urls()]
