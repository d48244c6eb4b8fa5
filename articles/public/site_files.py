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
    """Say where to report a security hole (RFC 9116): SECURITY_CONTACT, or the publisher's page `contact`."""
    contact = settings.SECURITY_CONTACT or _contact_url(request)
    if not contact:
        raise Http404
    expires = (timezone.now() + timedelta(days=SECURITY_TXT_DAYS)).astimezone(UTC)
    languages = ", ".join(dict.fromkeys([settings.LANGUAGE_CODE, "en"]))
    lines = [
        f"Contact: {contact}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        f"Preferred-Languages: {languages}",
        f"Canonical: {site_url(request)}{request.path}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def _contact_url(request: HttpRequest) -> str:
    """Return the URL of the page `contact`; empty without one, and without HTTPS, which RFC 9116 demands."""
    page, site = load_site().contact, site_url(request)
    return f"{site}{page.get_absolute_url()}" if page and site.startswith("https://") else ""
