"""Error reports go to SENTRY_DSN and contain nothing private."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.core.checks import run_checks
from django.http import HttpRequest, HttpResponse
from django.test import Client

from monitoring import checks, sentry

sentry_sdk = pytest.importorskip("sentry_sdk")
DSN = "https://public@sentry.example/1"
SECRETS = ("the-secured-part", "s3cret", "the-session", "the-body", "MTI:1x:sig", "192.0.2.7", "unpublished title")


def fail(request: HttpRequest) -> HttpResponse:
    secured = "the-secured-part"  # noqa: F841  a local variable that a report might include
    raise ValueError("broken\nDETAIL: Failing row contains (unpublished title)")


def leaked(report: dict[str, Any]) -> list[str]:
    """Return the secrets in a report, ignoring the source lines of this test."""
    for exception in report.get("exception", {}).get("values", []):
        for frame in exception["stacktrace"]["frames"]:
            for name in ("pre_context", "context_line", "post_context"):
                frame.pop(name)
    return [secret for secret in SECRETS if secret in json.dumps(report)]


@pytest.fixture
def reports(settings, monkeypatch):
    """Collect the reports that would be sent, as text."""
    sent: list[str] = []

    class Transport(sentry_sdk.transport.Transport):
        def capture_envelope(self, envelope):
            sent.extend(json.dumps(item.payload.json) for item in envelope.items if item.payload.json)

    init = sentry_sdk.init
    monkeypatch.setattr(sentry_sdk, "init", lambda *args, **options: init(*args, transport=Transport, **options))
    settings.SENTRY_DSN = DSN
    sentry.init()
    yield sent
    init(dsn=None)


@pytest.mark.slow
def test_an_error_report_names_the_error_and_contains_nothing_private(reports, monkeypatch):
    monkeypatch.setattr("monitoring.views.PROBES", {"/preview/MTI:1x:sig/": fail})
    client = Client(raise_request_exception=False)
    client.cookies["session"] = "the-session"
    headers = {"authorization": "Bearer s3cret", "x-api-key": "s3cret", "x-request-id": "from-the-proxy"}
    response = client.get("/preview/MTI:1x:sig/?token=s3cret", headers=headers, REMOTE_ADDR="192.0.2.7")

    assert response.status_code == 500
    (report,) = [json.loads(text) for text in reports]
    assert report["exception"]["values"][-1]["value"] == "broken"
    assert report["tags"]["request_id"] == "from-the-proxy"
    assert "in_app" in json.dumps(report)
    assert leaked(report) == []


def test_private_data_is_removed_from_any_report():
    request = {
        **dict.fromkeys(("cookies", "data", "env"), {"session": "s3cret"}),
        "query_string": "token=s3cret",
        "url": "https://news.example/preview/MTI:1x:sig/",
        "headers": {"Cookie": "session=s3cret", "Authorization": "s3cret", "Host": "news.example"},
        "method": "GET",
    }
    frames = {"frames": [{"function": "fail", "vars": {"secured": "s3cret"}}]}
    report = {
        **dict.fromkeys(("user", "extra", "breadcrumbs"), {"is": "s3cret"}),
        "request": request,
        "exception": {"values": [{"value": "broken\ns3cret", "stacktrace": frames}]},
        "logentry": {"message": "%s", "formatted": "failed\ns3cret", "params": ["s3cret"]},
        "transaction": "/preview/MTI:1x:sig/",
    }
    assert sentry.scrub_event(report) == {
        "request": {
            "url": "https://news.example/preview/[removed]/",
            "headers": {"Host": "news.example"},
            "method": "GET",
        },
        "exception": {"values": [{"value": "broken", "stacktrace": {"frames": [{"function": "fail"}]}}]},
        "logentry": {"message": "failed"},
        "transaction": "/preview/[removed]/",
    }


def test_a_logged_error_is_scrubbed(reports):
    logging.getLogger("newsfold").error("import failed at /preview/MTI:1x:sig/\nrow: unpublished title")
    (report,) = [json.loads(text) for text in reports]
    assert report["logentry"]["message"] == "import failed at /preview/[removed]/"
    assert leaked(report) == []


def test_without_a_dsn_nothing_is_reported(settings, monkeypatch):
    monkeypatch.setattr(sentry_sdk, "init", lambda *args, **options: pytest.fail("reports errors"))
    settings.SENTRY_DSN = ""
    sentry.init()


def test_a_dsn_without_the_package_is_a_check_error(settings, monkeypatch):
    settings.SENTRY_DSN = DSN
    assert checks.check_sentry() == []
    for module in (checks, sentry):
        monkeypatch.setattr(module, "is_installed", lambda: False)
    sentry.init()
    assert [(message.id, "requirements-services.lock" in message.hint) for message in checks.check_sentry()] == [
        ("articles.E042", True)
    ]


def test_an_invalid_dsn_is_a_check_error(settings):
    settings.SENTRY_DSN = "sentry.example"
    sentry.init()
    assert "articles.E043" in {message.id for message in run_checks()}
