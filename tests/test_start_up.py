"""What the settings refuse and what they make of HTTPS: each in a process of its own, as a site starts."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.core.checks import run_checks

from config.settings import BASE_DIR

KEY = "0123456789abcdefghijklmnopqrstuvwxyz-0123456789abcdefghijklmnopqrstuvwxyz"
SOUND = {"SECRET_KEY": KEY, "ALLOWED_HOSTS": "news.example", "DEBUG": "false"}


def start(**environment: str) -> subprocess.CompletedProcess[str]:
    """Run `check --deploy` with these variables and no others; an empty one beats a developer's .env."""
    variables = {"PATH": "", "DATABASE_URL": "sqlite://:memory:", "CACHE_URL": "locmemcache://"}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    given = variables | SOUND | environment
    return subprocess.run(command, cwd=BASE_DIR, env=given, capture_output=True, text=True, timeout=60)


def test_a_site_with_key_and_hosts_starts_without_a_warning():
    done = start(HTTPS="true")
    assert (done.returncode, done.stderr) == (0, "")
    assert "0 silenced" in done.stdout


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS is not set"),
        ({"SECRET_KEY": "too short"}, "SECRET_KEY can be guessed"),
        ({"ADMIN_PATH": "news/"}, "ADMIN_PATH is news/"),
    ],
)
def test_a_site_without_them_says_what_is_missing_and_does_not_start(environment, told):
    done = start(**environment)
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert KEY not in done.stdout + done.stderr


@pytest.mark.parametrize("key", ["x" * 80, "django-insecure-" + KEY, KEY[:49]])
def test_a_key_that_can_be_guessed_is_an_error(settings, key):
    settings.SECRET_KEY = key
    assert [message.id for message in run_checks()] == ["accounts.E001"]


@pytest.mark.parametrize("path", ["/", "a b/", "../", "search/", "news/admin/"])
def test_the_admin_stands_in_nobodys_way(settings, path):
    settings.ADMIN_PATH = path
    assert [message.id for message in run_checks()] == ["accounts.E002"]


def test_readers_paths_are_those_of_the_site():
    from accounts.checks import READERS
    from config.urls import urlpatterns

    found = set()
    for pattern in urlpatterns:
        inner = [str(pattern.pattern)]
        if inner == [""]:
            inner = [str(each.pattern) for each in pattern.url_patterns]
        found |= {each.partition("/")[0] for each in inner if "/" in each}
    assert found - {"admin"} <= set(READERS)
