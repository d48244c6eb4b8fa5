"""What must be true of the machine before Newsfold runs on it; every command asks first, `check` only that."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import Any
from zoneinfo import available_timezones

import yaml
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from PIL import features

from articles.api.items import API_EDITIONS
from config.checks import CHECK_TAG
from fetching.address_check import AllowedNetwork

API_PAGE_SIZE_MAX = 1000  # articles in one answer of the API
OLDEST_SQLITE = (3, 35)  # the first with RETURNING, so that new rows come back with their ids
SITE_URL_PATTERN = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+/?")
HUB_PATTERN = re.compile(r"https?://[^\s<>\"]+")
PICTURE_FORMATS = {"jpg": "JPEG", "zlib": "PNG", "webp": "WebP", "avif": "AVIF"}  # Pillow's names, ours


@register(CHECK_TAG)
def check_yaml_loader(**kwargs: Any) -> list[CheckMessage]:
    """Documents are read by libyaml: the pure Python loader is ten times slower and words its errors otherwise."""
    if hasattr(yaml, "CSafeLoader"):
        return []
    return [
        Error(
            "PyYAML has no libyaml, which reads the documents.",
            hint="Install PyYAML as a wheel (pip install --force-reinstall --only-binary :all: PyYAML), or install "
            "libyaml-dev before PyYAML is built.",
            id="articles.E001",
        )
    ]


@register(CHECK_TAG)
def check_sqlite_version(**kwargs: Any) -> list[CheckMessage]:
    uses_sqlite = any(database["ENGINE"].endswith("sqlite3") for database in settings.DATABASES.values())
    if not uses_sqlite or sqlite3.sqlite_version_info >= OLDEST_SQLITE:
        return []
    return [
        Error(
            f"SQLite {sqlite3.sqlite_version} is too old: Newsfold needs 3.35 or newer.",
            hint="Use a Python that is built with a newer SQLite, or PostgreSQL (DATABASE_URL).",
            id="articles.E002",
        )
    ]


@register(CHECK_TAG)
def check_sqlite_full_text(**kwargs: Any) -> list[CheckMessage]:
    uses_sqlite = any(database["ENGINE"].endswith("sqlite3") for database in settings.DATABASES.values())
    if not uses_sqlite or _has_fts5():
        return []
    return [
        Error(
            "This SQLite has no FTS5, which the search is made of.",
            hint="Use a Python that is built with a full SQLite, or PostgreSQL (DATABASE_URL).",
            id="articles.E004",
        )
    ]


def _has_fts5() -> bool:
    with closing(sqlite3.connect(":memory:")) as memory:
        return bool(memory.execute("SELECT count(*) FROM pragma_module_list WHERE name = 'fts5'").fetchone()[0])


@register(CHECK_TAG)
def check_media_apart_from_static(**kwargs: Any) -> list[CheckMessage]:
    """Static files are served as they are and for ever; pictures from outside may not land among them."""
    media, static = settings.BASE_DIR / settings.MEDIA_ROOT, settings.BASE_DIR / settings.STATIC_ROOT
    if not (media.is_relative_to(static) or static.is_relative_to(media)):
        return []
    return [
        Error(
            f"MEDIA_ROOT ({media}) and STATIC_ROOT ({static}) lie in each other.",
            hint="Give each a folder of its own, for example var/media and var/static.",
            id="articles.E003",
        )
    ]


@register(CHECK_TAG)
def check_api_settings(**kwargs: Any) -> list[CheckMessage]:
    wrong = []
    if settings.API_EDITION not in API_EDITIONS:
        wrong.append(f"API_EDITION is {settings.API_EDITION}; it must be one of {', '.join(API_EDITIONS)}.")
    if settings.API_TIME_ZONE not in available_timezones():
        wrong.append(f"API_TIME_ZONE is {settings.API_TIME_ZONE}, of which this machine knows nothing.")
    for name in ("API_PAGE_SIZE", "API_TOPIC_PAGE_SIZE"):
        if not 1 <= getattr(settings, name) <= API_PAGE_SIZE_MAX:
            wrong.append(f"{name} is {getattr(settings, name)}; it must be from 1 to {API_PAGE_SIZE_MAX}.")
    return [Error(text, hint="docs/settings.md explains the API's settings.", id="articles.E005") for text in wrong]


@register(CHECK_TAG)
def check_picture_formats(**kwargs: Any) -> list[CheckMessage]:
    missing = [name for feature, name in PICTURE_FORMATS.items() if not features.check(feature)]
    if not missing:
        return []
    return [
        Warning(
            f"Pillow can't read {', '.join(missing)}, so such pictures are refused.",
            hint="Install Pillow as a wheel: pip install --force-reinstall --only-binary :all: pillow",
            id="articles.W001",
        )
    ]


@register(CHECK_TAG)
def check_picture_servers(**kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for text in settings.PICTURE_SERVERS:
        try:
            AllowedNetwork.parse(text)
        except ValueError:
            found.append(
                Error(
                    f"PICTURE_SERVERS names {text}, which is neither a network nor an address with a port.",
                    hint="Write for example 10.1.0.0/16, 127.0.0.1:8001 or [::1]:8001, separated by commas.",
                    id="articles.E020",
                )
            )
    return found


@register(CHECK_TAG)
def check_site_url(**kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.SITE_URL and not SITE_URL_PATTERN.fullmatch(settings.SITE_URL):
        found.append(
            Error(
                f"SITE_URL is {settings.SITE_URL}, which is not the address of a site.",
                hint="Write scheme and host and nothing else, for example https://news.example.",
                id="articles.E010",
            )
        )
    if settings.WEBSUB_HUB and not settings.SITE_URL:
        found.append(
            Error(
                "WEBSUB_HUB names a hub, but SITE_URL doesn't say where the feeds are that it is told of.",
                hint="Set SITE_URL, for example https://news.example, or leave WEBSUB_HUB empty.",
                id="articles.E011",
            )
        )
    if settings.WEBSUB_HUB and not HUB_PATTERN.fullmatch(settings.WEBSUB_HUB):
        found.append(
            Error(
                f"WEBSUB_HUB is {settings.WEBSUB_HUB}, which is not a web address.",
                hint="Write the hub's whole address, for example https://hub.example/.",
                id="articles.E012",
            )
        )
    return found


@register(CHECK_TAG)
def check_replica(**kwargs: Any) -> list[CheckMessage]:
    engines = {alias: database["ENGINE"] for alias, database in settings.DATABASES.items()}
    if engines.get("replica", engines["default"]) == engines["default"]:
        return []
    return [
        Error(
            "REPLICA_URL names another kind of database than DATABASE_URL.",
            hint="A replica is a copy that follows the database, for example a standby of PostgreSQL.",
            id="articles.E009",
        )
    ]
