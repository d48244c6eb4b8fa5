"""Requests cannot forge log lines, and neither logs nor error pages contain secrets."""

from __future__ import annotations

import logging
import re
import secrets

import pytest
from django.conf import settings as all_settings
from django.test import Client, RequestFactory
from django.views.debug import ExceptionReporter

pytestmark = pytest.mark.django_db

HOSTILE = "a\nFORGED line\r\x1b[31m\x00\x85\u2028b"
CONTROL_PATTERN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


def logged(caplog) -> list[str]:
    return [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize(
    "send",
    [
        lambda client: client.get("/a%0aFORGED%0d%1b[31m%c2%85%e2%80%a8/"),
        lambda client: client.get("/media/a%0aFORGED%1b"),
        lambda client: client.get("/", headers={"Host": "a\nFORGED"}),
        lambda client: client.post("/admin/login/", {"username": HOSTILE, "password": HOSTILE}),
        lambda client: client.post("/latest/%0aFORGED", headers={"Origin": "https://a\nFORGED.example"}),
        lambda client: client.post("/admin/login/", headers={"Referer": "https://a\nFORGED.example/", "Host": "x"}),
        lambda client: client.get("/admin/", headers={"User-Agent": HOSTILE, "X-Forwarded-For": HOSTILE}),
    ],
)
def test_no_client_can_add_log_lines(caplog, send):
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    with caplog.at_level(logging.INFO):
        for _ in range(2):
            send(client)
    assert [line for line in logged(caplog) if CONTROL_PATTERN.search(line)] == []


def test_missing_pages_are_logged_with_their_path(caplog, client):
    client.get("/nothing%0aFORGED/")
    assert any("/nothing\\nFORGED/" in line for line in logged(caplog))


def test_a_failing_page_reveals_and_logs_no_secret(caplog, monkeypatch):
    def fail(*args):
        password = "hunter2-the-password"  # noqa: F841
        raise RuntimeError("no page today")

    monkeypatch.setattr("articles.stories.front_page.PICKS", type("Picks", (), {"rows": fail}))
    client = Client(raise_request_exception=False, headers={"Cookie": "session=stolen-session"})
    with caplog.at_level(logging.DEBUG):
        answer = client.get("/?token=from-the-url")
    assert answer.status_code == 500
    page = answer.content.decode()
    for secret in ("hunter2", "stolen-session", all_settings.SECRET_KEY, "no page today", "Traceback", ".py"):
        assert secret not in page
    log = "\n".join([*logged(caplog), *(record.exc_text or "" for record in caplog.records)])
    for secret in ("hunter2", "stolen-session", all_settings.SECRET_KEY):
        assert secret not in log


@pytest.mark.parametrize("is_debug", [False, True])
def test_the_debug_error_page_masks_secrets(settings, monkeypatch, is_debug):
    settings.DEBUG = is_debug
    password, cookie, bearer = (secrets.token_hex() for _ in range(3))
    monkeypatch.setitem(settings.DATABASES["default"], "PASSWORD", password)
    request = RequestFactory().get("/", headers={"Cookie": f"session={cookie}", "Authorization": f"Bearer {bearer}"})
    for name in ("DATABASE_URL", "REPLICA_URL", "CACHE_URL", "MEDIA_STORAGE", "SENTRY_DSN"):
        request.META[name] = f"service://user:{password}@host/news"  # the process's environment is there
    request.META["SECRET_KEY"] = all_settings.SECRET_KEY
    html = ExceptionReporter(request, RuntimeError, RuntimeError("broken"), None).get_traceback_html()
    assert "broken" in html
    for secret in (all_settings.SECRET_KEY, password, cookie, bearer):
        assert secret not in html
