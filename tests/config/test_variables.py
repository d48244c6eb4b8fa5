"""Settings are taken as written, and one that can't be used stops the start with a sentence that names it.

The cases are made from config/settings.py, so that a new setting is covered.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from articles.api.items import API_EDITIONS
from config import variables
from tests.environments import KEY, ROOT, SOUND, made

SETTINGS = re.findall(r'env\.(\w+)\(\s*"([A-Z_]+)"', (ROOT / "config" / "settings.py").read_text())
NOT_UTF8 = "\udcff"
WRONG = {
    "text": [],
    "path": [],
    "boolean": ["ture", "2", "-", "yes please", "ＴＲＵＥ", "$HTTPS"],
    "number": ["many", "-1", "1.5", "99999999999", "\u0663", "1_0", "0x1"],
    "seconds": ["soon", "0", "-1", "1e3", "nan", "1,5", "61"],
    "choice": ["loud", "sourcestory"],
    "zone": ["Mars/Olympus", "../etc/passwd", "Europe", "/etc/localtime", "CEST?"],
    "matching": ["nonsense", "https://a b", "https://", "javascript:alert(1)", "https://[::1", "https://a:99999"],
    "listing": ["a b", " , a b", "https://[::1", "https://a:99999"],
    "address": ["8000", "127.0.0.1:many", "127.0.0.1:0", "127.0.0.1:65536", "a b:80", "unix:relative"],
    "database": [
        *("nonsense", "mysql://u:hidden@h/news", "postgres://u:hidden@h:many/news", "postgres://u:hidden@h"),
        *("sqlite://db.sqlite3", "$DATABASE_URL", "postgres://[u:hidden@h"),
    ],
    "cache": ["nonsense", "memcache://h", "redis://:hidden@h:many/0", "redis://", "redis://[:hidden@h", "http://h"],
    "mail": ["nonsense", "http://h", "smtp://", "smtp://u:hidden@h:many", "smtp://u:hidden@h:0", "smtp://[u:hidden@h"],
}
SECRET = {"SECRET_KEY", "METRICS_TOKEN", "DATABASE_URL", "REPLICA_URL", "CACHE_URL", "EMAIL_URL", "SENTRY_DSN"}
WRONG_VALUES = [(name, value) for kind, name in SETTINGS for value in [*WRONG[kind], NOT_UTF8]]
TEXTS = [name for kind, name in SETTINGS if kind == "text"]
MAY_BE_EMPTY = {"SITE_NAME", "SITE_TAGLINE"}


def refusal(**environment: str) -> str:
    with pytest.raises(ImproperlyConfigured) as caught:
        made(**SOUND | environment)
    return str(caught.value)


@pytest.mark.systematic
@pytest.mark.parametrize(("name", "value"), WRONG_VALUES)
def test_a_wrong_value_stops_the_start_with_the_name_and_what_is_allowed(name, value):
    message = refusal(**{name: value})
    assert message.startswith(f"{name} ")
    assert "\n" not in message
    assert message.encode()  # it can be printed
    if value == NOT_UTF8:
        assert message == f"{name} is not a text in UTF-8"
        return
    assert "; it must be " in message
    last = value.split(", ")[-1]
    assert (repr(last) in message) is (name not in SECRET)
    assert "hidden" not in message


URL_SETTINGS = {
    "SITE_URL": "https://{}",
    "CSRF_TRUSTED_ORIGINS": "https://{}",
    "WEBSUB_HUB": "https://{}/",
    "SECURITY_CONTACT": "https://{}/security",
    "API_SOURCE_URL": "https://{}/news/{{name}}/",
    "API_VIDEO_URL": "https://{}/news/{{name}}/",
    "MEDIA_STORAGE": "s3://bucket?region=eu-1&endpoint=https://{}",
    "SENTRY_DSN": "https://key@{}/1",
}


@pytest.mark.parametrize("name", URL_SETTINGS)
@pytest.mark.parametrize("host", ["[::1", "news.example:99999", "news.example:0", ":443"])
def test_urls_with_a_host_that_cannot_be_are_refused(name, host):
    message = refusal(**{name: URL_SETTINGS[name].format(host)})
    assert message.startswith(f"{name} ")
    assert "; it must be " in message


def test_the_endpoint_of_a_bucket_is_a_url():
    assert "; it must be s3://" in refusal(MEDIA_STORAGE="s3://bucket?endpoint=storage.example")


@pytest.mark.parametrize("name", sorted({name for _kind, name in SETTINGS} - MAY_BE_EMPTY))
def test_an_empty_value_counts_as_not_set(name):
    without = {other: value for other, value in SOUND.items() if other != name}
    if name in ("ALLOWED_HOSTS", "SECRET_KEY"):
        assert refusal(**{name: ""}).startswith(f"{name} is not set")
        without["DEBUG"] = "true"  # with it both have a default
    setting = "IS_WEB_PROCESS" if name == "NEWSFOLD_SERVES" else name
    assert made(**without | {name: ""}).get(setting) == made(**without).get(setting)


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("value", ["$HOME", "$ALLOWED_HOSTS-" + KEY, "$$", r"\$x", "$"])
def test_a_text_is_taken_as_written(name, value):
    taken = made(**SOUND | {"HOME": "/replaced", name: value})[name]
    assert taken == (f"{value}/" if name == "ADMIN_PATH" else value)


def test_other_values_with_a_dollar_sign_are_taken_as_written():
    settings = made(
        **SOUND | {"DATABASE_URL": "postgres://$u:$p@h/$n", "MEDIA_ROOT": "$x", "CACHE_URL": "redis://:$p@h/0"}
    )
    database = settings["DATABASES"]["default"]
    assert (database["USER"], database["PASSWORD"], database["NAME"]) == ("$u", "$p", "$n")
    assert settings["CACHES"]["default"]["LOCATION"] == "redis://:$p@h/0"
    assert settings["MEDIA_ROOT"] == os.path.abspath("$x")


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [
        ("HTTPS", " False ", False),
        ("HTTPS", "0", False),
        ("DEBUG", "YES", True),
        ("WEB_THREADS", " 12 ", 12),
        ("SEARCH_RATE", "0", 0),
        ("DATABASE_POOL_WAIT", "0.5", 0.5),
        ("DATABASE_POOL_WAIT", "2", 2.0),
        ("LOG_LEVEL", "debug", "DEBUG"),
        ("TIME_ZONE", "Europe/Berlin", "Europe/Berlin"),
        ("ALLOWED_HOSTS", "news.example, .other.example,[::1],*", ["news.example", ".other.example", "[::1]", "*"]),
        ("CSRF_TRUSTED_ORIGINS", "https://*.news.example", ["https://*.news.example"]),
        ("FETCH_SERVERS", "10.1.0.0/16,fd00::/8,127.0.0.1:8001", ["10.1.0.0/16", "fd00::/8", "127.0.0.1:8001"]),
        ("WEB_BIND", "unix:/run/newsfold/web.sock", "unix:/run/newsfold/web.sock"),
        ("WEB_BIND", "[::1]:8000", "[::1]:8000"),
        ("WEB_BIND", ":8000", ":8000"),
        ("SITE_URL", "http://[::1]:8000/", "http://[::1]:8000/"),
        ("WEBSUB_HUB", "https://hub.example/?a=b", "https://hub.example/?a=b"),
        ("API_VIDEO_URL", "https://news.example/news/{name}/", "https://news.example/news/{name}/"),
        *(
            ("MEDIA_STORAGE", url, url)
            for url in ("s3://bucket", "s3://bucket/a/folder?region=eu-1&endpoint=http://127.0.0.1:9000")
        ),
        ("SITE_TAGLINE", "", ""),
    ],
)
def test_a_sound_value_is_taken(name, value, taken):
    assert made(**SOUND | {name: value})[name] == taken


@pytest.mark.parametrize(
    ("url", "engine", "name"),
    [
        ("sqlite:////srv/news.sqlite3", "config.backends.sqlite3", "/srv/news.sqlite3"),
        ("sqlite:///news.sqlite3", "config.backends.sqlite3", "news.sqlite3"),
        ("sqlite://:memory:", "config.backends.sqlite3", ":memory:"),
        ("postgres:///news", "django.db.backends.postgresql", "news"),
        ("postgresql://u:p%40s@h:5432/news?sslmode=require", "django.db.backends.postgresql", "news"),
    ],
)
def test_urls_of_databases(url, engine, name):
    settings = made(**SOUND | {"DATABASE_URL": url, "REPLICA_URL": url})["DATABASES"]
    assert (settings["default"]["ENGINE"], settings["default"]["NAME"]) == (engine, name)
    assert settings["replica"] == settings["default"]


def test_the_editions_of_the_api_are_those_that_exist():
    for edition in API_EDITIONS:
        assert made(**SOUND | {"API_EDITION": edition})["API_EDITION"] == edition
    assert " or ".join(API_EDITIONS) in refusal(API_EDITION="2023")


def test_a_file_that_is_no_text_is_named(tmp_path):
    (tmp_path / ".env").write_bytes(b"SITE_NAME=\xff\n")
    with pytest.raises(ImproperlyConfigured, match=re.escape(f"{tmp_path}/.env is not a text in UTF-8")):
        variables.read_file(tmp_path / ".env")
    variables.read_file(tmp_path / "missing")


COMMANDS = {
    "manage.py": ["manage.py", "migrate", "--check"],
    "gunicorn": ["-m", "gunicorn", "-c", "config/gunicorn.conf.py"],
    "another server": ["-c", "import config.wsgi"],
    "gunicorn without its file": ["-m", "gunicorn", "config.wsgi", "--bind", "127.0.0.1:0", "--workers", "1"],
}


@pytest.mark.integration
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("name", "value"), [("HTTPS", "ture"), ("WEB_THREADS", "many"), ("TIME_ZONE", "Mars"), ("DATABASE_URL", "hidden")]
)
def test_no_process_starts_with_a_wrong_setting_or_shows_a_traceback(command, name, value):
    environment = {"PATH": "", "DATABASE_URL": "sqlite://:memory:", "CACHE_URL": "locmemcache://"} | SOUND
    done = subprocess.run(
        [sys.executable, *COMMANDS[command]],
        cwd=ROOT,
        env=environment | {name: value},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode in (1, 3)
    assert f"The settings can't be used: {name} " in done.stderr
    assert "it must be" in done.stderr
    assert "Traceback" not in done.stderr
    assert "hidden" not in done.stderr


@pytest.mark.integration
def test_gunicorn_reads_its_file_from_any_folder_and_keeps_none_of_our_modules(tmp_path):
    script = (
        f"import runpy, sys; found = runpy.run_path({str(ROOT / 'config/gunicorn.conf.py')!r});"
        "print(found['threads'], [name for name in sys.modules if name.partition('.')[0] == 'config'])"
    )
    environment = {"PATH": "", "DATABASE_URL": "sqlite://:memory:", "WEB_THREADS": "7"} | SOUND
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("7 []\n", "")
