"""Token buckets in Redis, decided in one round trip; in this process's memory while Redis is away."""

from __future__ import annotations

import threading
import time

import redis
from django.utils.translation import gettext as _

from core.errors import TooMany
from core.redis import client, key

_SCRIPT = """
local t = redis.call('TIME'); local now = t[1] + t[2] / 1e6
local b = redis.call('HMGET', KEYS[1], 'n', 't')
local n = tonumber(b[1]) or tonumber(ARGV[1])
n = math.min(tonumber(ARGV[1]), n + (now - (tonumber(b[2]) or now)) * tonumber(ARGV[2]))
local wait = 0
if n >= tonumber(ARGV[3]) then n = n - tonumber(ARGV[3])
else wait = (tonumber(ARGV[3]) - n) / tonumber(ARGV[2]) end
redis.call('HSET', KEYS[1], 'n', tostring(n), 't', tostring(now))
redis.call('PEXPIRE', KEYS[1], math.ceil(1000 * tonumber(ARGV[1]) / tonumber(ARGV[2])) + 1000)
return tostring(wait)
"""

_local: dict[str, tuple[float, float]] = {}
_lock = threading.Lock()


def check(scope: str, who: object, *, burst: int, per_second: float, cost: int = 1) -> None:
    """Take `cost` tokens from the bucket of (scope, who), which holds `burst` and refills steadily.

    Raises TooMany with `retry_after` seconds when the bucket is short; takes nothing then.
    """
    name = key("rate", scope, who)
    try:
        wait = float(client().eval(_SCRIPT, 1, name, burst, per_second, cost))  # type: ignore[arg-type]
    except redis.RedisError:
        wait = _check_locally(name, burst, per_second, cost)
    if wait > 0:
        raise TooMany(_("Slow down a little and try again."), retry_after=max(1, round(wait + 0.5)))


def _check_locally(name: str, burst: int, per_second: float, cost: int) -> float:
    now = time.monotonic()
    with _lock:
        tokens, at = _local.get(name, (float(burst), now))
        tokens = min(burst, tokens + (now - at) * per_second)
        wait = 0.0 if tokens >= cost else (cost - tokens) / per_second
        _local[name] = (tokens - cost if wait == 0 else tokens, now)
        if len(_local) > 10_000:
            _local.clear()
    return wait
