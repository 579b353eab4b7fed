"""Real PostgreSQL and Redis under the data directory, for machines that bring none.

Any number of processes share one pair: each user holds a shared lock on `services.lock`; the last
to let go stops them. The kernel frees the lock of a killed process, so nothing is ever left locked.
Unix sockets only: two checkouts never fight over a port.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from liveshop.embedded import postgres, redis
from liveshop.embedded.places import EmbeddedError, Places

__all__ = ["EmbeddedError", "Places", "ensure", "needed", "running"]

MINIMUM_FREE_BYTES = 300 * 1024 * 1024


def needed() -> tuple[bool, bool]:
    """Whether this environment leaves (PostgreSQL, Redis) to us."""
    return "DATABASE_URL" not in os.environ, "REDIS_URL" not in os.environ


def ensure(places: Places) -> None:
    """Start what is needed and not running. Idempotent; the caller must hold `running`."""
    want_postgres, want_redis = needed()
    with _locked(places.root / "start.lock"):
        if want_postgres:
            postgres.start(places)
        if want_redis:
            redis.start(places)


@contextmanager
def running(data: Path) -> Iterator[Places]:
    """Services for the duration of the block. Raises EmbeddedError with one line that says what to do."""
    places = Places(data)
    if not any(needed()):
        yield places
        return
    _make_room(places.root)
    with (places.root / "services.lock").open("w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            ensure(places)
            yield places
        finally:
            _stop_if_last(places, users.fileno())


def _make_room(root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedError(
            f"cannot create {root}: {error.strerror}. Set LIVESHOP_DATA."
        ) from error
    free = shutil.disk_usage(root).free
    if free < MINIMUM_FREE_BYTES:
        raise EmbeddedError(
            f"only {free // 2**20} MiB free at {root}: free at least "
            f"{MINIMUM_FREE_BYTES // 2**20} MiB, or set LIVESHOP_DATA to a folder on another disk."
        )


def _stop_if_last(places: Places, users: int) -> None:
    with _locked(places.root / "start.lock"):
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        postgres.stop(places)
        redis.stop(places)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
