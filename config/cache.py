"""Redis as a cache that may go away: nobody waits for it, nothing fails, and it is taken up again once it answers.

While it is away each process keeps for itself, as without Redis; or, where processes have to agree, keeps nothing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends import redis
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

PATIENCE_SECONDS = 0.5  # for connecting, and for an answer
PAUSE_SECONDS = 5.0  # how long a Redis that failed is left alone
OWN_SECONDS = 3600.0  # how long a process has what it found in Redis
QUICK = {
    "socket_connect_timeout": PATIENCE_SECONDS,
    "socket_timeout": PATIENCE_SECONDS,
    "retry": Retry(NoBackoff(), 1),  # once: after a restart of Redis the first connection is found broken
}

logger = logging.getLogger(__name__)
# By server, for all caches and threads of the process: until when it is left alone, how often it has gone away.
_away_until: dict[str, float] = {}
_outages: dict[str, int] = {}
_instead: dict[str, dict[str, BaseCache]] = {}  # by server and prefix: what the process keeps while it is away


def _or_instead(name: str) -> Callable[..., Any]:
    """Return a method that asks Redis, and the cache that stands in for it while Redis is away."""

    def method(self: RedisCache, *args: Any, **kwargs: Any) -> Any:
        if self.may_ask():
            try:
                answer = getattr(super(RedisCache, self), name)(*args, **kwargs)
            except (RedisError, OSError) as error:
                self.leave(error)
            else:
                if _away_until.pop(self.server, None) is not None:
                    forget_outage(self.server)
                return answer
        return getattr(self.alone(), name)(*args, **kwargs)

    return method


def forget_outage(server: str) -> None:
    """Give back the memory of what stood in while the server was away: nobody finds it again."""
    for cache in _instead.get(server, {}).values():
        cache.clear()


class Client(redis.RedisCacheClient):
    """Django's makes a new `Redis` for every command, which costs more than the command."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._clients: dict[int, Any] = {}

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        index = self._get_connection_pool_index(write)
        if index not in self._clients:
            self._clients[index] = super().get_client(key, write=write)
        return self._clients[index]


class RedisCache(redis.RedisCache):
    """Django's own. `ALONE_ENTRIES` says how much a process keeps while Redis is away, `SECONDS_MAX` for how long
    anything is kept at most."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        options = QUICK | params.get("OPTIONS", {})
        entries = options.pop("ALONE_ENTRIES", 0)
        self.longest = options.pop("SECONDS_MAX", None)
        super().__init__(server, params | {"OPTIONS": options})
        self._class = Client
        self.server = server
        self.instead: BaseCache = DummyCache(server, {"KEY_PREFIX": self.key_prefix})
        if entries:
            alone = {"KEY_PREFIX": self.key_prefix, "OPTIONS": {"MAX_ENTRIES": entries}}
            self.instead = LocMemCache(f"{server} {self.key_prefix}", alone)
            _instead.setdefault(server, {}).setdefault(self.key_prefix, self.instead)

    def get_backend_timeout(self, timeout: Any = DEFAULT_TIMEOUT) -> int | None:
        seconds = super().get_backend_timeout(timeout)
        if self.longest is None:
            return seconds
        return self.longest if seconds is None else min(seconds, self.longest)

    def may_ask(self) -> bool:
        """Return whether to ask Redis: after a failure one request at a time finds out whether it is back."""
        until = _away_until.get(self.server)
        if until is None:
            return True
        now = time.monotonic()
        if now < until:
            return False
        _away_until[self.server] = now + PAUSE_SECONDS
        return True

    def is_away(self) -> bool:
        return self.server in _away_until

    def leave(self, error: Exception) -> None:
        """Go on without it for a while."""
        if self.server not in _away_until:
            _outages[self.server] = _outages.get(self.server, 0) + 1
            logger.warning("The cache is away; each process keeps for itself until it is back: %s", error)
        _away_until[self.server] = time.monotonic() + PAUSE_SECONDS

    def alone(self) -> BaseCache:
        """Return what stands in. What was kept in an earlier outage isn't found again: it may be wrong by now."""
        self.instead.key_prefix = f"{self.key_prefix}-{_outages.get(self.server, 0)}"
        return self.instead

    add, get, set, touch = _or_instead("add"), _or_instead("get"), _or_instead("set"), _or_instead("touch")
    delete, has_key, incr = _or_instead("delete"), _or_instead("has_key"), _or_instead("incr")
    get_many, set_many, delete_many = _or_instead("get_many"), _or_instead("set_many"), _or_instead("delete_many")
    clear = _or_instead("clear")


class PagesCache(RedisCache):
    """For what never changes under its key: a process asks itself first. `OWN_ENTRIES` says how much it keeps."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        options = dict(params.get("OPTIONS", {}))
        own = {"KEY_PREFIX": params.get("KEY_PREFIX", ""), "OPTIONS": {"MAX_ENTRIES": options.pop("OWN_ENTRIES")}}
        super().__init__(server, params | {"OPTIONS": options})
        self.own = LocMemCache(f"{server} own", own)

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        found = self.own.get(key, None, version)
        if found is None:
            found = super().get(key, None, version)
            if found is not None:
                self.own.set(key, found, OWN_SECONDS, version)
        return default if found is None else found

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> None:
        self.own.set(key, value, timeout, version)
        super().set(key, value, timeout, version)

    def clear(self) -> bool:
        self.own.clear()
        return super().clear()
