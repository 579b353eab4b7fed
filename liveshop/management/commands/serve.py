"""One server process: pages, sockets, and the video origin unless that runs by itself."""

from __future__ import annotations

import argparse
import signal
import socket
import sys
from typing import Any

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from liveshop.serving import process
from liveshop.serving.websocket import WebSocketProtocol


class Command(BaseCommand):
    help = "Serve pages, sockets and video from one process."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--fd",
            type=int,
            help="descriptor of a socket that listens already; whoever holds it keeps the door open"
            " while this process is restarted",
        )
        parser.add_argument(
            "--server",
            choices=["uvicorn", "daphne"],
            default="uvicorn",
            help="uvicorn costs less per socket; daphne passes the same tests",
        )

    def handle(
        self, *args: Any, host: str, port: int, fd: int | None, server: str, **options: Any
    ) -> None:
        process.prepare()
        try:
            (_uvicorn if server == "uvicorn" else _daphne)(host, port, fd)
        except OSError as error:
            raise CommandError(f"cannot listen on {host}:{port}: {error.strerror}.") from error


# A message past so many bytes closes its socket with 1009.
MAX_MESSAGE = 16 * 1024

# How uvicorn carries sockets: docs/adr/0006.
SOCKETS: dict[str, Any] = {"ws": WebSocketProtocol, "ws_max_size": MAX_MESSAGE}


class Server(uvicorn.Server):
    """uvicorn that says goodbye to viewers while their sockets are still open."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        from rooms.socket import stop_sockets

        await stop_sockets()
        await super().shutdown(sockets=sockets)


def _uvicorn(host: str, port: int, fd: int | None) -> None:
    # uvicorn raises the signal again when it is done; it must not kill us before we have let go
    # of the embedded services.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    Server(
        uvicorn.Config(
            settings.ASGI_APPLICATION.replace(".application", ":application"),
            host=host,
            port=port,
            loop="uvloop",
            http="httptools",
            **SOCKETS,
            lifespan="on",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=5,
        )
    ).run(sockets=None if fd is None else [socket.socket(fileno=fd)])


def _daphne(host: str, port: int, fd: int | None) -> None:
    from daphne.endpoints import build_endpoint_description_strings

    from liveshop.asgi import application
    from liveshop.serving import daphne
    from rooms.socket import stop_sockets

    if fd is None:
        listening = build_endpoint_description_strings(host=host, port=port)
        endpoints = [f"{endpoint}:backlog=2048" for endpoint in listening]
    else:
        endpoints = build_endpoint_description_strings(file_descriptor=fd)
    daphne.run(
        application,
        endpoints=endpoints,
        on_stop=stop_sockets,
        max_size=MAX_MESSAGE,
    )
