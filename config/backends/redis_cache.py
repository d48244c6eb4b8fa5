"""A Redis cache that tolerates outages: requests don't wait and don't fail, and Redis is used again after it recovers.

While it is down each process caches for itself, as it does without Redis. Values are signed: somebody who can write to
Redis can't make the site run code or show pages of their own.
"""

from __future__ import annotations

import logging
import pickle
import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends import redis
from django.core.cache.backends.locmem import LocMemCache
from django.utils.crypto import constant_time_compare, salted_hmac
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

TIMEOUT_SECONDS = 0.5  # for connecting, and for a reply
BACK_OFF_SECONDS = 5.0  # how long Redis isn't tried after a failure
FALLBACK_ENTRIES = 1000
SALT = "newsfold.cache"
SIGNATURE_BYTES = 32


class SignedSerializer:
    """Store integers as they are, so that Redis can increment them, and other values pickled and signed."""

    def dumps(self, value: Any) -> int | bytes:
        if type(value) is int:
            return value
        content = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        return _signature(content) + content

    def loads(self, stored: bytes) -> Any:
        """Return the value; None, as if there were no entry, if the signature isn't ours."""
        try:
            return int(stored)
        except ValueError:
            signature, content = stored[:SIGNATURE_BYTES], stored[SIGNATURE_BYTES:]
        if not constant_time_compare(signature, _signature(content)):
            return None
        return pickle.loads(content)  # noqa: S301  signed by us


def _signature(content: bytes) -> bytes:
    return salted_hmac(SALT, content, algorithm="sha256").digest()


CLIENT_OPTIONS = {
    "serializer": SignedSerializer,
    "socket_connect_timeout": TIMEOUT_SECONDS,
    "socket_timeout": TIMEOUT_SECONDS,
    "retry": Retry(NoBackoff(), 1),  # after a restart of Redis the first connection turns out to be broken
}

logger = logging.getLogger(__name__)
_down_until: dict[str, float] = {}  # by server, for all caches and threads of the process


def _with_fallback(name: str) -> Callable[..., Any]:
    """Return a cache method that uses Redis, or the process's own cache while Redis is down."""

    def method(self: RedisCache, *args: Any, **kwargs: Any) -> Any:
        now, down_until = time.monotonic(), _down_until.get(self.server, 0.0)
        if now >= down_until:
            if down_until:
                _down_until[self.server] = now + BACK_OFF_SECONDS  # only this thread retries
            try:
                result = getattr(super(RedisCache, self), name)(*args, **kwargs)
            except (RedisError, OSError) as error:
                if not down_until:
                    self.fallback.clear()  # entries of an earlier outage may be out of date
                    logger.warning("The cache is down; each process uses its own until it recovers: %s", error)
                _down_until[self.server] = time.monotonic() + BACK_OFF_SECONDS
            else:
                _down_until.pop(self.server, None)
                return result
        return getattr(self.fallback, name)(*args, **kwargs)

    return method


class RedisCache(redis.RedisCache):
    """Django's Redis cache with time limits, and with a cache in memory for the time that Redis is down."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params | {"OPTIONS": CLIENT_OPTIONS | params.get("OPTIONS", {})})
        self.server = server
        self.fallback = LocMemCache(server, params | {"OPTIONS": {"MAX_ENTRIES": FALLBACK_ENTRIES}})

    def is_down(self) -> bool:
        return self.server in _down_until

    add, get, set, touch = map(_with_fallback, ("add", "get", "set", "touch"))
    delete, has_key, incr = map(_with_fallback, ("delete", "has_key", "incr"))
    get_many, set_many, delete_many = map(_with_fallback, ("get_many", "set_many", "delete_many"))
    clear = _with_fallback("clear")
