"""The one place that opens Redis. Nothing stored there may be the only copy of anything."""

from __future__ import annotations

from functools import lru_cache

import redis
import redis.asyncio
from django.conf import settings


def key(*parts: object) -> str:
    """A namespaced key: `liveshop:rooms:presence:17`."""
    return ":".join([settings.REDIS_PREFIX, *map(str, parts)])


@lru_cache(maxsize=64)
def client(url: str = "") -> redis.Redis:
    """Shared thread-safe client of the main server, or of the one at `url`.

    Short time-outs: no request waits for a dead Redis.
    """
    return redis.Redis.from_url(
        url or settings.REDIS_URL,
        decode_responses=True,
        socket_timeout=1,
        socket_connect_timeout=1,
        health_check_interval=30,
    )


def async_client(url: str = "", *, blocking: bool = False) -> redis.asyncio.Redis:
    """A client for the running event loop. `blocking` lifts the read time-out for XREAD BLOCK."""
    return redis.asyncio.Redis.from_url(
        url or settings.REDIS_URL,
        decode_responses=True,
        socket_timeout=None if blocking else 1,
        socket_connect_timeout=1,
    )
