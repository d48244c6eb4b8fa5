"""Every setting of the project; nothing else reads the environment. `variables.py` checks the values.

docs/settings.md lists each variable with its default. There are no separate production settings, only environment
variables.
"""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import global_settings
from django.core.exceptions import ImproperlyConfigured

from config import variables as env
from config.site_name import totp_issuer

BASE_DIR = Path(__file__).resolve().parent.parent

env.read_file(BASE_DIR / ".env")  # the environment takes precedence

HOST_PATTERN = re.compile(r"\*|\.?[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]")
ORIGIN_PATTERN = re.compile(r"https?://[^\s/?#]+")
SITE_PATTERN = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+/?")
FROM_PATTERN = re.compile(r"[^\s@<>]+@[^\s@<>]+")
URL_PATTERN = re.compile(r"https?://[^\s<>\"]+")
CONTACT_PATTERN = re.compile(r"mailto:[^\s@<>]+@[^\s@<>]+|https://[^\s<>\"]+")
TEMPLATE_PATTERN = re.compile(r"https?://[^\s<>\"]*\{name\}[^\s<>\"]*")
FETCH_SERVER_PATTERN = re.compile(r"[0-9A-Fa-f.:]+/[0-9]+|[0-9.]+:[0-9]+|\[[0-9A-Fa-f:.]+\]:[0-9]+")
BUCKET_PATTERN = re.compile(r"s3://[^\s/?#]+(/[^\s?#]*)?(\?(endpoint|region)=[^\s&]+(&(endpoint|region)=[^\s&]+)?)?")

DEBUG = env.boolean("DEBUG", default=False)
SECRET_KEY = env.text("SECRET_KEY", default="insecure-for-development-only" if DEBUG else "")
ALLOWED_HOSTS = env.listing(
    "ALLOWED_HOSTS",
    HOST_PATTERN,
    "it must be host names without scheme and port, separated by commas, as news.example",
    default=["localhost", "127.0.0.1", "[::1]"] if DEBUG else [],
)
if not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY is not set: it has no default, because it signs sessions and links")
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS is not set: it names the hosts of the site, for example news.example")
CSRF_TRUSTED_ORIGINS = env.listing(
    "CSRF_TRUSTED_ORIGINS",
    ORIGIN_PATTERN,
    "it must be origins with scheme, separated by commas, as https://news.example",
)
# One switch for everything that needs TLS: switch it off only to serve plain HTTP deliberately.
HTTPS = env.boolean("HTTPS", default=not DEBUG)
# Where the admin and its desk are.
ADMIN_PATH = env.text("ADMIN_PATH", default="admin/").strip("/") + "/"

INSTALLED_APPS = [
    "accounts",
    "articles",
    "backups",
    "monitoring",
    "providers",
    "sources",
    "website",
    "taggit",
    "django_htmx",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "accounts.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "monitoring.middleware.RequestLogMiddleware",
    "config.middleware.HeadersMiddleware",
    "config.accept_encoding.AcceptEncodingMiddleware",
    "articles.api.middleware.ApiErrorsAndCorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "monitoring.views.ProbesMiddleware",
    "articles.api.middleware.ApiRateLimitMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "articles.public.rate_limits.SearchRateLimitMiddleware",
    "articles.page_cache.middleware.PageCacheMiddleware",
    "articles.page_cache.replica.ReplicaMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.sessions.StaffMiddleware",
    "accounts.time_zones.TimeZoneMiddleware",
    "config.body_limits.BodyLimitMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
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
                "articles.public.context_processors.site",
            ]
        },
    }
]

# gunicorn's processes, and threads in each (config/gunicorn.conf.py). config/wsgi.py marks them with NEWSFOLD_SERVES.
WEB_BIND = env.address("WEB_BIND", default="127.0.0.1:8000")
WEB_PROCESSES = env.number("WEB_PROCESSES", default=2, minimum=1, maximum=1_000)
WEB_THREADS = env.number("WEB_THREADS", default=4, minimum=1, maximum=1_000)
WEB_SECONDS = env.number("WEB_SECONDS", default=30, minimum=1, maximum=3_600)
IS_WEB_PROCESS = env.boolean("NEWSFOLD_SERVES", default=False)

