"""/healthz says whether the process responds, /readyz whether the site can serve."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.files.storage import default_storage
from django.db import OperationalError, connection
from django.test import Client

from monitoring import health
from monitoring.health import AWAY, OK, PENDING, Readiness, overall_status

SECRETS = ("for-tests-only", "sqlite", "postgres", "redis", "127.0.0.1", "Error")


def test_healthz_responds_without_any_service(client, django_assert_num_queries):
    """Without the django_db mark pytest rejects any query, including one for a session."""
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")
    assert response["Cache-Control"] == "no-store"
    assert not response.cookies


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.django_db
def test_health_checks_by_ip_address_are_not_redirected(path, settings):
    settings.ALLOWED_HOSTS = ["news.example"]
    settings.SECURE_SSL_REDIRECT = True
    client = Client()
    assert client.get(path, headers={"host": "10.1.2.3:8000"}).status_code == 200
    assert client.head(path).status_code == 200
    assert client.post(path).status_code == 405
    assert client.get("/latest/", headers={"host": "10.1.2.3:8000"}).status_code in (301, 400)


@pytest.mark.django_db
def test_readyz_reports_a_ready_site(client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "not" / "made" / "yet"
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "no-store"
    checks = {"database": OK, "migrations": OK, "cache": OK, "storage": OK}
    assert json.loads(response.content) == {"status": "ready", "checks": checks}


@pytest.mark.django_db
@pytest.mark.parametrize("check", health.CHECKS.values())
def test_a_health_check_closes_its_connection(check):
    """Nothing else would close it: these threads live as long as the process."""

    def connected() -> bool:
        return check() == OK and connection.connection is not None

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(connected).result() is False


@pytest.mark.parametrize(
    ("unavailable", "status", "code"),
    [
        ("database", "unavailable", 503),
        ("migrations", "unavailable", 503),
        ("cache", "degraded", 200),
        ("storage", "degraded", 200),
    ],
)
def test_an_unavailable_service_is_named_without_details(client, monkeypatch, unavailable, status, code):
    def fail() -> str:
        raise OperationalError("connection to postgres://root:for-tests-only@127.0.0.1 failed")

    checks = {name: (fail if name == unavailable else lambda: OK) for name in health.CHECKS}
    monkeypatch.setattr("monitoring.views.readiness", lambda: Readiness(checks))
    response = client.get("/readyz")
    body = json.loads(response.content)
    assert (response.status_code, body["status"], body["checks"][unavailable]) == (code, status, AWAY)
    assert list(body["checks"].values()).count(OK) == 3
    assert response.has_header("Retry-After") is (code == 503)
    assert not any(word in response.content.decode() for word in SECRETS)


@pytest.mark.integration
def test_a_hanging_check_delays_no_response_and_is_not_started_twice():
    end = threading.Event()
    calls = []

    def hang() -> str:
        calls.append(1)
        end.wait(20)
        return OK

    readiness = Readiness({"database": hang, "cache": lambda: OK}, seconds=0.1)
    start = time.monotonic()
    states = [readiness.states() for _ in range(3)]
    took = time.monotonic() - start
    end.set()
    assert states == [{"database": AWAY, "cache": OK}] * 3
    assert took < 5
    assert len(calls) == 1
    time.sleep(0.05)
    assert readiness.states()["database"] == OK  # recovered


@pytest.mark.integration
def test_simultaneous_requests_share_a_check():
    calls = []

    def slow() -> str:
        calls.append(1)
        time.sleep(0.2)
        return OK

    readiness = Readiness({"database": slow}, seconds=10)
    submit = readiness._pool.submit
    readiness._pool.submit = lambda *arguments: time.sleep(0.05) or submit(*arguments)
    with ThreadPoolExecutor(4) as pool:
        states = [future.result() for future in [pool.submit(readiness.states) for _ in range(4)]]
    assert states == [{"database": OK}] * 4
    assert len(calls) < 4


@pytest.mark.django_db
def test_a_missing_migration_is_pending_and_a_newer_one_is_not(monkeypatch):
    current = health.known_migrations()
    for expected, state in (
        (current, OK),
        (set(sorted(current)[1:]), OK),
        (current | {("articles", "9999_later")}, PENDING),
    ):
        monkeypatch.setattr(health, "known_migrations", lambda expected=expected: expected)
        assert health.check_migrations() == state


def test_a_cache_that_uses_its_fallback_is_reported_as_unavailable(monkeypatch):
    class FakeCache(dict):
        def set(self, key: str, value: str, seconds: int) -> None:
            self[key] = value

        def is_down(self) -> bool:
            return True

    monkeypatch.setattr(health, "caches", {"default": FakeCache()})
    assert health.check_cache() == AWAY


def test_a_read_only_storage_is_reported_as_unavailable(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "file"
    (tmp_path / "file").write_text("not a folder")
    assert health.check_storage() == AWAY


def test_a_remote_storage_is_checked_by_looking_up_a_file(monkeypatch):
    names = []

    class RemoteStorage:
        def exists(self, name: str) -> bool:
            names.append(name)
            return False

    monkeypatch.setattr("monitoring.health.default_storage", RemoteStorage())
    assert health.check_storage() == OK
    assert names == ["readyz"]


def test_the_checks_are_those_of_the_documentation():
    assert set(health.CHECKS) == {"database", "migrations", "cache", "storage"}
    assert overall_status(dict.fromkeys(health.CHECKS, OK)) == "ready"
    assert default_storage is health.default_storage
