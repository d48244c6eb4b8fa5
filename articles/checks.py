"""System checks: what Newsfold needs of the machine and the settings. Every command runs them first."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import yaml
from django.conf import settings
from django.core.checks import CheckMessage, Warning, register
from PIL import features

from config.checks import CHECK_TAG, error_if
from fetching.address_check import AllowedNetwork
from sandbox.confinement import missing_support

MIN_SQLITE = (3, 35)  # the first version with RETURNING, which returns the ids of new rows
PICTURE_FORMATS = {"jpg": "JPEG", "zlib": "PNG", "webp": "WebP", "avif": "AVIF"}  # Pillow's names, ours


@register(CHECK_TAG)
def check_yaml_loader(**kwargs: Any) -> list[CheckMessage]:
    """Require libyaml: the pure Python loader is ten times slower, and its error messages differ."""
    return error_if(
        not hasattr(yaml, "CSafeLoader"),
        "articles.E001",
        "PyYAML was built without libyaml, which reads the documents.",
        "Install PyYAML as a wheel (pip install --force-reinstall --only-binary :all: PyYAML), or install "
        "libyaml-dev before PyYAML is built.",
    )


@register(CHECK_TAG)
def check_sqlite(**kwargs: Any) -> list[CheckMessage]:
    if not any(database["ENGINE"].endswith("sqlite3") for database in settings.DATABASES.values()):
        return []
    return [
        *error_if(
            sqlite3.sqlite_version_info < MIN_SQLITE,
            "articles.E002",
            f"SQLite {sqlite3.sqlite_version} is too old: Newsfold needs 3.35 or newer.",
            "Use a Python that is built with a newer SQLite, or PostgreSQL (DATABASE_URL).",
        ),
        *error_if(
            not _has_fts5(),
            "articles.E004",
            "This SQLite has no FTS5, which the search needs.",
            "Use a Python that is built with a full SQLite, or PostgreSQL (DATABASE_URL).",
        ),
    ]


def _has_fts5() -> bool:
    with closing(sqlite3.connect(":memory:")) as memory:
        return bool(memory.execute("SELECT count(*) FROM pragma_module_list WHERE name = 'fts5'").fetchone()[0])


@register(CHECK_TAG)
def check_media_apart_from_static(**kwargs: Any) -> list[CheckMessage]:
    """Static files are served unchecked and cached for ever, so no pictures of other sites may be among them."""
    media, static = settings.BASE_DIR / settings.MEDIA_ROOT, settings.BASE_DIR / settings.STATIC_ROOT
    return error_if(
        media.is_relative_to(static) or static.is_relative_to(media),
        "articles.E003",
        f"MEDIA_ROOT ({media}) and STATIC_ROOT ({static}) must not contain each other.",
        "Use two separate folders, for example var/media and var/static.",
    )


@register(CHECK_TAG)
def check_picture_formats(**kwargs: Any) -> list[CheckMessage]:
    missing = [name for feature, name in PICTURE_FORMATS.items() if not features.check(feature)]
    if not missing:
        return []
    return [
        Warning(
            f"Pillow can't read {', '.join(missing)}, so such pictures are rejected.",
            hint="Install Pillow as a wheel: pip install --force-reinstall --only-binary :all: pillow",
            id="articles.W001",
        )
    ]


@register(CHECK_TAG)
def check_decoder_confinement(**kwargs: Any) -> list[CheckMessage]:
    reason = missing_support()
    if not reason:
        return []
    hint = "Use Linux with x86_64 or aarch64, or run such commands as a user who may read nothing else."
    return [
        Warning(
            f"The processes that decode pictures and read feeds aren't confined: {reason}.",
            hint=hint,
            id="articles.W002",
        )
    ]


@register(CHECK_TAG)
def check_picture_servers(**kwargs: Any) -> list[CheckMessage]:
    errors: list[CheckMessage] = []
    for text in settings.FETCH_SERVERS:
        try:
            AllowedNetwork.parse(text)
        except ValueError:
            errors += error_if(
                True,
                "articles.E020",
                f"FETCH_SERVERS names {text}, which is neither a network nor an address with a port.",
                "Write for example 10.1.0.0/16, 127.0.0.1:8001 or [::1]:8001, separated by commas.",
            )
    return errors


@register(CHECK_TAG, deploy=True)
def check_https(**kwargs: Any) -> list[CheckMessage]:
    if settings.HTTPS:
        return []
    return [
        Warning(
            "HTTPS is off: passwords and sessions cross the network in plain text.",
            hint="That is fine on your own machine. For any other site set HTTPS=true: docs/deploy/README.md.",
            id="articles.W003",
        )
    ]


@register(CHECK_TAG)
def check_hub(**kwargs: Any) -> list[CheckMessage]:
    return error_if(
        bool(settings.WEBSUB_HUB and not settings.SITE_URL),
        "articles.E011",
        "WEBSUB_HUB names a hub, but SITE_URL doesn't say where the feeds are.",
        "Set SITE_URL, for example https://news.example, or leave WEBSUB_HUB empty.",
    )


@register(CHECK_TAG)
def check_replica(**kwargs: Any) -> list[CheckMessage]:
    engines = {alias: database["ENGINE"] for alias, database in settings.DATABASES.items()}
    return error_if(
        engines.get("replica", engines["default"]) != engines["default"],
        "articles.E009",
        "REPLICA_URL names another kind of database than DATABASE_URL.",
        "A replica is a copy that follows the database, for example a standby of PostgreSQL.",
    )
