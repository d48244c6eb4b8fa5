"""System checks of the settings for metrics and error reports."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from config.checks import CHECK_TAG, error_if

from .sentry import is_installed

TOKEN_MIN = 16  # characters


@register(CHECK_TAG)
def check_metrics_token(**kwargs: Any) -> list[CheckMessage]:
    token = settings.METRICS_TOKEN
    is_fine = len(token) >= TOKEN_MIN and token.isascii() and token.isprintable() and " " not in token
    return error_if(
        bool(token) and not is_fine,
        "articles.E041",
        f"METRICS_TOKEN is too easily guessed: it needs {TOKEN_MIN} characters or more, of ASCII without spaces.",
        'Make one: python3 -c "import secrets; print(secrets.token_urlsafe(32))"',
    )


@register(CHECK_TAG)
def check_sentry(**kwargs: Any) -> list[CheckMessage]:
    if not settings.SENTRY_DSN:
        return []
    if not is_installed():
        return [
            Error(
                "SENTRY_DSN says where to report errors, but the package sentry-sdk isn't installed.",
                hint="pip install --require-hashes -r config/requirements-services.lock, or leave SENTRY_DSN empty.",
                id="articles.E042",
            )
        ]
    from sentry_sdk.utils import BadDsn, Dsn  # noqa: PLC0415  only installed with Sentry

    try:
        Dsn(settings.SENTRY_DSN)
    except BadDsn as error:
        return [
            Error(
                f"SENTRY_DSN can't be used: {error}.",
                hint="Write it as Sentry shows it: https://key@host/project.",
                id="articles.E043",
            )
        ]
    return []
