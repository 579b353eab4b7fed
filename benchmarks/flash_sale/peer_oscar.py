"""django-oscar from PyPI, in an environment of its own, on the same PostgreSQL."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg

from benchmarks.flash_sale.contenders import Workers
from benchmarks.peers import machine, prepare
from benchmarks.peers.shop import Shop

SITE = Path(__file__).with_name("site")


def environment_python() -> Path:
    """The Python of a virtual environment with django-oscar; made once."""
    pins = SITE / "requirements.txt"
    prepare.cache().mkdir(parents=True, exist_ok=True)
    folder = prepare.cache() / f"oscar-{prepare.digest(pins)}"
    python = folder / "bin" / "python"
    with (prepare.cache() / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            machine.say("benchmark: fetching django-oscar")
            shutil.rmtree(folder, ignore_errors=True)
            install = [str(python), "-m", "pip", "install", "--quiet", "-r", str(pins)]
            for command in ([sys.executable, "-m", "venv", str(folder)], install):
                subprocess.run(command, check=True, stdout=sys.stderr, stdin=subprocess.DEVNULL)
            (folder / "complete").touch()
    return python


def oscar(shop: Shop, seconds: float) -> Workers:
    """Its shop is set up with one product; its workers are not started yet."""
    python = environment_python()
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("DJANGO")
    }
    environment |= {
        "PYTHONPATH": f"{SITE}{os.pathsep}{SITE.parent}",
        "OSCAR_DATABASE_HOST": str(shop.places.sockets),
    }
    with psycopg.connect(shop.places.database_url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE oscar")
    command = [str(python), str(SITE / "oscar_worker.py")]
    subprocess.run(
        [*command, "setup"],
        env=environment,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
    )
    return Workers("oscar", command, environment, seconds)
