"""Clients over a rate limit wait until the next minute, each by itself."""

import random
import time
from uuid import uuid4

import pytest
from django.test import RequestFactory

from articles.public import rate_limits
from articles.public.rate_limits import retry_after
from config.client_ip import client_ip
from tests import settings as test_settings

NOON = 1_600_000_020  # a minute begins


@pytest.fixture
def limit():
    """Return the name of a limit that nobody else counts by, in a cache that tests may share."""
    return f"test-{random.random()}"  # noqa: S311


@pytest.fixture
def clock(monkeypatch):
    """Return a list whose only element is the time."""
    now = [NOON]
    monkeypatch.setattr(time, "time", lambda: now[0])
    return now


def request(address="203.0.113.7", forwarded=""):
    headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    return RequestFactory().get("/", REMOTE_ADDR=address, **headers)


def test_a_client_over_the_limit_waits_for_the_next_minute(clock, limit):
    assert [retry_after(request(), limit, 3) for _ in range(3)] == [0, 0, 0]
    clock[0] += 18
    assert retry_after(request(), limit, 3) == 42
    clock[0] += 42
    assert retry_after(request(), limit, 3) == 0


def test_clients_and_limits_are_counted_separately(clock, limit):
    assert [retry_after(request(), limit, 1) for _ in range(2)] == [0, 60]
    assert retry_after(request("203.0.113.8"), limit, 1) == 0
    assert retry_after(request(), f"{limit}-another", 1) == 0


def some_address() -> str:
    """Return an address of which nobody asked yet, in a cache that tests may share."""
    return f"10.{random.randrange(256)}.{random.randrange(256)}.{random.randrange(256)}"  # noqa: S311


@pytest.mark.parametrize("rate", [0, -1])
def test_a_rate_of_zero_is_no_limit(clock, limit, rate):
    assert {retry_after(request(), limit, rate) for _ in range(5)} == {0}


@pytest.mark.parametrize(
    ("address", "forwarded", "behind_proxy", "client"),
    [
        ("203.0.113.7", "", False, "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", False, "203.0.113.7"),
        ("10.0.0.1", "198.51.100.1", True, "198.51.100.1"),
        ("10.0.0.1", "192.0.2.66, 198.51.100.1", True, "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, nonsense", True, "unknown"),
        ("10.0.0.1", "198.51.100.1,", True, "10.0.0.1"),
        ("10.0.0.1", "", True, "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "", False, "2001:db8:1:2::"),
        ("::ffff:203.0.113.7", "", False, "203.0.113.7"),
        ("", "", False, "unknown"),
    ],
)
def test_a_client_is_its_ip_address_or_the_one_in_a_proxys_header(settings, address, forwarded, behind_proxy, client):
    settings.BEHIND_PROXY = behind_proxy
    assert client_ip(request(address, forwarded)) == client


def test_a_process_counts_for_itself_while_redis_is_unavailable(clock, limit, monkeypatch):
    RedisCache = pytest.importorskip("config.backends.redis_cache").RedisCache
    away = RedisCache("redis://127.0.0.1:1/0", {})
    monkeypatch.setattr(rate_limits, "cache", away)

    waits = [retry_after(request(), limit, 1) for _ in range(2)]

    assert waits[0] == 0
    assert waits[1] > 0


@pytest.mark.django_db
def test_the_api_says_when_to_retry(client, settings, clock):
    settings.API_RATE = 2
    clock[0] += 20
    client.defaults["REMOTE_ADDR"] = some_address()
    assert [client.get("/api/topics/").status_code for _ in range(2)] == [200, 200]

    refused = client.get("/api/news/x/")

    assert (refused.status_code, refused["Retry-After"]) == (429, "40")
    assert refused.json() == {
        "status": 429,
        "where": "/api/news/x/",
        "what": "was requested more than 2 times in a minute",
        "hint": "Wait 40 seconds.",
    }
    assert (refused["Access-Control-Allow-Origin"], refused["Cache-Control"]) == ("*", "no-store")
    assert "nosniff" in refused["X-Content-Type-Options"]
    assert client.options("/api/topics/").status_code == 204
    assert client.get("/").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(("limit", "path"), [("SEARCH_RATE", "/search/?q=storm"), ("API_RATE", "/api/topics/")])
def test_cached_responses_count_too(client, settings, clock, limit, path):
    settings.CACHES = test_settings.with_page_cache(uuid4().hex)
    setattr(settings, limit, 2)
    client_address = {"REMOTE_ADDR": some_address()}
    assert [client.get(path, **client_address).status_code for _ in range(3)] == [200, 200, 429]


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["head", "post", "put", "trace"])
@pytest.mark.parametrize(("limit", "path"), [("SEARCH_RATE", "/search/?q=storm"), ("API_RATE", "/api/topics/")])
def test_every_method_counts(client, settings, clock, method, limit, path):
    setattr(settings, limit, 1)
    client_address = {"REMOTE_ADDR": some_address()}
    getattr(client, method)(path, **client_address)
    assert client.get(path, **client_address).status_code == 429


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "options"])
def test_other_sites_read_the_api_without_cookies(client, method):
    answer = getattr(client, method)("/api/topics/", headers={"Origin": "https://elsewhere.example"})
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer


@pytest.mark.django_db
class TestSearches:
    def test_a_client_that_searches_too_often_has_to_wait(self, client, settings):
        settings.SEARCH_RATE = 2
        client_address = {"REMOTE_ADDR": "203.0.113.77"}
        answers = [client.get("/search/", {"q": "storm"}, **client_address) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert 1 <= int(answers[2]["Retry-After"]) <= 60
        assert answers[2]["Cache-Control"] == "no-store"
        assert "Too many searches" in answers[2].content.decode()
        assert client.get("/search/feed.rss", {"q": "storm"}, **client_address).status_code == 429
        assert client.get("/", **client_address).status_code == 200
        assert client.get("/search/", {"q": "storm"}, REMOTE_ADDR="203.0.113.78").status_code == 200

    def test_a_rate_of_zero_allows_any_number(self, client, settings):
        settings.SEARCH_RATE = 0
        assert {client.get("/search/", REMOTE_ADDR="203.0.113.79").status_code for _ in range(5)} == {200}
