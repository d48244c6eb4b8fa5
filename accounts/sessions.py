"""Session lifetime: 8 hours without use, 24 hours in all, and at most until its user is signed out everywhere.

Only staff have sessions. The user is loaded lazily, so public pages never query it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import auth
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.base import SessionBase
from django.db.models.signals import post_save
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from .models import SignOut

IDLE_TIMEOUT = timedelta(hours=8)  # also SESSION_COOKIE_AGE
ABSOLUTE_TIMEOUT = timedelta(hours=24)
TOUCH_INTERVAL = timedelta(minutes=10)  # the last use is stored at most this often
CONFIRMATION_LIFETIME = timedelta(minutes=10)  # how long a check of the password counts
# Session keys; the values are seconds since 1970.
STARTED_KEY, LAST_SEEN_KEY, CONFIRMED_KEY = "begun", "seen", "confirmed"


class StaffMiddleware(AuthenticationMiddleware):
    """Django's own, with sessions that expire. An expired session is deleted on the server."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: authenticated_user(request))  # type: ignore[assignment]


def authenticated_user(request: HttpRequest) -> Any:
    """Return the user of an unexpired session and record its use; else an anonymous user."""
    user = auth.get_user(request)
    if not user.is_authenticated:
        return user
    now = timezone.now()
    if is_expired(request.session, user, now):
        request.session.flush()
        return AnonymousUser()
    if now - _time(request.session, LAST_SEEN_KEY) >= TOUCH_INTERVAL:
        request.session[LAST_SEEN_KEY] = now.timestamp()
    request.signed_in_user = user  # type: ignore[attr-defined]  # for the log, which must not cause a query
    return user


def is_expired(session: SessionBase, user: Any, now: datetime) -> bool:
    started_at = _time(session, STARTED_KEY)
    is_signed_out = user.signed_out_at is not None and started_at <= user.signed_out_at
    is_too_old = now - started_at >= ABSOLUTE_TIMEOUT
    return is_signed_out or is_too_old or now - _time(session, LAST_SEEN_KEY) >= IDLE_TIMEOUT


def is_recently_confirmed(session: SessionBase) -> bool:
    """Return whether the password was checked in the last ten minutes, at sign-in or since."""
    return timezone.now() - _time(session, CONFIRMED_KEY) < CONFIRMATION_LIFETIME


def record_confirmation(session: SessionBase) -> None:
    """Record that the password was checked, under a new session key: a stolen one doesn't profit."""
    session.cycle_key()
    session[CONFIRMED_KEY] = timezone.now().timestamp()


def end_all_sessions(user: Any) -> None:
    SignOut.objects.update_or_create(user_id=user.pk, defaults={"at": timezone.now()})


def connect_signals() -> None:
    """Record when sessions start, and end the sessions of users who become inactive."""
    user_logged_in.connect(_record_start, dispatch_uid="accounts.begin")
    post_save.connect(_end_if_inactive, sender=auth.get_user_model(), dispatch_uid="accounts.end")


def _record_start(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    now = timezone.now().timestamp()
    request.session.update({STARTED_KEY: now, LAST_SEEN_KEY: now, CONFIRMED_KEY: now})
    request.signed_in_user = user  # type: ignore[attr-defined]


def _end_if_inactive(sender: Any, instance: Any, created: bool, raw: bool, **kwargs: Any) -> None:
    if not (instance.is_active or created or raw):
        end_all_sessions(instance)


def _time(session: SessionBase, name: str) -> datetime:
    return datetime.fromtimestamp(session.get(name, 0), UTC)
