"""Log lines name their request, contain no secrets and cannot be forged."""

from __future__ import annotations

import json
import logging
import re
import time

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from monitoring.logs import JsonFormatter, PlainFormatter, request_id
from monitoring.middleware import RequestLogMiddleware
from monitoring.redaction import redact
from tests import builders

ID = re.compile(r"[0-9a-f]{32}")
SECRET_NAMES = ("token", "secret", "old_password", "sig", "session", "auth", "credential", "api_key", "code")
HOSTILE = "a\nERROR forged\r\x1b[2J\x00\x7f\x85\u2028\u202eb"


def record(
    message: str = "A message", *args: object, error: BaseException | None = None, **extra: object
) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error else None
    made = logging.LogRecord("newsfold", logging.WARNING, "x.py", 1, message, args, info)
    vars(made).update(extra)
    return made


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    try:
        raise error from cause
    except type(error) as caught:
        return caught


def test_a_log_line_is_one_json_object():
    reset = request_id.set("abc12345")
    line = JsonFormatter().format(record("%s stories", 3, details={"view": "front", "status": 200}))
    request_id.reset(reset)
    entry = json.loads(line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry.pop("time"))
    assert entry == {
        "level": "WARNING",
        "logger": "newsfold",
        "message": "3 stories",
        "request_id": "abc12345",
        "view": "front",
        "status": 200,
    }


@pytest.mark.parametrize("formatter", [JsonFormatter(), PlainFormatter()])
def test_no_value_can_forge_a_log_line(formatter):
    errors = raised(ValueError(HOSTILE), raised(OSError("\x1b[2J\u202eb")))
    text = formatter.format(record(HOSTILE, details={"path": HOSTILE}, error=errors))
    lines = text.split("\n")
    assert all(line.isprintable() for line in lines)
    assert all(line.startswith("    ") for line in lines[1:])


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("/a status=200 user=ada", '"/a status=200 user=ada"'),
        ('/a" status=200', '"/a\\\\" status=200"'),
        ("/a\u2028b", "/a\\u2028b"),
        ("/a%20b", "/a%20b"),
        (200, "200"),
    ],
)
def test_a_value_with_blanks_cannot_forge_fields(value, shown):
    text = PlainFormatter().format(record("denied", details={"path": value, "status": 403}))
    assert text.endswith(f" denied path={shown} status=403".replace("\\\\", "\\"))


def test_a_path_with_blanks_in_a_message_cannot_forge_fields():
    text = PlainFormatter().format(record("%s %s", "GET", "/a status=200 user=ada", details={"status": 404}))
    assert text.endswith(" GET /a%20status=200%20user=ada status=404")


@pytest.mark.django_db
def test_no_line_about_a_request_repeats_its_path_with_blanks(client, caplog, settings, monkeypatch):
    settings.LOG_ACCESS = True
    caplog.set_level(logging.INFO)
    lines: list[str] = []
    monkeypatch.setattr(caplog.handler, "emit", lambda entry: lines.append(PlainFormatter().format(entry)))
    Client().get("/nowhere/x%20status=200%20user=ada")
    assert len(lines) == 2  # Django's warning, and the access log
    for line in lines:
        unquoted = re.sub(r'"[^"]*"', "", line)
        assert " status=200" not in unquoted
        assert " user=ada" not in unquoted


def test_an_exception_is_one_field_with_its_causes():
    error = raised(RuntimeError("outer"), raised(KeyError("inner")))
    trace = json.loads(JsonFormatter().format(record(error=error)))["exception"]
    assert trace.index("KeyError: 'inner'") < trace.index("RuntimeError: outer")
    assert "in raised" in trace


def test_rows_quoted_in_database_errors_are_not_logged():
    error = raised(IntegrityError("null value in column\nDETAIL:  Failing row contains (7, the-secured-part)."))
    for formatter in (JsonFormatter(), PlainFormatter()):
        text = formatter.format(record(error=error))
        assert "null value in column" in text
        assert "the-secured-part" not in text


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("GET /preview/MTI:1x:sig/ 200", "GET /preview/[removed]/ 200"),
        ("/search/?q=war&page=2", "/search/?q=war&page=2"),
        ("/a?access_token=s3cret&q=x", "/a?access_token=[removed]&q=x"),
        ("/a?X-Amz-Signature=s3cret", "/a?X-Amz-Signature=[removed]"),
        ("postgres://root:s3cret@db:5432/x away", "postgres://root:[removed]@db:5432/x away"),
        ("redis://:s3cret@cache/0", "redis://:[removed]@cache/0"),
        ("Authorization: Bearer s3cret-token", "Authorization: Bearer [removed]"),
        ("Authorization: Basic czNjcmV0", "Authorization: Basic [removed]"),
        *((f"/a?{name}=s3cret&q=x", f"/a?{name}=[removed]&q=x") for name in SECRET_NAMES),
        ("/news/2020-06-09-key=figures/", "/news/2020-06-09-key=figures/"),
    ],
)
def test_secrets_are_removed(text, redacted):
    assert redact(text) == redacted


@pytest.mark.parametrize("formatter", [JsonFormatter(), PlainFormatter()])
def test_no_part_of_a_log_line_contains_a_secret(formatter):
    link = "/preview/MTI:1x:sig/?token=s3cret"
    text = formatter.format(record("GET %s", link, details={"path": link}, error=raised(ValueError(link))))
    assert text.count("/preview/[removed]/?token=[removed]") == 3
    assert "s3cret" not in text


