"""Token buckets in this process's memory, for what one socket or one account may send."""

from __future__ import annotations

import time


class Bucket:
    """Holds `burst` tokens and refills at `per_second`."""

    __slots__ = ("_at", "_burst", "_per_second", "_tokens")

    def __init__(self, burst: int, per_second: float) -> None:
        self._burst = burst
        self._per_second = per_second
        self._tokens = float(burst)
        self._at = time.monotonic()

    def take(self) -> float:
        """0 when a token was there, else the seconds until there is one."""
        now = time.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        if self._tokens < 1:
            return (1 - self._tokens) / self._per_second
        self._tokens -= 1
        return 0.0

    @property
    def full(self) -> bool:
        return self._tokens + (time.monotonic() - self._at) * self._per_second >= self._burst


class Buckets:
    """One bucket for each account, forgotten when it is full again."""

    def __init__(self, burst: int, per_second: float) -> None:
        self._burst = burst
        self._per_second = per_second
        self._buckets: dict[int, Bucket] = {}

    def take(self, who: int) -> float:
        if len(self._buckets) > 10_000:
            self._buckets = {key: b for key, b in self._buckets.items() if not b.full}
        bucket = self._buckets.get(who)
        if bucket is None:
            bucket = self._buckets[who] = Bucket(self._burst, self._per_second)
        return bucket.take()
