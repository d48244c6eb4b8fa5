"""What django-axes asks of us: whom a failed login counts for, and what is said once there were too many.

Ten wrong passwords within 15 minutes close the login, for the name wherever they came from, and for the address
whatever names it tried. Names that nobody has are counted alike, so that no answer tells which there are.
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

NOWHERE = "::"  # the address of a client whose address nobody tells


def address_of(request: HttpRequest) -> str:
    """Return the address that a login counts for: as for searches and the API, of IPv6 the network."""
    client = client_ip(request)
    return NOWHERE if client == "unknown" else client


def closed(request: HttpRequest, original: HttpResponse | None, credentials: dict[str, Any] | None) -> HttpResponse:
    """Return the page that says when to try again, and whom to ask."""
    ends = _last_failure(request, credentials) + settings.AXES_COOLOFF_TIME
    seconds = max(1, round((ends - timezone.now()).total_seconds()))
    context = {"ends": ends, "minutes": -(-seconds // 60), "tries": settings.AXES_FAILURE_LIMIT}
    response = render(request, "accounts/closed.html", admin.site.each_context(request) | context, status=429)
    response["Retry-After"] = str(seconds)
    return response


def _last_failure(request: HttpRequest, credentials: dict[str, Any] | None) -> Any:
    """Return the time of the last failure that counts towards a limit which is reached."""
    handler = AxesProxyHandler.get_implementation()
    limit = get_failure_limit(request, credentials)
    found = (
        attempts.aggregate(count=Sum("failures_since_start"), last=Max("attempt_time"))
        for attempts in handler.get_user_attempts(request, credentials)
    )
    return max((each["last"] for each in found if (each["count"] or 0) >= limit), default=timezone.now())