# Each thread keeps a connection to PostgreSQL. DATABASE_POOL_MAX makes the threads of a web process share that many in
# Django's pool, where a request waits up to DATABASE_POOL_WAIT seconds for one.
DATABASE_POOL_MIN = env.number("DATABASE_POOL_MIN", default=1, minimum=0, maximum=1_000)
DATABASE_POOL_MAX = env.number("DATABASE_POOL_MAX", default=0, minimum=0, maximum=1_000)
DATABASE_POOL_WAIT = env.seconds("DATABASE_POOL_WAIT", default=1.0, maximum=60)
CONNECTION_SECONDS = 60


def database_settings(connection: dict[str, Any]) -> dict[str, Any]:
    """Return Django's settings for a database, with the options that its engine needs."""
    options = connection.get("OPTIONS", {})
    if connection["ENGINE"] == "django.db.backends.sqlite3":
        # Readers never wait for a writer (WAL); writers queue at BEGIN instead of failing halfway (IMMEDIATE).
        options |= {
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32000;",
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
        }
        engine = "config.backends.sqlite3"  # creates a file that only its owner may read
        return connection | {"ENGINE": engine, "OPTIONS": options, "CONN_MAX_AGE": CONNECTION_SECONDS}
    options = {"connect_timeout": 2} | options  # seconds; libpq's minimum
    connection |= {"OPTIONS": options, "CONN_MAX_AGE": CONNECTION_SECONDS, "CONN_HEALTH_CHECKS": True}
    if IS_WEB_PROCESS and DATABASE_POOL_MAX:
        connection["CONN_MAX_AGE"] = 0  # the pool keeps them
        options["pool"] = {
            "min_size": min(DATABASE_POOL_MIN, DATABASE_POOL_MAX),
            "max_size": DATABASE_POOL_MAX,
            "timeout": DATABASE_POOL_WAIT,
            "reconnect_timeout": 1,  # then the next request tries again, without the pool's back-off
        }
    return connection


DATABASES = {"default": database_settings(env.database("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'db.sqlite3'}"))}
# A streaming replica, from which readers' pages are read (articles/page_cache/replica.py).
if replica := env.database("REPLICA_URL"):
    DATABASES["replica"] = database_settings(replica)
DATABASE_ROUTERS = ["articles.db.routers.ReplicaRouter"]

CACHES = {"default": env.cache("CACHE_URL", default="locmemcache://")}
if CACHES["default"]["BACKEND"].endswith(".RedisCache"):
    CACHES["default"]["BACKEND"] = "config.backends.redis_cache.RedisCache"
# Pages have a separate cache, so that neither evicts the other's entries: without Redis a process keeps 500 pages.
CACHES["pages"] = CACHES["default"] | {"KEY_PREFIX": "pages"}
if CACHES["pages"]["BACKEND"].endswith("LocMemCache"):
    CACHES["pages"] |= {"LOCATION": "pages", "OPTIONS": {"MAX_ENTRIES": 500}}

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "accounts.backends.OneQueryBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {}),
        ("MinimumLengthValidator", {"min_length": 12}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",  # of old passwords, until their next sign-in
]
# Wrong passwords in 15 minutes that lock sign-in; accounts/lockout.py says for whom.
AXES_HANDLER = "accounts.lockout.LockoutHandler"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_USERNAME_CALLABLE = "accounts.lockout.username_for_axes"
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # tries during a lockout don't prolong it
AXES_CLIENT_IP_CALLABLE = "accounts.lockout.client_ip_for_axes"
AXES_LOCKOUT_CALLABLE = "accounts.lockout.locked_out_response"
AXES_VERBOSE = False

# The longest forms: a bulk decision about 10,000 stories, an article with 500 related links.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 12_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000  # bytes of a request without its files
DATA_UPLOAD_MAX_NUMBER_FILES = 100

