"""Our side: the product's own server process on a real PostgreSQL and Redis, with one room on air."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.peers import machine, prepare
from benchmarks.peers.prepare import ROOT
from liveshop import embedded
from tests.stack import free_port

MANAGE = str(ROOT / "manage.py")
# Eight things on the shelf, as an ordinary show has them.
OPEN_ROOM = """
import json
from accounts.models import User
from rooms.tests.factories import live_room
anchor = User.objects.create_user  # without a password, whose hash would take longer than the rest
taken = User.objects.count()
names = [f"anchor{taken + number}" for number in range(%(count)d)]
rooms = [live_room(anchor(name, f"{name}@example.org"), items=%(items)d) for name in names]
print("HEARD " + json.dumps([{"id": room.pk, "slug": room.slug} for room in rooms]))
"""


@dataclass(frozen=True)
class Room:
    id: int
    slug: str


@dataclass(frozen=True)
class Shop:
    """Services, a migrated database and settings as in production, without the TLS in front."""

    places: embedded.Places
    port: int
    environment: dict[str, str]

    def open_room(self, *, items: int = 8) -> Room:
        """A room on air with that many goods."""
        return self.open_rooms(1, items=items)[0]

    def open_rooms(self, count: int, *, items: int) -> list[Room]:
        """Rooms on air, each with an anchor of its own."""
        output = self.manage(
            "shell", "--no-imports", "-c", OPEN_ROOM % {"items": items, "count": count}
        )
        line = next(line for line in output.splitlines() if line.startswith("HEARD "))
        heard: list[dict[str, Any]] = json.loads(line.removeprefix("HEARD "))
        return [Room(**fields) for fields in heard]

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, MANAGE, *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"manage.py {arguments[0]} failed; its messages are above")
        return done.stdout

    def serve_command(self, server: str = "uvicorn") -> list[str]:
        return [sys.executable, MANAGE, "serve", "--port", str(self.port), "--server", server]


def _static_files(product: Shop, data: Path) -> None:
    """Compressing them takes half a minute, so they are kept until they change."""
    kept = prepare.cache() / f"static-{prepare.digest(*_static_sources())}"
    if not kept.exists():
        machine.say("benchmark: collecting static files")
        product.manage("collectstatic", "--noinput", "--verbosity", "0")
        shutil.rmtree(part := kept.with_suffix(".part"), ignore_errors=True)
        shutil.move(data / "staticfiles", part)
        part.rename(kept)
    (data / "staticfiles").symlink_to(kept, target_is_directory=True)


def _static_sources() -> list[Path]:
    public = sorted(f for f in (ROOT / "static" / "public").rglob("*") if f.is_file())
    return [ROOT / "static/dist/manifest.json", ROOT / "requirements.txt", *public]


@contextmanager
def shop(data: Path, cores: machine.Cores) -> Iterator[Shop]:
    """Starts PostgreSQL and Redis in `data` on the cores of the others; ends them afterwards."""
    machine.end_in_order()
    machine.take_priority()
    # The services inherit this; each measured server is given its own core.
    os.sched_setaffinity(0, cores.others)
    foreign = {"DATABASE_URL", "REDIS_URL", "ROOM_REDIS_URLS", "DJANGO_SETTINGS_MODULE"}
    for name in foreign & set(os.environ):
        del os.environ[name]
    port = free_port()
    with embedded.running(data) as places:
        environment = {
            **os.environ,
            "LIVESHOP_ENV": "production",
            "LIVESHOP_DATA": str(data),
            "LIVESHOP_SUPERVISED": "1",
            "DJANGO_SETTINGS_MODULE": "liveshop.settings.production",
            "PYTHONPATH": str(ROOT),
            "BASE_URL": f"http://127.0.0.1:{port}",
            "ALLOWED_HOSTS": "127.0.0.1",
            "SECURE_SSL_REDIRECT": "0",
            "SECRET_KEY": "of-a-benchmark-on-this-machine-only-" * 2,
            "STREAM_SIGNING_KEY": "of-a-benchmark",
            "SANDBOX_WEBHOOK_SECRET": "of-a-benchmark",
        }
        product = Shop(places, port, environment)
        _static_files(product, data)
        product.manage("migrate", "--verbosity", "0", "--noinput")
        yield product
