"""System checks of the security settings."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, register

from config.checks import CHECK_TAG, error_if

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
    return error_if(
        is_weak and not settings.DEBUG,
        "accounts.E001",
        f"SECRET_KEY can be guessed: it needs {KEY_LENGTH} random characters or more.",
        'Generate one: python3 -c "import secrets; print(secrets.token_urlsafe(50))"',
    )


@register(CHECK_TAG)
def check_admin_path(**kwargs: Any) -> list[CheckMessage]:
    path = settings.ADMIN_PATH
    return error_if(
        not PATH_PATTERN.fullmatch(path) or path.partition("/")[0] in PUBLIC_PREFIXES,
        "accounts.E002",
        f"ADMIN_PATH is {path}, which the admin can't use.",
        f"Use letters, digits, - and _, but none of the public paths: {', '.join(PUBLIC_PREFIXES)}.",
    )


@register(CHECK_TAG)
def check_mail(**kwargs: Any) -> list[CheckMessage]:
    """Reject mails whose links would lead wherever a request says that the site is."""
    return error_if(
        settings.SENDS_MAIL and not settings.SITE_URL,
        "accounts.E003",
        "EMAIL_URL names a mail server, but SITE_URL doesn't say where links in mails lead.",
        "Set SITE_URL, for example https://news.example, or leave EMAIL_URL empty.",
    )
