"""Log sign-ins, sign-outs and failed sign-ins to the security log (OWASP ASVS 5.0.0, 16.3.1)."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

from config.client_ip import client_ip

UNKNOWN_USER = "(no such account)"

log = logging.getLogger("newsfold.security")


def connect_signals() -> None:
    user_logged_in.connect(_logged_in, dispatch_uid="log login")
    user_logged_out.connect(_logged_out, dispatch_uid="log logout")
    user_login_failed.connect(_login_failed, dispatch_uid="log failed login")


def _logged_in(request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    log.info("login", extra={"details": _details(request, user.get_username())})


def _logged_out(request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    log.info("logout", extra={"details": _details(request, user.get_username() if user else UNKNOWN_USER)})


def _login_failed(credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Log the account if there is one. Any other text may be a password typed into the wrong field."""
    field = get_user_model().USERNAME_FIELD
    name = str(credentials.get(field) or credentials.get("username") or "")
    # PostgreSQL refuses texts with NUL.
    exists = "\0" not in name and get_user_model()._default_manager.filter(**{field: name}).exists()
    log.warning("login failed", extra={"details": _details(request, name if exists else UNKNOWN_USER)})


def _details(request: HttpRequest | None, user: str) -> dict[str, object]:
    details: dict[str, object] = {"user": user}
    return details if request is None else details | {"client": client_ip(request)}
