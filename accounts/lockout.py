"""Limits on wrong passwords, as the handler and the callables that django-axes is configured with.

An attempt is counted before its password is checked, and taken back if the password is right. So requests that arrive
together can't check more passwords than the limit, in whatever process and on either database.

A browser that has signed in as a user keeps a signed cookie, and its attempts for that name are counted by themselves
(OWASP calls it a device cookie): strangers who guess can't lock it out. All other browsers share a limit for their
network and one for the name, which is larger, so that one network can't use it up. Unknown names are counted too, so no
response reveals which names exist.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from axes.handlers.database import AxesDatabaseHandler
from django.conf import settings
from django.contrib import admin
from django.db import transaction
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from config.client_ip import client_ip

from .models import USERNAME_MAX, AttemptCounter

UNKNOWN_IP = "::"  # placeholder for an unknown IP address
NAME_LIMIT = 30  # for one name from all networks; AXES_FAILURE_LIMIT for anything else
BROWSER_SALT = "accounts.known_browser"
BROWSER_SECONDS = 90 * 24 * 3600
Kind = AttemptCounter.Kind


class Allowance(NamedTuple):
    """What an attempt counts towards, and how many attempts are allowed in AXES_COOLOFF_TIME."""

    kind: str
    value: str
    limit: int


class LockoutHandler(AxesDatabaseHandler):  # type: ignore[misc]  # axes has no types
    """Count attempts before their passwords are checked. Axes records the failures, for the list in the admin."""

    def is_allowed(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        """Count the attempt, and return whether its password may be checked."""
        return count_attempt(request, _allowances(request, credentials))

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Return the attempts on the scale of AXES_FAILURE_LIMIT, which any full counter reaches."""
        return max(
            (counter.count * settings.AXES_FAILURE_LIMIT // limit for counter, limit in _counters(request)), default=0
        )

    def user_logged_in(self, sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
        take_back_attempt(request)
        super().user_logged_in(sender, request, user, **kwargs)

    def reset_attempts(
        self, *, ip_address: str | None = None, username: str | None = None, ip_or_username: bool = False
    ) -> int:
        """Unlock what axes' own commands name, too."""
        counters = AttemptCounter.objects.all()
        if ip_address is not None or username is not None:
            of_network = Q(kind=Kind.NETWORK, value=ip_address)
            counters = counters.filter(of_network | AttemptCounter.of_user(username) if username else of_network)
        counters.delete()
        return super().reset_attempts(ip_address=ip_address, username=username, ip_or_username=ip_or_username)

    def reset_logs(self, *, age_days: int | None = None) -> int:
        """Delete counters that count no longer, too."""
        AttemptCounter.objects.filter(started_at__lte=timezone.now() - settings.AXES_COOLOFF_TIME).delete()
        return super().reset_logs(age_days=age_days)


def count_attempt(request: HttpRequest, allowances: list[Allowance]) -> bool:
    """Count an attempt, unless a limit is reached already; return whether it was counted.

    Its transaction ends before the password is checked: the lock on the counters is held for a few statements.
    """
    now = timezone.now()
    request.attempt_allowances = allowances  # type: ignore[attr-defined]
    with transaction.atomic():
        keys = [(allowance.kind, allowance.value) for allowance in allowances]
        for kind, value in sorted(keys):  # in one order, so that two attempts never wait for each other
            AttemptCounter.objects.get_or_create(kind=kind, value=value, defaults={"started_at": now})
        counters = _counters(request, lock=True)
        for counter, _ in counters:
            if counter.started_at <= now - settings.AXES_COOLOFF_TIME:
                counter.started_at, counter.count = now, 0
        if any(counter.count >= limit for counter, limit in counters):
            return False
        for counter, _ in counters:
            counter.count += 1
            counter.save()
    return True


def take_back_attempt(request: HttpRequest) -> None:
    """Don't count the attempt of this request: its password was right."""
    for counter, _ in _counters(request):
        AttemptCounter.objects.filter(pk=counter.pk, count__gt=0).update(count=F("count") - 1)
    request.attempt_allowances = []  # type: ignore[attr-defined]


def unlock(user: Any) -> None:
    """Allow the user's name again. Networks stay locked: other names may have been tried from them."""
    AttemptCounter.objects.filter(AttemptCounter.of_user(user.get_username())).delete()


def confirmation_allowances(user: Any) -> list[Allowance]:
    """Return the limit for passwords that somebody signed in as the user enters again.

    It is separate from sign-in, so neither locks the other.
    """
    return [Allowance(Kind.CONFIRMATION, user.get_username(), settings.AXES_FAILURE_LIMIT)]


def username_for_axes(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """Return the name as it is counted and recorded: no longer than names can be."""
    name = (credentials or request.POST).get("username") or ""
    return str(name).replace("\0", "")[:USERNAME_MAX]


def client_ip_for_axes(request: HttpRequest) -> str:
    """Return the IP address that failures count for: for IPv6 the network, as the other rate limits do."""
    client = client_ip(request)
    return UNKNOWN_IP if client == "unknown" else client


def remember_browser(request: HttpRequest, response: HttpResponse) -> None:
    """Give the browser of a user who has signed in its cookie, unless it has it."""
    username = request.user.get_username()
    if not _known_browser(request, username):
        response.set_signed_cookie(
            settings.BROWSER_COOKIE_NAME,
            f"{secrets.token_hex(16)} {username}",
            salt=BROWSER_SALT,
            max_age=BROWSER_SECONDS,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )


def is_known_browser(request: HttpRequest) -> bool:
    """Return whether somebody has signed in with this browser."""
    return bool(_browser_cookie(request))


def seconds_left(request: HttpRequest) -> int:
    """Return how long the attempts of this request stay refused: until the last of the full counters ends."""
    began = [counter.started_at for counter, limit in _counters(request) if counter.count >= limit]
    ends = max(began, default=timezone.now()) + settings.AXES_COOLOFF_TIME
    return max(1, round((ends - timezone.now()).total_seconds()))


def minutes(seconds: int) -> int:
    return -(-seconds // 60)


def locked_out_response(
    request: HttpRequest, original: HttpResponse | None, credentials: dict[str, Any] | None
) -> HttpResponse:
    """Return a 429 page that says when to try again and whom to contact."""
    seconds = seconds_left(request)
    context = {"ends": timezone.now() + timedelta(seconds=seconds), "minutes": minutes(seconds)}
    response = render(request, "accounts/locked_out.html", admin.site.each_context(request) | context, status=429)
    response["Retry-After"] = str(seconds)
    return response


def _allowances(request: HttpRequest, credentials: dict[str, Any] | None) -> list[Allowance]:
    username, limit = username_for_axes(request, credentials), settings.AXES_FAILURE_LIMIT
    browser = _known_browser(request, username)
    if browser:
        return [Allowance(Kind.BROWSER, browser, limit)]
    return [
        Allowance(Kind.NETWORK, client_ip_for_axes(request), limit),
        Allowance(Kind.NAME, username, NAME_LIMIT),
    ]


def _known_browser(request: HttpRequest, username: str) -> str:
    """Return the value of the browser's cookie if it signed in with this name; else an empty text."""
    value = _browser_cookie(request)
    return value if value and value.partition(" ")[2] == username else ""


def _browser_cookie(request: HttpRequest) -> str:
    return request.get_signed_cookie(settings.BROWSER_COOKIE_NAME, "", salt=BROWSER_SALT, max_age=BROWSER_SECONDS) or ""


def _counters(request: HttpRequest, *, lock: bool = False) -> list[tuple[AttemptCounter, int]]:
    """Return what the attempt of this request counts towards, each with its limit."""
    allowances = getattr(request, "attempt_allowances", [])
    if not allowances:
        return []
    limits = {(allowance.kind, allowance.value): allowance.limit for allowance in allowances}
    keys = reduce(or_, (Q(kind=kind, value=value) for kind, value in limits))
    counters = AttemptCounter.objects.filter(keys).order_by("kind", "value")
    if lock:
        counters = counters.select_for_update()
    return [(counter, limits[counter.kind, counter.value]) for counter in counters]
