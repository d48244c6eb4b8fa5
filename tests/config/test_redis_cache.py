"""Without Redis nothing fails, only one request waits per back-off, and no outdated values return.

Tests with a real Redis are in tests/services.
"""

from __future__ import annotations

import pickle
import socket
from datetime import UTC, datetime

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from config.backends import redis_cache
from config.backends.redis_cache import BACK_OFF_SECONDS, RedisCache, SignedSerializer


@pytest.fixture
def clock(monkeypatch):
    moment = [1000.0]
    monkeypatch.setattr(redis_cache.time, "monotonic", lambda: moment[0])
    return moment


@pytest.fixture
def server(monkeypatch):
    """The URL of a Redis that refuses connections."""
    monkeypatch.setattr(redis_cache, "_down_until", {})
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        yield f"redis://127.0.0.1:{probe.getsockname()[1]}/0"


class Redis:
    """A replacement for the client of Django's backend that counts the calls."""

    def __init__(self):
        self.is_up, self.calls = False, 0

    def get(self, key, default):
        self.calls += 1
        if not self.is_up:
            raise RedisConnectionError("gone")
        return "from Redis"


@pytest.fixture
def redis(monkeypatch):
    fake = Redis()
    client = "django.core.cache.backends.redis.RedisCacheClient.get"
    monkeypatch.setattr(client, lambda self, key, default: fake.get(key, default))
    return fake


def test_without_redis_a_process_caches_for_itself(server):
    cache = RedisCache(server, {})
    cache.clear()
    cache.set_many({"a": 1, "b": 2})
    assert cache.incr("a") == 2
    assert not cache.add("b", 3)
    assert cache.get_many(["a", "b"]) == {"a": 2, "b": 2}
    assert "a" in cache
    assert cache.touch("a")
    assert cache.delete("a")
    cache.delete_many(["b"])
    assert cache.get("b", "default") == "default"
    with pytest.raises(ValueError, match="a"):
        cache.incr("a")


def test_caches_of_one_server_keep_their_entries_apart(server):
    pages, other = (RedisCache(server, {"KEY_PREFIX": prefix}) for prefix in ("pages", ""))
    pages.set("a", "page")
    assert other.get("a") is None
    assert pages.get("a") == "page"


def test_an_unavailable_redis_is_retried_once_per_back_off(server, redis, clock):
    first, second = RedisCache(server, {}), RedisCache(server, {})
    for cache in (first, first, second):
        assert cache.get("a") is None
    assert redis.calls == 1
    assert second.is_down()

    clock[0] += BACK_OFF_SECONDS
    for cache in (first, second):
        assert cache.get("a") is None
    assert redis.calls == 2

    clock[0] += BACK_OFF_SECONDS
    redis.is_up = True
    assert first.get("a") == second.get("a") == "from Redis"
    assert not second.is_down()


def test_values_cached_during_an_outage_are_discarded_after_it(server, redis, clock):
    cache, other = RedisCache(server, {}), RedisCache(server, {"KEY_PREFIX": "other"})
    cache.get("a")
    cache.set("a", "old")
    assert cache.get("a") == "old"

    clock[0] += BACK_OFF_SECONDS
    redis.is_up = True
    assert other.get("a") == "from Redis"
    redis.is_up = False
    other.get("a")
    assert cache.get("a") is None


class Exploit:
    ran = False

    def __reduce__(self):
        return setattr, (Exploit, "ran", True)


@pytest.mark.parametrize("value", [0, -5, True, None, "12", b"12", {"a": (1, 2.5)}, [datetime(2027, 1, 2, tzinfo=UTC)]])
def test_values_come_back_as_they_were(value):
    stored = SignedSerializer().dumps(value)
    returned = SignedSerializer().loads(stored if isinstance(stored, bytes) else str(stored).encode())
    assert returned == value
    assert type(returned) is type(value)


@pytest.mark.parametrize("prefix", [b"", bytes(32)])
def test_a_value_that_the_site_has_not_signed_is_no_value_and_runs_nothing(prefix):
    assert SignedSerializer().loads(prefix + pickle.dumps(Exploit())) is None
    assert not Exploit.ran


def test_a_changed_value_or_one_of_another_key_is_no_value(settings):
    stored = SignedSerializer().dumps("page")
    assert SignedSerializer().loads(stored[:-1] + b"x") is None
    assert SignedSerializer().loads(b"") is None
    settings.SECRET_KEY = "another-" + settings.SECRET_KEY
    assert SignedSerializer().loads(stored) is None


def test_redis_gets_signed_values_only(server):
    client = RedisCache(server, {})._cache
    assert isinstance(client._serializer, SignedSerializer)
