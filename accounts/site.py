"""The admin site: pages open after the password and, where there is one or a group requires it, the second factor."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from website.models import SiteLook

from . import lockout, views
from .app_list import by_section
from .confirmation import confirmation_required, is_protected
from .forms import SignInForm
from .list_requests import checked_list, is_list, known_field_required
from .second_factor import Step, is_enrolled, next_step

PAGE_OF_STEP = {Step.ENTER: "admin:second_step", Step.SET_UP: "admin:second_factor"}


class StaffAdminSite(AdminSite):
    login_form = SignInForm
    enable_nav_sidebar = False  # the home page and the header lead everywhere, on the desk's pages too

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and next_step(request) is Step.NONE

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        checked = checked_list(view) if is_list(view) else known_field_required(view)
        return super().admin_view(confirmation_required(checked) if is_protected(view) else checked, cacheable)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Return the context of every page: its header and title name the site, as publishers call it."""
        # lazy, so that parts of pages need no query
        name = SimpleLazyObject(lambda: _("%(name)s: newsroom") % {"name": SiteLook.current().site_name})
        return super().each_context(request) | {"site_header": name, "site_title": name}

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.GET.get("term", ""):  # PostgreSQL can't look for it, and nothing contains it
            return JsonResponse({"results": [], "pagination": {"more": False}})
        return super().autocomplete_view(request)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the models by section of the newsroom; of one app, as Django lists them."""
        apps = super().get_app_list(request, app_label)
        return apps if app_label else by_section(apps)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Ask for the password, or redirect users who have entered it to the second factor."""
        if request.method == "GET" and super().has_permission(request):
            page = PAGE_OF_STEP.get(next_step(request))
            if page:
                query = urlencode({"next": request.GET["next"]}) if "next" in request.GET else ""
                return HttpResponseRedirect(f"{reverse(page)}?{query}" if query else reverse(page))
        response = super().login(request, {"title": _("Sign in")} | (extra_context or {}))
        if request.method == "POST" and response.status_code == 302:
            lockout.remember_browser(request, response)
        return response

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        return super().logout(request, {"title": _("Signed out")} | (extra_context or {}))

    def password_change(  # type: ignore[override]  # Django's stubs leave out its redirect
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Change the user's password.

        The form asks for the old one, so only users with a second factor confirm who they are before.
        """
        if is_enrolled(request.user):
            return confirmation_required(self._change_password)(request, extra_context)
        return self._change_password(request, extra_context)

    def _change_password(self, request: HttpRequest, extra_context: dict[str, Any] | None) -> HttpResponse:
        """Change the user's password; wrong old ones are limited like those of a sign-in."""
        if request.method != "POST":
            return super().password_change(request, extra_context)
        if not lockout.count_attempt(request, lockout.confirmation_allowances(request.user)):
            return lockout.locked_out_response(request, None, None)
        response = super().password_change(request, extra_context)
        form = getattr(response, "context_data", {}).get("form")  # a redirect has none
        if form is None or "old_password" not in form.errors:
            lockout.take_back_attempt(request)
        return response

    def get_urls(self) -> list[URLPattern | URLResolver]:
        second_factor_urls = [
            path("second-step/", views.second_step, name="second_step"),
            path("second-factor/", views.second_factor, name="second_factor"),
        ]
        profile_url = path("profile/", self.admin_view(views.profile), name="profile")
        return [*second_factor_urls, profile_url, *super().get_urls()]