@pytest.mark.parametrize("formatter", [JsonFormatter(), PlainFormatter()])
def test_a_traceback_names_every_place_and_quotes_its_line(formatter):
    try:
        json.loads("{")
    except ValueError as error:
        text = formatter.format(record(error=error))
    assert 'json.loads("{")' in text.replace('\\"', '"')
    assert re.search(r"json/decoder\.py.{1,4}, line \d+, in raw_decode", text)


@pytest.mark.integration
@pytest.mark.parametrize("text", ["a." * 20_000, "?" * 20_000, "?key" * 8_000, "a://:" * 8_000, "bearer " * 8_000])
def test_no_text_takes_long_to_redact(text):
    begun = time.process_time()
    redact(text)
    assert time.process_time() - begun < 1


@pytest.mark.parametrize("path", ["/healthz", "/latest/", "/nowhere", "/static/none.css", "/api/none"])
@pytest.mark.django_db
def test_every_response_has_a_request_id(client, path):
    numbers = {client.get(path)["X-Request-ID"] for _ in range(2)}
    assert len(numbers) == 2
    assert all(ID.fullmatch(number) for number in numbers)


@pytest.mark.parametrize("header", ["abcdefgh", "req-2026.11.25_01", "x" * 64])
def test_a_request_id_from_the_proxy_is_used(client, header):
    assert client.get("/healthz", headers={"x-request-id": header})["X-Request-ID"] == header


@pytest.mark.parametrize(
    "header", ["", "short", "x" * 65, "with space", "a\x1b[2Jbcdefg", "ünïcödes", "-abcdefgh", "abcdefgh\n"]
)
def test_an_invalid_request_id_is_replaced(client, header):
    assert ID.fullmatch(client.get("/healthz", headers={"x-request-id": header})["X-Request-ID"])


def test_an_error_has_the_id_of_its_request(caplog, monkeypatch):
    def fail(request: object) -> HttpResponse:
        raise RuntimeError("broken")

    monkeypatch.setattr("monitoring.views.PROBES", {"/healthz": fail})
    lines: list[str] = []
    monkeypatch.setattr(caplog.handler, "emit", lambda entry: lines.append(JsonFormatter().format(entry)))
    response = Client(raise_request_exception=False).get("/healthz", headers={"x-request-id": "from-the-proxy"})
    assert response.status_code == 500
    assert response["X-Request-ID"] == "from-the-proxy"
    entries = [json.loads(line) for line in lines]
    assert any("RuntimeError: broken" in entry.get("exception", "") for entry in entries)
    assert {entry["request_id"] for entry in entries} == {"from-the-proxy"}


def lines_of(caplog) -> list[dict[str, object]]:
    return [entry.details | {"message": entry.getMessage()} for entry in caplog.records if hasattr(entry, "details")]


@pytest.mark.django_db
def test_sign_ins_and_failures_are_logged(client, caplog):
    caplog.set_level(logging.INFO)
    client.force_login(User.objects.create_user("ada", password="right"))
    client.logout()
    client.login(username="ada", password="wrong", request=HttpRequest())
    client.login(username="my-password-in-the-wrong-field", password="x", request=HttpRequest())
    user_login_failed.send("test", credentials={"username": "nul\0"}, request=None)  # PostgreSQL can't look for it
    entries = [(entry["message"], entry["user"]) for entry in lines_of(caplog)]
    assert entries == [
        ("login", "ada"),
        ("logout", "ada"),
        ("login failed", "ada"),
        ("login failed", "(no such account)"),
        ("login failed", "(no such account)"),
    ]
    assert "right" not in caplog.text
    assert "my-password" not in caplog.text


@pytest.mark.django_db
def test_a_sign_in_through_the_form_logs_the_client(client, caplog):
    client.post("/admin/login/", {"username": "ada", "password": "x"}, REMOTE_ADDR="192.0.2.7")
    assert [entry["client"] for entry in lines_of(caplog)] == ["192.0.2.7"]


@pytest.mark.django_db
def test_denied_and_throttled_requests_are_logged_with_their_user(client, caplog, settings, tmp_path):
    client.force_login(User.objects.create_user("ada", is_staff=True))
    client.get("/admin/articles/article/")
    settings.SEARCH_RATE = 1
    for _ in range(2):
        Client().get("/search/?q=secret-interest", REMOTE_ADDR="192.0.2.9")
    settings.METRICS_TOKEN, settings.METRICS_DIR = "a-token-of-these-tests", tmp_path
    Client().get("/metrics", headers={"authorization": "Bearer guessed"})
    entries = lines_of(caplog)
    assert [(entry["message"], entry["status"], entry.get("user")) for entry in entries] == [
        ("denied", 403, "ada"),
        ("throttled", 429, None),
        ("denied", 401, None),
    ]
    assert "secret-interest" not in str(entries)


@pytest.mark.django_db
def test_the_access_log_is_optional(client, caplog, settings):
    caplog.set_level(logging.INFO)
    client.get("/latest/")
    assert lines_of(caplog) == []
    settings.LOG_ACCESS = True
    article = builders.article()
    Client().get(f"{article.get_absolute_url()}?utm=x")
    (line,) = lines_of(caplog)
    assert line["ms"] >= 0
    assert {name: line[name] for name in ("view", "status", "path")} == {
        "view": "story",
        "status": 200,
        "path": article.get_absolute_url(),
    }


def test_a_request_id_is_reset_after_its_request():
    seen = []

    def answer(request: object) -> HttpResponse:
        seen.append(request_id.get())
        raise PermissionDenied

    with pytest.raises(PermissionDenied):
        RequestLogMiddleware(answer)(RequestFactory().get("/"))
    assert ID.fullmatch(seen[0])
    assert request_id.get() == ""
