"""System checks of the security settings."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from config.checks import CHECK_TAG

KEY_LENGTH, KEY_LETTERS = 50, 5  # as Django's own check, security.W009, which only `check --deploy` runs
PATH_PATTERN = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*/")
PUBLIC_PREFIXES = (
    *(".well-known", "about", "accessibility", "api", "archive", "feeds", "latest", "look", "media", "news", "pages"),
    *("places", "preview", "providers", "search", "sitemaps", "static", "top", "topics"),
)


@register(CHECK_TAG)
def check_secret_key(**kwargs: Any) -> list[CheckMessage]:
    """Reject a weak secret key: anyone who guesses it can sign in as any user."""
    key = settings.SECRET_KEY
    is_weak = len(key) < KEY_LENGTH or len(set(key)) < KEY_LETTERS or key.startswith("django-insecure-")
    if settings.DEBUG or not is_weak:
        return []
    return [
        Error(
            f"SECRET_KEY can be guessed: it needs {KEY_LENGTH} random characters or more.",
            hint='Generate one: python3 -c "import secrets; print(secrets.token_urlsafe(50))"',
            id="accounts.E001",
        )
    ]


@register(CHECK_TAG)
def check_admin_path(**kwargs: Any) -> list[CheckMessage]:
    path = settings.ADMIN_PATH
    if PATH_PATTERN.fullmatch(path) and path.partition("/")[0] not in PUBLIC_PREFIXES:
        return []
    return [
        Error(
            f"ADMIN_PATH is {path}, which the admin can't use.",
            hint=f"Use letters, digits, - and _, but none of the public paths: {', '.join(PUBLIC_PREFIXES)}.",
            id="accounts.E002",
        )
    ]


@register(CHECK_TAG)
def check_mail(**kwargs: Any) -> list[CheckMessage]:
    """Reject mails whose links would lead wherever a request says that the site is."""
    if not settings.SENDS_MAIL or settings.SITE_URL:
        return []
    return [
        Error(
            "EMAIL_URL names a mail server, but SITE_URL doesn't say where links in mails lead.",
            hint="Set SITE_URL, for example https://news.example, or leave EMAIL_URL empty.",
            id="accounts.E003",
        )
    ]
