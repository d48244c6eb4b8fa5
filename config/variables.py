"""Read settings from environment variables. A value that can't be used stops the start with one sentence about it.

Values are taken as written: django-environ's own reading replaces one that begins with `$` by the variable of that
name, and takes any mistyped boolean for false. It still reads `.env` and parses the URLs of databases and caches. An
empty value counts as not set.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from django.core.exceptions import ImproperlyConfigured
from environ import Env

BOOLEANS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
DATABASE_SCHEMES = ("sqlite", "postgres", "postgresql", "psql", "pgsql")
MAIL_SCHEMES = ("smtp", "smtps", "smtp+tls", "smtp+ssl", "consolemail")
CACHE_SCHEMES = ("locmemcache", "redis", "rediss", "dummycache")
SHOWN_MAX = 100  # characters of a value in a message


def read_file(path: Path) -> None:
    """Read variables that the environment doesn't have from a file, if it exists."""
    try:
        Env.read_env(path)
    except UnicodeDecodeError:
        raise ImproperlyConfigured(f"{path} is not a text in UTF-8") from None


def start_up_message(error: Exception) -> str:
    """Return what to say when a process can't start with its settings."""
    if "psycopg" in str(error):
        hint = "PostgreSQL needs its client: pip install --require-hashes -r config/requirements-services.lock"
    else:
        hint = ".env.example explains each of them."
    return f"The settings can't be used: {error}. {hint}"


def text(name: str, default: str = "", *, may_be_empty: bool = False) -> str:
    value = os.environ.get(name)
    if value is None or not (value or may_be_empty):
        return default
    if not value.isascii() and not _is_unicode(value):
        raise ImproperlyConfigured(f"{name} is not a text in UTF-8")
    return value


def boolean(name: str, default: bool) -> bool:
    value = text(name).strip()
    if not value:
        return default
    if value.lower() not in BOOLEANS:
        raise _invalid(name, value, "it must be true or false")
    return BOOLEANS[value.lower()]


def number(name: str, default: int, minimum: int, maximum: int) -> int:
    value = text(name).strip()
    if not value:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", value) or not minimum <= int(value) <= maximum:
        raise _invalid(name, value, f"it must be a whole number from {minimum} to {maximum}")
    return int(value)


def seconds(name: str, default: float, maximum: int) -> float:
    value = text(name).strip()
    if not value:
        return default
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value) or not 0 < float(value) <= maximum:
        raise _invalid(name, value, f"it must be a number of seconds above 0, up to {maximum}")
    return float(value)


def choice(name: str, default: str, allowed: Sequence[str]) -> str:
    """Return one of `allowed`, written as there; upper and lower case don't matter in the variable."""
    value = text(name).strip()
    if not value:
        return default
    for option in allowed:
        if option.lower() == value.lower():
            return option
    raise _invalid(name, value, f"it must be {', '.join(allowed[:-1])} or {allowed[-1]}")


def zone(name: str, default: str) -> str:
    value = text(name).strip() or default
    try:
        return ZoneInfo(value).key
    except (LookupError, ValueError, OSError):
        raise _invalid(name, value, "it must be a time zone that this machine knows, as Europe/Berlin") from None


def path(name: str, default: Path) -> str:
    """Return an absolute path; a relative one begins at the directory in which the process starts."""
    return os.path.abspath(text(name) or default)


def matching(name: str, pattern: re.Pattern[str], allowed: str, *, is_secret: bool = False) -> str:
    """Return a value that the pattern matches, with a valid host if it is a URL; without a value, an empty string."""
    value = text(name).strip()
    if value and not (pattern.fullmatch(value) and _has_valid_host(value)):
        raise _secret(name, allowed) if is_secret else _invalid(name, value, allowed)
    return value


def listing(name: str, pattern: re.Pattern[str], allowed: str, default: Sequence[str] = ()) -> list[str]:
    """Return values that commas separate, each of which the pattern matches."""
    values = [value.strip() for value in text(name).split(",") if value.strip()]
    for value in values:
        if not (pattern.fullmatch(value) and _has_valid_host(value)):
            raise _invalid(name, value, allowed)
    return values or list(default)


