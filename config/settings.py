"""Every setting of the project; the only module that reads the environment.

The README lists each variable with its default. Nothing here exists only in production: the environment
differs, the file does not.
"""

from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env.read_env(BASE_DIR / ".env")  # real variables win over the file

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="insecure-for-development-only" if DEBUG else env.NOTSET)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# One switch for all that needs TLS in front: off only where the site is served over plain HTTP on purpose.
HTTPS = env.bool("HTTPS", default=not DEBUG)

INSTALLED_APPS = [
    "articles",
    "providers",
    "taggit",
    "django_htmx",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "articles.api.middleware.OpenToAllMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.ContentSecurityPolicyMiddleware",
    "articles.api.middleware.ReadersMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "articles.throttling.SearchersMiddleware",
    "articles.caching.KeptAnswersMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "articles.context_processors.site",
            ]
        },
    }
]

DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Readers never wait for a writer (WAL); writers queue at BEGIN instead of failing halfway (IMMEDIATE).
    DATABASES["default"]["OPTIONS"] = {
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32000;",
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
    }
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"]["CONN_MAX_AGE"] = 60  # seconds; opening SQLite's file takes longer than answering from it

CACHES = {"default": env.cache("CACHE_URL", default="locmemcache://")}
# Answers for readers have a cache of their own, so that neither pushes the other out: here, a process keeps 500.
CACHES["pages"] = CACHES["default"] | {"KEY_PREFIX": "pages", "OPTIONS": {**CACHES["default"].get("OPTIONS", {})}}
if CACHES["pages"]["BACKEND"].endswith("LocMemCache"):
    CACHES["pages"] |= {"LOCATION": "pages", "OPTIONS": {"MAX_ENTRIES": 500}}

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTHENTICATION_BACKENDS = ["articles.permissions.OneQueryBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LANGUAGE_CODE = "en"
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(BASE_DIR / "var" / "static"))()
MEDIA_URL = "media/"
MEDIA_ROOT = env.path("MEDIA_ROOT", default=str(BASE_DIR / "var" / "media"))()
STORAGES = {
    "default": {"BACKEND": "config.files.WholeFileStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"

SITE_NAME = env.str("SITE_NAME", default="Newsfold")
SITE_TAGLINE = env.str("SITE_TAGLINE", default="The news, each event once")
# Where headlines lead: to the "source", the outlet's own article, or to the "story", our page of all coverage.
HEADLINE_TARGET = env.str("HEADLINE_TARGET", default="source")
# The site's own address, for what is read elsewhere; empty means the one that a request names.
SITE_URL = env.str("SITE_URL", default="")
# Whether search engines are let in on stories that one outlet alone reports.
INDEX_SINGLE_STORIES = env.bool("INDEX_SINGLE_STORIES", default=False)
# The WebSub hub that tells feed readers of changes; empty for none. What it was told last stands in a file.
WEBSUB_HUB = env.str("WEBSUB_HUB", default="")
WEBSUB_STATE = env.path("WEBSUB_STATE", default=str(BASE_DIR / "var" / "websub.json"))()

# Picture servers that are not on the public internet, or at other ports than 80 and 443: `10.1.0.0/16` or
# `127.0.0.1:8001`. Empty, nothing but the public internet is asked for pictures.
PICTURE_SERVERS = env.list("PICTURE_SERVERS", default=[])

# How the JSON API writes (docs/api.md): as this format's sites did in 2021 or in 2024.
API_EDITION = env.str("API_EDITION", default="2024")
API_TIME_ZONE = env.str("API_TIME_ZONE", default=TIME_ZONE)
API_PAGE_SIZE = env.int("API_PAGE_SIZE", default=25)
API_TOPIC_PAGE_SIZE = env.int("API_TOPIC_PAGE_SIZE", default=API_PAGE_SIZE)
API_SOURCE_URL = env.str("API_SOURCE_URL", default="")
API_VIDEO_URL = env.str("API_VIDEO_URL", default="")
API_RATE = env.int("API_RATE", default=120)
# Searches that one reader may make in a minute, feeds of searches included; 0 for any number.
SEARCH_RATE = env.int("SEARCH_RATE", default=60)
