"""A cache on Redis that isn't there: nothing fails, nobody waits twice. With a real one: tests/services."""

from __future__ import annotations

import socket

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from config import cache


@pytest.fixture
def server(monkeypatch):
    """The address of a Redis that refuses connections."""
    monkeypatch.setattr(cache, "_away_until", {})
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        yield f"redis://127.0.0.1:{probe.getsockname()[1]}/0"


@pytest.fixture
def calls(monkeypatch):
    """What Redis is asked; it fails until the list is told to answer."""
    found = []

    def get(self, key, default):
        found.append(key)
        if found.count("back"):
            return "from Redis"
        raise RedisConnectionError("gone")

    monkeypatch.setattr("django.core.cache.backends.redis.RedisCacheClient.get", get)
    return found


def made(server, **options):
    return cache.RedisCache(server, {"OPTIONS": options})


def test_nothing_is_kept_where_processes_have_to_agree(server):
    alone = made(server)
    alone.set("a", 1)
    assert alone.get("a") is None
    assert alone.add("a", 1)
    assert alone.add("a", 1)
    assert alone.get_many(["a"]) == {}
    assert alone.delete("a") is False
    assert "a" not in alone
    with pytest.raises(ValueError, match="a"):
        alone.incr("a")
    alone.clear()


def test_else_a_process_keeps_for_itself(server):
    alone = made(server, ALONE_ENTRIES=10)
    alone.clear()
    alone.set_many({"a": 1, "b": 2})
    assert alone.incr("a") == 2
    assert not alone.add("b", 3)
    assert alone.get_many(["a", "b"]) == {"a": 2, "b": 2}


def test_it_is_asked_again_after_a_pause_by_one_at_a_time(server, calls, monkeypatch):
    now = 1000.0
    monkeypatch.setattr(cache.time, "monotonic", lambda: now)
    first, second = made(server), made(server)
    first.get("a")
    first.get("a")
    second.get("a")
    assert len(calls) == 1
    assert second.is_away()
    now += cache.PAUSE_SECONDS
    first.get("a")
    second.get("a")
    assert len(calls) == 2
    now += cache.PAUSE_SECONDS
    calls.append("back")
    assert first.get("a") == second.get("a") == "from Redis"
    assert not second.is_away()


def test_the_memory_of_an_outage_is_given_back(server, calls, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(cache.time, "monotonic", lambda: clock[0])
    alone, other = (
        cache.RedisCache(server, {"KEY_PREFIX": prefix, "OPTIONS": {"ALONE_ENTRIES": 10}}) for prefix in "ab"
    )
    for each in (alone, other):
        each.get("a")
        each.set("a", "kept")
        assert each.instead._cache
    clock[0] += cache.PAUSE_SECONDS + 1
    calls.append("back")
    assert alone.get("a") == "from Redis"
    assert not alone.instead._cache
    assert not other.instead._cache


def test_what_was_kept_alone_is_not_found_again_later(server, calls, monkeypatch):
    now = 1000.0
    monkeypatch.setattr(cache.time, "monotonic", lambda: now)
    alone = made(server, ALONE_ENTRIES=10)
    alone.get("a")
    alone.set("a", "old")
    assert alone.get("a") == "old"
    now += cache.PAUSE_SECONDS
    calls.append("back")
    assert alone.get("a") == "from Redis"
    calls.remove("back")
    assert alone.get("a") is None


@pytest.mark.parametrize(("asked", "kept"), [(None, 60), (3600, 60), (30, 30)])
def test_sessions_are_kept_there_for_a_minute_at_most(server, asked, kept):
    assert made(server, SECONDS_MAX=60).get_backend_timeout(asked) == kept
    assert made(server).get_backend_timeout(asked) == asked


class TestPages:
    """What never changes under its key: each process asks itself first."""

    @pytest.fixture
    def pages(self, server):
        found = cache.PagesCache(server, {"KEY_PREFIX": "pages", "OPTIONS": {"OWN_ENTRIES": 10}})
        yield found
        found.clear()

    def test_what_is_found_in_redis_is_not_asked_for_again(self, pages, calls):
        calls.append("back")
        assert pages.get("a") == pages.get("a") == "from Redis"
        assert calls == ["back", "pages:1:a"]

    def test_what_this_process_keeps_is_its_own_too(self, pages, calls):
        pages.set("a", "kept here")
        assert pages.get("a") == "kept here"
        assert calls == []

    def test_what_nobody_keeps_is_the_default(self, pages, calls):
        assert pages.get("a", "nothing") == "nothing"

    def test_nothing_is_left_of_what_is_cleared(self, pages):
        pages.set("a", "kept here")
        pages.clear()
        assert pages.get("a") is None


def test_commands_share_a_client(server):
    client = made(server)._cache
    assert client.get_client("a") is client.get_client("b", write=True)