def address(name: str, default: str) -> str:
    """Return where a server listens: a host and a port, or a socket in the file system."""
    value = text(name).strip() or default
    host, colon, port = value.rpartition(":")
    if re.fullmatch(r"unix:/\S+|fd://[0-9]+", value):
        return value
    is_host = re.fullmatch(r"[A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\]", host)
    if not colon or not is_host or not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) < 65536:
        raise _invalid(name, value, "it must be a host and a port, as 127.0.0.1:8000, or unix:/path")
    return value


def database(name: str, default: str = "") -> dict[str, Any]:
    """Return Django's settings for the database at a URL; none without a URL."""
    allowed = "it must be postgres://user:password@host:5432/name, sqlite:////absolute/path or sqlite:///relative/path"
    url = text(name).strip() or default
    if not url:
        return {}
    scheme, _, rest = url.partition("://")
    has_host = not rest.startswith("/")
    if scheme not in DATABASE_SCHEMES or (scheme == "sqlite" and has_host and rest not in ("", ":memory:")):
        raise _secret(name, allowed)
    try:
        settings: dict[str, Any] = Env.db_url_config(url)
    except ValueError:  # a port that is no number
        raise _secret(name, allowed) from None
    if not settings["NAME"] and "service" not in settings.get("OPTIONS", {}):
        raise _secret(name, allowed)
    return settings


def cache(name: str, default: str) -> dict[str, Any]:
    """Return Django's settings for the cache at a URL."""
    allowed = "it must be redis://:password@host:6379/0, rediss:// for TLS, or locmemcache://"
    url = text(name).strip() or default
    try:
        parts = urlsplit(url)
        is_complete = parts.hostname or parts.path or not parts.scheme.startswith("redis")
        if parts.scheme not in CACHE_SCHEMES or parts.port == 0 or not is_complete:
            raise _secret(name, allowed)
    except ValueError:  # a port that is no number
        raise _secret(name, allowed) from None
    settings: dict[str, Any] = Env.cache_url_config(url)
    return settings


def mail(name: str) -> dict[str, Any]:
    """Return Django's settings for the mail server at a URL; none without a URL."""
    allowed = "it must be smtp+tls://user:password@host:587, smtp+ssl://, smtp:// or consolemail://"
    url = text(name).strip()
    if not url:
        return {}
    try:
        parts = urlsplit(url)
        is_complete = parts.scheme == "consolemail" or (parts.hostname and parts.port != 0)
    except ValueError:  # a port that is no number
        is_complete = False
    if not is_complete or parts.scheme not in MAIL_SCHEMES:
        raise _secret(name, allowed)
    settings: dict[str, Any] = Env.email_url_config(url)
    return settings


def _has_valid_host(value: str) -> bool:
    """Return whether a URL has a host, and no port or one from 1 to 65535, and so has the endpoint of a bucket.

    Other values have nothing to check.
    """
    if "://" not in value:
        return True
    try:
        parts = urlsplit(value)
        endpoints = parse_qs(parts.query).get("endpoint", []) if parts.scheme == "s3" else []
        return (
            bool(parts.hostname)
            and parts.port != 0
            and all(url.startswith(("http://", "https://")) and _has_valid_host(url) for url in endpoints)
        )
    except ValueError:  # a port that is no number or too large, or half a pair of brackets
        return False


def _is_unicode(value: str) -> bool:
    """Return whether a value was UTF-8: Python keeps other bytes as lone surrogates."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _invalid(name: str, value: str, allowed: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} is {value[:SHOWN_MAX]!r}; {allowed}")


def _secret(name: str, allowed: str) -> ImproperlyConfigured:
    """Return an error that doesn't show the value, which may contain a password."""
    return ImproperlyConfigured(f"{name} has a value that can't be used; {allowed}")
