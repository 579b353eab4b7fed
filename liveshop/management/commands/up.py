"""Everything in one command: database, Redis, server, worker, scheduler, relay, and the demo."""

from __future__ import annotations

import argparse
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from core import metrics
from liveshop.embedded import EmbeddedError, running
from liveshop.supervision import Program, Supervisor
from liveshop.supervision.supervisor import only_one

READY_SECONDS = 120
BACKLOG = 2048


class Command(BaseCommand):
    help = "Run the whole product: services, server, worker, scheduler and relay."
    requires_system_checks = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"))
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8000))
        parser.add_argument("--demo", action="store_true", help="with demo data and a live room")

    def handle(self, *args: Any, host: str, port: int, demo: bool, **options: Any) -> None:
        try:
            with only_one(settings.DATA_DIR), _listening(host, port) as door:
                _know_own_address(host, port)
                with running(settings.DATA_DIR) as places:
                    self._run(
                        Supervisor(data=settings.DATA_DIR, places=places, say=self._say),
                        host,
                        port,
                        demo,
                        door,
                    )
        except EmbeddedError as error:
            raise CommandError(str(error)) from error

    def _run(
        self, supervisor: Supervisor, host: str, port: int, demo: bool, door: socket.socket
    ) -> None:
        supervisor.listen_for_stop()
        self._say("preparing the database")
        call_command("migrate", verbosity=0, interactive=False)
        if demo:
            call_command("demo_seed", verbosity=0)
        metrics.share(settings.DATA_DIR / "metrics")
        try:
            for program in programs(door.fileno(), demo):
                supervisor.start(program)
            if self._wait_until_ready(supervisor, host, port):
                self._welcome(demo)
            supervisor.run()
        finally:
            self._say("stopping")
            # Whoever comes now must not wait for a server that will not be.
            door.close()
            supervisor.stop()

    def _wait_until_ready(self, supervisor: Supervisor, host: str, port: int) -> bool:
        give_up = time.monotonic() + READY_SECONDS
        while time.monotonic() < give_up and supervisor.turn():
            try:
                with urllib.request.urlopen(f"http://{_reachable(host)}:{port}/readyz", timeout=2):
                    return True
            except (urllib.error.URLError, OSError):
                continue
        if supervisor.stopping.is_set():
            return False
        self._say(f"not ready after {READY_SECONDS} s: see http://{_reachable(host)}:{port}/readyz")
        return False

    def _welcome(self, demo: bool) -> None:
        self.stdout.write(f"\nLiveshop is ready: {settings.BASE_URL}/\n")
        if demo:
            call_command("demo_seed", "--tell", stdout=self.stdout)
        self.stdout.write("Ctrl-C stops everything.\n")

    def _say(self, text: str) -> None:
        self.stderr.write(f"liveshop: {text}")


def programs(door: int, demo: bool) -> list[Program]:
    """The processes of one machine, in the order in which they start; `door` is the server's socket."""
    python, manage = sys.executable, str(settings.BASE_DIR / "manage.py")
    celery = [python, "-m", "celery", "--quiet", "-A", "liveshop.celery:app"]
    chosen = [
        Program("server", [python, manage, "serve", "--fd", str(door)], descriptors=(door,)),
        Program("relay", [python, manage, "relay"]),
        Program(
            "worker",
            [*celery, "worker", "--pool", "threads", "--concurrency", "4", "--loglevel", "WARNING",
             "--without-gossip", "--without-mingle"],
        ),
        Program("beat", [*celery, "beat", "--loglevel", "WARNING", "--pidfile="]),
    ]  # fmt: skip
    if demo:
        chosen.append(Program("demo", [python, manage, "demo_live"]))
    return chosen


def _reachable(host: str) -> str:
    return "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104


def _know_own_address(host: str, port: int) -> None:
    """Without BASE_URL, the children and this process take the address that is really listened on."""
    os.environ["PORT"] = str(port)
    if "BASE_URL" not in os.environ:
        settings.BASE_URL = os.environ["BASE_URL"] = f"http://{_reachable(host)}:{port}"


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """The socket that pages and viewers knock at. It stays open while a killed server is restarted, so
    that whoever comes meanwhile waits a moment instead of being refused."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((host, port))
            door.listen(BACKLOG)
        except OverflowError:
            raise CommandError(f"{port} is no port: choose one from 1 to 65535.") from None
        except OSError as error:
            raise CommandError(
                f"cannot listen on {host}:{port} ({error.strerror}): "
                f"choose another port, for example PORT={port + 1 if port < 65535 else 8000} make run."
            ) from error
        yield door
