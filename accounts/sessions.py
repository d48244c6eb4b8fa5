"""How long a session lasts: 8 hours without use, 24 hours in all, and until its user is signed out everywhere.

Only the staff have sessions. Who is signed in is looked up when a page asks for it, so readers' pages never do.
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

IDLE = timedelta(hours=8)  # also SESSION_COOKIE_AGE
WHOLE = timedelta(hours=24)
TOUCHED_EVERY = timedelta(minutes=10)  # using a session writes no more often than that
BEGUN, SEEN = "begun", "seen"  # seconds since 1970


class StaffMiddleware(AuthenticationMiddleware):
    """Django's own, with sessions that end. One whose time is over is deleted on the server."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: signed_in(request))  # type: ignore[assignment]


def signed_in(request: HttpRequest) -> Any:
    """Return the user of a session that is alive, and mark it as used; else nobody."""
    user = auth.get_user(request)
    if not user.is_authenticated:
        return user
    now = timezone.now()
    if is_over(request.session, user, now):
        request.session.flush()
        return AnonymousUser()
    if now - _time(request.session, SEEN) >= TOUCHED_EVERY:
        request.session[SEEN] = now.timestamp()
    return user


def is_over(session: SessionBase, user: Any, now: datetime) -> bool:
    begun = _time(session, BEGUN)
    is_signed_out = user.signed_out_at is not None and begun <= user.signed_out_at
    return is_signed_out or now - begun >= WHOLE or now - _time(session, SEEN) >= IDLE


def end_all(user: Any) -> None:
    """End all sessions of the user, on every machine."""
    SignOut.objects.update_or_create(user_id=user.pk, defaults={"at": timezone.now()})


def watch() -> None:
    """Begin to note when sessions begin, and to end those of who is switched off."""
    user_logged_in.connect(_begin, dispatch_uid="accounts.begin")
    post_save.connect(_end_if_inactive, sender=auth.get_user_model(), dispatch_uid="accounts.end")


def _begin(sender: Any, request: HttpRequest, **kwargs: Any) -> None:
    request.session[BEGUN] = request.session[SEEN] = timezone.now().timestamp()


def _end_if_inactive(sender: Any, instance: Any, created: bool, raw: bool, **kwargs: Any) -> None:
    if not (instance.is_active or created or raw):
        end_all(instance)


def _time(session: SessionBase, name: str) -> datetime:
    return datetime.fromtimestamp(session.get(name, 0), UTC)
