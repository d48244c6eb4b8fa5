"""The time zone in which each user reads and types times at the desk and in the admin.

Public pages show the site's zone to everyone: they are cached, and the same for all.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from .models import Profile

AREAS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


@cache
def zone_names() -> tuple[str, ...]:
    """Return the names of zones to choose from: UTC, and those named after a place."""
    return ("UTC", *sorted(name for name in available_timezones() if name.partition("/")[0] in AREAS))


def zone_of(user: Any) -> ZoneInfo | None:
    """Return the time zone that the user has chosen; None for the site's."""
    name = getattr(user, "time_zone", None)
    return ZoneInfo(name) if name and name in zone_names() else None


def choose_zone(user: Any, name: str) -> None:
    """Store the user's time zone; an empty name stands for the site's."""
    Profile.objects.update_or_create(user_id=user.pk, defaults={"time_zone": name})


class TimeZoneMiddleware:
    """Show and read times of the desk and the admin in the user's time zone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(f"/{settings.ADMIN_PATH}"):
            return self.get_response(request)
        with timezone.override(zone_of(request.user)):
            return self.get_response(request)
