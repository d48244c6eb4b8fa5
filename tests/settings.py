"""The project's settings with a fixed environment, so that tests don't depend on a developer's .env."""

import os
import re


def worker_cache(url: str) -> str:
    """Return the URL with a different Redis database (of 16) for each worker, because tests clear their cache."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return re.sub(r"/(\d+)$", lambda number: f"/{(int(number[1]) + worker) % 16}", url)


os.environ.update(
    SECRET_KEY="for-tests-only-" + "0123456789abcdefghijklmnopqrstuvwxyz",
    DEBUG="false",
    HTTPS="false",
    ALLOWED_HOSTS="testserver,localhost,127.0.0.1",
    DATABASE_URL=os.environ.get("TEST_DATABASE_URL", "sqlite:///:memory:"),
    ADMIN_PATH="admin/",
    CACHE_URL=worker_cache(os.environ.get("TEST_CACHE_URL", "locmemcache://")),
    REPLICA_URL="",
    MEDIA_STORAGE="",
    TIME_ZONE="UTC",
    HEADLINE_TARGET="source",
    SITE_URL="",
    EMAIL_URL="",
    EMAIL_FROM="",
    SECURITY_CONTACT="",
    WEBSUB_HUB="",
    FETCH_SERVERS="",
    INDEX_SINGLE_STORIES="false",
    BEHIND_PROXY="false",
    API_EDITION="2024",
    API_TIME_ZONE="UTC",
    API_PAGE_SIZE="25",
    API_TOPIC_PAGE_SIZE="25",
    API_SOURCE_URL="",
    API_VIDEO_URL="",
    API_RATE="0",
    SEARCH_RATE="0",
    LOG_FORMAT="plain",
    LOG_LEVEL="WARNING",
    LOG_ACCESS="false",
    METRICS_TOKEN="",
    SENTRY_DSN="",
    SENTRY_RELEASE="tests",  # otherwise its client runs git
)

from config.settings import *  # noqa: E402, F403

INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks"]  # noqa: F405
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_AUTOREFRESH = True  # or each test client would read all static files
STORAGES["staticfiles"] = {  # noqa: F405
    "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    DATABASES["default"]["TEST"] = {"NAME": ":memory:"}  # noqa: F405  # for each worker too, without a file
elif template := os.environ.get("TEST_DATABASE_TEMPLATE"):  # a migrated database that nobody is connected to
    DATABASES["default"]["TEST"] = {"TEMPLATE": template, "MIGRATE": False}  # noqa: F405
# Tests write rows outside of units of work, which change no site version. Tests of the page cache use the real one.
PAGE_CACHE = CACHES["pages"]  # noqa: F405
CACHES["pages"] = {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}  # noqa: F405


def with_page_cache(prefix: str) -> dict[str, dict[str, object]]:
    """Return all caches with the real page cache, whose keys begin with `prefix`."""
    return CACHES | {"pages": PAGE_CACHE | {"KEY_PREFIX": f"{prefix}-pages"}}  # noqa: F405
