"""Settings: their defaults, what they reject at start-up, and the server's configuration."""

from __future__ import annotations

import subprocess
import sys
from unittest.mock import Mock

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from gunicorn.config import Config

from accounts.checks import PUBLIC_PREFIXES
from config.settings import BASE_DIR
from config.urls import urlpatterns
from tests.environments import KEY, SOUND, made


def start(**environment: str) -> subprocess.CompletedProcess[str]:
    """Run `check --deploy` with only these variables; an empty one overrides a developer's .env."""
    variables = {"PATH": "", "DATABASE_URL": "sqlite://:memory:", "CACHE_URL": "locmemcache://"}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    complete = variables | SOUND | environment
    return subprocess.run(command, cwd=BASE_DIR, env=complete, capture_output=True, text=True, timeout=60)


@pytest.mark.integration
def test_a_site_with_a_key_and_hosts_starts_without_warnings():
    done = start(HTTPS="true")
    assert (done.returncode, done.stderr) == (0, "")
    assert "0 silenced" in done.stdout


@pytest.mark.integration
def test_a_site_that_serves_plain_http_on_purpose_is_warned_once():
    done = start(HTTPS="false")
    assert done.stderr.count("WARNINGS:\n") == 1
    assert "articles.W003" in done.stderr
    assert "security.W" not in done.stderr


@pytest.mark.integration
@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS is not set"),
        ({"SECRET_KEY": "too short"}, "SECRET_KEY can be guessed"),
        ({"ADMIN_PATH": "news/"}, "ADMIN_PATH is news/"),
    ],
)
def test_a_site_with_invalid_settings_does_not_start_and_says_why(environment, message):
    done = start(**environment)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert KEY not in done.stdout + done.stderr


@pytest.mark.parametrize("key", ["x" * 80, "django-insecure-" + KEY, KEY[:49]])
def test_a_weak_secret_key_is_an_error(settings, key):
    settings.SECRET_KEY = key
    assert [message.id for message in run_checks()] == ["accounts.E001"]


@pytest.mark.parametrize("path", ["/", "a b/", "../", "search/", "news/admin/"])
def test_the_admin_path_must_not_hide_pages(settings, path):
    settings.ADMIN_PATH = path
    assert [message.id for message in run_checks()] == ["accounts.E002"]


def test_public_prefixes_match_the_urls_of_the_site():
    prefixes = set()
    for pattern in urlpatterns:
        paths = [str(pattern.pattern)]
        if paths == [""]:
            paths = [str(child.pattern) for child in pattern.url_patterns]
        prefixes |= {path.partition("/")[0] for path in paths if "/" in path}
    assert prefixes - {"admin"} <= set(PUBLIC_PREFIXES)


# Defaults


def test_defaults_are_the_safe_choice():
    settings = made(SECRET_KEY=KEY, ALLOWED_HOSTS="news.example")
    assert (settings["DEBUG"], settings["HTTPS"], settings["BEHIND_PROXY"]) == (False, True, False)
    assert settings["ALLOWED_HOSTS"] == ["news.example"]
    assert (settings["SEARCH_RATE"], settings["API_RATE"]) == (60, 120)
    assert (settings["METRICS_TOKEN"], settings["LOG_ACCESS"], settings["FETCH_SERVERS"]) == ("", False, [])
    assert settings["LOGGING"]["loggers"]["django.db.backends"]["level"] == "INFO"


@pytest.mark.parametrize("missing", ["SECRET_KEY", "ALLOWED_HOSTS"])
def test_key_and_hosts_have_no_default(missing):
    others = {name: value for name, value in SOUND.items() if name != missing}
    with pytest.raises(ImproperlyConfigured, match=f"{missing} is not set"):
        made(**others)