# The language of every page, for readers and staff alike; nothing depends on what a browser asks for.
LANGUAGE_CODE = env.choice("LANGUAGE_CODE", default="en", allowed=[code for code, _ in global_settings.LANGUAGES])
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["config.formats"]
TIME_ZONE = env.zone("TIME_ZONE", default="UTC")
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=BASE_DIR / "var" / "static")
MEDIA_URL = "media/"
MEDIA_ROOT = env.path("MEDIA_ROOT", default=BASE_DIR / "var" / "media")
# A bucket, config/backends/s3_storage.py; empty for the folder.
MEDIA_STORAGE = env.matching(
    "MEDIA_STORAGE", BUCKET_PATTERN, "it must be s3://bucket/folder?endpoint=https://storage.example&region=eu-1"
)
STORAGES = {
    "default": {"BACKEND": "config.backends.s3_storage.BucketStorage", "OPTIONS": {"bucket_url": MEDIA_STORAGE}}
    if MEDIA_STORAGE
    else {"BACKEND": "config.backends.file_storage.AtomicFileStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "config.backends.static_files.StaticFilesStorage"
    },
}

# Four checks of Django say in different words that HTTPS is off; ours says what that means (articles/checks.py).
SILENCED_SYSTEM_CHECKS = [] if HTTPS else [f"security.W{number:03}" for number in (4, 8, 12, 16)]
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]  # requested from inside, where no proxy adds TLS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
BEHIND_PROXY = env.boolean("BEHIND_PROXY", default=False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_COOKIE_HTTPONLY = True
BROWSER_COOKIE_NAME = "__Host-browser" if HTTPS else "browser"  # marks browsers that have signed in
SESSION_COOKIE_AGE = 8 * 3600  # as IDLE_TIMEOUT of accounts/sessions.py
MESSAGE_STORAGE = "accounts.messages.MessagesStorage"
X_FRAME_OPTIONS = "DENY"
DEFAULT_EXCEPTION_REPORTER_FILTER = "config.error_reports.SecretsFilter"
# Where pages may load pictures from; a storage that browsers use directly must be added.
CSP_IMG_SOURCES = ["'self'"]

SITE_NAME = env.text("SITE_NAME", default="Newsfold", may_be_empty=True)
OTP_TOTP_ISSUER = totp_issuer
SITE_TAGLINE = env.text("SITE_TAGLINE", default="The news, each event once", may_be_empty=True)
# Where headlines lead: to the "source", the outlet's own article, or to the "story", our page of all coverage.
HEADLINE_TARGET = env.choice("HEADLINE_TARGET", default="source", allowed=("source", "story"))
# The site's own URL, for feeds, sitemaps and canonical links; if empty, the host of each request.
SITE_URL = env.matching(
    "SITE_URL", SITE_PATTERN, "it must be scheme and host and nothing else, as https://news.example"
)
# Where to report a security hole: /.well-known/security.txt says so. Without it, the page "contact" if there is one.
SECURITY_CONTACT = env.matching(
    "SECURITY_CONTACT", CONTACT_PATTERN, "it must be mailto: with an address, or a URL with https://"
)
# Whether search engines may index stories that only one outlet reports.
INDEX_SINGLE_STORIES = env.boolean("INDEX_SINGLE_STORIES", default=True)
# The WebSub hub that notifies feed readers; empty for none. The file stores the position of the last notification.
WEBSUB_HUB = env.matching("WEBSUB_HUB", URL_PATTERN, "it must be the URL of a hub, as https://hub.example/")
WEBSUB_STATE = env.path("WEBSUB_STATE", default=BASE_DIR / "var" / "websub.json")

# Servers of pictures and feeds that are not on the public internet, or at other ports than 80 and 443: `10.1.0.0/16` or
# `127.0.0.1:8001`. If empty, only the public internet is asked. PICTURE_SERVERS is its old name.
FETCH_SERVERS_FORM = (
    "it must be networks or addresses with a port, separated by commas, as 10.1.0.0/16 or 127.0.0.1:8001"
)
FETCH_SERVERS = env.listing(
    "FETCH_SERVERS",
    FETCH_SERVER_PATTERN,
    FETCH_SERVERS_FORM,
    default=env.listing("PICTURE_SERVERS", FETCH_SERVER_PATTERN, FETCH_SERVERS_FORM),
)

# The edition of the JSON API (docs/api.md): 2021 or 2024.
API_EDITION = env.choice("API_EDITION", default="2024", allowed=("2021", "2024"))
API_TIME_ZONE = env.zone("API_TIME_ZONE", default=TIME_ZONE)
API_PREFIX = "/api/"
API_PAGE_SIZE = env.number("API_PAGE_SIZE", default=25, minimum=1, maximum=1_000)
API_TOPIC_PAGE_SIZE = env.number("API_TOPIC_PAGE_SIZE", default=API_PAGE_SIZE, minimum=1, maximum=1_000)
ITEM_URL = "it must be a URL with {name}, as https://news.example/news/{name}/"
API_SOURCE_URL = env.matching("API_SOURCE_URL", TEMPLATE_PATTERN, ITEM_URL)
API_VIDEO_URL = env.matching("API_VIDEO_URL", TEMPLATE_PATTERN, ITEM_URL)
API_RATE = env.number("API_RATE", default=120, minimum=0, maximum=1_000_000)
# Searches per client and minute, feeds of searches included; 0 for no limit.
SEARCH_RATE = env.number("SEARCH_RATE", default=60, minimum=0, maximum=1_000_000)
# Days after which spiked stories leave the everyday views of the desk for "Spiked earlier".
SPIKED_VIEW_DAYS = env.number("SPIKED_VIEW_DAYS", default=30, minimum=1, maximum=36_500)
# Percent of the suggested pairs of stories that should be one event: the cut follows editors' answers to keep it.
SUGGESTION_PRECISION = env.number("SUGGESTION_PRECISION", default=90, minimum=50, maximum=99)

# The server that sends mails: links for a new password. Without it, nothing of that exists.
MAIL = env.mail("EMAIL_URL")
SENDS_MAIL = bool(MAIL)
EMAIL_BACKEND = MAIL.get("EMAIL_BACKEND", "django.core.mail.backends.dummy.EmailBackend")
EMAIL_HOST, EMAIL_PORT = MAIL.get("EMAIL_HOST") or "localhost", MAIL.get("EMAIL_PORT") or 25
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = MAIL.get("EMAIL_HOST_USER") or "", MAIL.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS, EMAIL_USE_SSL = MAIL.get("EMAIL_USE_TLS", False), MAIL.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10  # seconds
DEFAULT_FROM_EMAIL = (
    env.matching("EMAIL_FROM", FROM_PATTERN, "it must be a mail address, as newsroom@news.example")
    or f"newsroom@{ALLOWED_HOSTS[0].lstrip('.')}"
)
PASSWORD_RESET_TIMEOUT = 3600  # seconds

# The log goes to standard error, as JSON objects or as plain text.
LOG_FORMAT = env.choice("LOG_FORMAT", default="plain", allowed=("plain", "json"))
LOG_LEVEL = env.choice("LOG_LEVEL", default="INFO", allowed=("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"))
LOG_ACCESS = env.boolean("LOG_ACCESS", default=False)  # a line for each request
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "monitoring.logs.JsonFormatter"},
        "plain": {"()": "monitoring.logs.PlainFormatter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": [], "level": LOG_LEVEL},
        "django.db.backends": {"level": "INFO"},  # DEBUG would log the values of every row
        "gunicorn.error": {"handlers": [], "propagate": True},  # through our handler, which removes secrets
        "gunicorn.http.wsgi": {"level": "ERROR"},  # it warns on every HEAD request
    },
}
# The bearer token for /metrics, which doesn't exist without it, and the directory of the counters.
METRICS_TOKEN = env.text("METRICS_TOKEN", default="")
METRICS_DIR = env.path("METRICS_DIR", default=BASE_DIR / "var" / "metrics")
# Where errors are reported; disabled if empty. It needs config/requirements-services.lock.
SENTRY_DSN = env.matching("SENTRY_DSN", URL_PATTERN, "it must be https://key@host/project", is_secret=True)
