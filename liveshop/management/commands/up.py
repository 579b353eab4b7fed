"""Everything in one command: database, Redis, server, worker, scheduler, relay, and the demo."""

from __future__ import annotations

import argparse
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from core import metrics
from liveshop.embedded import EmbeddedError, running
from liveshop.supervision import Program, Supervisor
from liveshop.supervision.supervisor import only_one

READY_SECONDS = 120


class Command(BaseCommand):
    help = "Run the whole product: services, server, worker, scheduler and relay."
    requires_system_checks = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"))
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8000))
        parser.add_argument("--demo", action="store_true", help="with demo data and a live room")

    def handle(self, *args: Any, host: str, port: int, demo: bool, **options: Any) -> None:
        try:
            with only_one(settings.DATA_DIR):
                _refuse_taken_port(host, port)
                _know_own_address(host, port)
                with running(settings.DATA_DIR) as places:
                    self._run(
                        Supervisor(data=settings.DATA_DIR, places=places, say=self._say),
                        host,
                        port,
                        demo,
                    )
        except EmbeddedError as error:
            raise CommandError(str(error)) from error

    def _run(self, supervisor: Supervisor, host: str, port: int, demo: bool) -> None:
        supervisor.listen_for_stop()
        self._say("preparing the database")
        call_command("migrate", verbosity=0, interactive=False)
        if demo:
            call_command("demo_seed", verbosity=0)
        metrics.share(settings.DATA_DIR / "metrics")
        try:
            for program in programs(host, port, demo):
                supervisor.start(program)
            if self._wait_until_ready(supervisor, host, port):
                self._welcome(demo)
            supervisor.run()
        finally:
            self._say("stopping")
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


def programs(host: str, port: int, demo: bool) -> list[Program]:
    """The processes of one machine, in the order in which they start."""
    python, manage = sys.executable, str(settings.BASE_DIR / "manage.py")
    celery = [python, "-m", "celery", "--quiet", "-A", "liveshop.celery:app"]
    chosen = [
        Program("server", [python, manage, "serve", "--host", host, "--port", str(port)]),
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


def _refuse_taken_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OverflowError:
            raise CommandError(f"{port} is no port: choose one from 1 to 65535.") from None
        except OSError as error:
            raise CommandError(
                f"cannot listen on {host}:{port} ({error.strerror}): "
                f"choose another port, for example PORT={port + 1 if port < 65535 else 8000} make run."
            ) from error
