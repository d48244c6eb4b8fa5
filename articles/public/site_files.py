"""Files that browsers and programs ask for by their usual names: icons, and where to report a security hole."""

from __future__ import annotations

from datetime import UTC, timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.utils import timezone
from django.views.decorators.http import require_safe

from .site_look import load_site
from .site_url import site_url

SECURITY_TXT_DAYS = 180  # that it says it holds, from each request on


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Lead browsers that ask for an icon by its usual name to the publisher's, or to ours."""
    icon = load_site().icon
    return redirect(icon.urls[0] if icon else static("articles/favicon.ico"))


@require_safe
def home_screen_icon(request: HttpRequest) -> HttpResponse:
    icon = load_site().icon
    return redirect(icon.urls[min(1, len(icon.urls) - 1)] if icon else static("articles/home-screen.png"))


@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """Say where to report a security hole (RFC 9116), if the site says so in SECURITY_CONTACT."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    expires = (timezone.now() + timedelta(days=SECURITY_TXT_DAYS)).astimezone(UTC)
    languages = ", ".join(dict.fromkeys([settings.LANGUAGE_CODE, "en"]))
    lines = [
        f"Contact: {settings.SECURITY_CONTACT}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        f"Preferred-Languages: {languages}",
        f"Canonical: {site_url(request)}{request.path}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