def test_a_debug_site_accepts_the_host_names_of_its_machine():
    assert made(DEBUG="true")["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]


@pytest.mark.parametrize("https", ["true", "false"])
def test_the_https_setting_turns_on_everything_that_needs_tls(https):
    settings = made(HTTPS=https, **SOUND)
    is_on, prefix = https == "true", "__Host-" if https == "true" else ""
    assert settings["SECURE_HSTS_SECONDS"] == (365 * 24 * 3600 if is_on else 0)
    assert (settings["SESSION_COOKIE_NAME"], settings["CSRF_COOKIE_NAME"]) == (f"{prefix}session", f"{prefix}csrf")
    for name in ("SECURE_SSL_REDIRECT", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_HSTS_PRELOAD"):
        assert settings[name] is is_on
    assert settings["SESSION_COOKIE_SECURE"] is settings["CSRF_COOKIE_SECURE"] is is_on


def test_proxy_headers_are_trusted_only_behind_a_proxy():
    header = "SECURE_PROXY_SSL_HEADER"
    assert header not in made(**SOUND)
    assert made(BEHIND_PROXY="true", **SOUND)[header] == ("HTTP_X_FORWARDED_PROTO", "https")


# The server


def served(**environment: str) -> Config:
    """Return gunicorn's configuration from its file."""
    config = Config()
    for name, value in made("gunicorn.conf.py", **SOUND, **environment).items():
        if name in config.settings:
            config.set(name, value)
    return config


def test_gunicorn_trusts_no_forwarded_headers_and_listens_on_loopback():
    config = served()
    assert config.forwarded_allow_ips == []
    assert config.address == [("127.0.0.1", 8000)]
    assert config.control_socket_disable


def test_the_server_limits_requests_and_processes():
    config = served()
    assert (config.timeout, config.graceful_timeout, config.threads) == (30, 30, 4)
    assert (config.max_requests, config.max_requests_jitter, config.backlog) == (100_000, 20_000, 512)
    assert (config.limit_request_line, config.limit_request_fields, config.limit_request_field_size) == (
        4094,
        100,
        8190,
    )
    assert served(WEB_SECONDS="7").timeout == 7


@pytest.mark.parametrize(("behind_proxy", "warnings"), [("false", 1), ("true", 0)])
def test_a_server_without_a_proxy_warns_that_it_is_for_a_trusted_network(behind_proxy, warnings):
    server = Mock()
    served(BEHIND_PROXY=behind_proxy).when_ready(server)
    assert server.log.warning.call_count == warnings
    if warnings:
        assert "trusted network only" in server.log.warning.call_args.args[0]


def test_the_server_starts_with_empty_request_counters(tmp_path):
    (tmp_path / "histogram_12.db").write_bytes(b"damaged by a crash")
    served(METRICS_DIR=str(tmp_path)).on_starting(Mock())
    assert not list(tmp_path.iterdir())


# The database


def test_each_thread_keeps_a_connection_unless_a_pool_is_configured():
    variables = {"DATABASE_URL": "postgres://somebody@127.0.0.1:1/news", "NEWSFOLD_SERVES": "true", **SOUND}
    database = made(**variables)["DATABASES"]["default"]
    assert "pool" not in database["OPTIONS"]
    assert (database["CONN_HEALTH_CHECKS"], database["CONN_MAX_AGE"]) == (True, 60)
    database = made(DATABASE_POOL_MAX="6", **variables)["DATABASES"]["default"]
    assert database["OPTIONS"]["pool"] == {"min_size": 1, "max_size": 6, "timeout": 1.0, "reconnect_timeout": 1}
    assert (database["CONN_HEALTH_CHECKS"], database["CONN_MAX_AGE"]) == (True, 0)
    command = made(DATABASE_POOL_MAX="6", **variables | {"NEWSFOLD_SERVES": "false"})["DATABASES"]["default"]
    assert "pool" not in command["OPTIONS"]


# The image


def test_the_image_holds_every_package():
    included = {line[1:] for line in (BASE_DIR / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    packages = {path.parent.name for path in BASE_DIR.glob("*/__init__.py")} - {"benchmarks", "tests"}
    assert included == packages | {"templates", "manage.py", "LICENSE"}
