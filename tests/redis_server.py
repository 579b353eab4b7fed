"""A Redis of a test's own, to be killed and started again."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import psutil
import redis

from liveshop.embedded import Places
from liveshop.embedded import redis as embedded


class RedisServer:
    def __init__(self, folder: Path) -> None:
        self.places = Places(folder)
        self.url = self.places.redis_url()

    def start(self) -> RedisServer:
        self.places.root.mkdir(parents=True, exist_ok=True)
        embedded.start(self.places)
        return self

    def kill9(self) -> None:
        """End it as the kernel would when memory runs out: without a word to anybody."""
        with self.client() as client:
            process = psutil.Process(int(client.info("server")["process_id"]))
        process.send_signal(signal.SIGKILL)
        with contextlib.suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
            process.wait(5)

    def stop(self) -> None:
        embedded.stop(self.places)

    def keys(self) -> set[str]:
        with self.client() as client:
            return set(client.keys())

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url, decode_responses=True, socket_timeout=2)

    @property
    def freeze(self) -> contextlib.AbstractContextManager[None]:
        """It keeps its connections and answers nobody."""

        @contextlib.contextmanager
        def frozen():
            with self.client() as client:
                pid = int(client.info("server")["process_id"])
            os.kill(pid, signal.SIGSTOP)
            try:
                yield
            finally:
                os.kill(pid, signal.SIGCONT)

        return frozen()
