"""The callables that django-axes uses: the client's IP address, and the page shown during a lockout.

Ten wrong passwords within 15 minutes (AXES_FAILURE_LIMIT, AXES_COOLOFF_TIME in config/settings.py) lock sign-in for the
user name, from any client, and for the client, with any name. Unknown names are counted too, so no response reveals
which names exist.
"""

from __future__ import annotations

from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_failure_limit
from django.conf import settings
from django.contrib import admin
from django.db.models import Max, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from config.client_ip import client_ip

UNKNOWN_IP = "::"  # placeholder for an unknown IP address


def client_ip_for_axes(request: HttpRequest) -> str:
    """Return the IP address that failures count for: for IPv6 the network, as the other rate limits do."""
    client = client_ip(request)
    return UNKNOWN_IP if client == "unknown" else client


def locked_out_response(
    request: HttpRequest, original: HttpResponse | None, credentials: dict[str, Any] | None
) -> HttpResponse:
    """Return a 429 page that says when to try again and whom to contact."""
    ends = _last_failure(request, credentials) + settings.AXES_COOLOFF_TIME
    seconds = max(1, round((ends - timezone.now()).total_seconds()))
    context = {"ends": ends, "minutes": -(-seconds // 60), "tries": settings.AXES_FAILURE_LIMIT}
    response = render(request, "accounts/locked_out.html", admin.site.each_context(request) | context, status=429)
    response["Retry-After"] = str(seconds)
    return response


def _last_failure(request: HttpRequest, credentials: dict[str, Any] | None) -> Any:
    """Return the time of the last failure that counts towards a limit already reached."""
    handler = AxesProxyHandler.get_implementation()
    limit = get_failure_limit(request, credentials)
    totals = (
        attempts.aggregate(count=Sum("failures_since_start"), last=Max("attempt_time"))
        for attempts in handler.get_user_attempts(request, credentials)
    )
    return max((total["last"] for total in totals if (total["count"] or 0) >= limit), default=timezone.now())
