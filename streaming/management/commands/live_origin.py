"""The video origin as a process of its own: route `/ingest/` and `/live/` to it."""

from __future__ import annotations

import argparse
import gc
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from prometheus_client import generate_latest

from streaming.origin import origin
from streaming.origin.answers import Answer

TEXT = (b"content-type", b"text/plain; charset=utf-8")


class Command(BaseCommand):
    help = "Run the video origin (/ingest/ and /live/) as a process of its own."
    # It serves no Django page, so pages that do not load must not stop the picture.
    requires_system_checks = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8100)

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        import uvicorn

        config = uvicorn.Config(
            application,
            host=host,
            port=port,
            loop="uvloop",
            http="httptools",
            ws="none",
            lifespan="on",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=5,
        )
        # What is loaded by now lives for ever: full collections need not walk it at every viewer's cost.
        gc.collect()
        gc.freeze()
        try:
            uvicorn.Server(config).run()
        except OSError as error:
            raise CommandError(f"cannot listen on {host}:{port}: {error.strerror}.") from error


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The origin with the start and stop messages of ASGI, a health check and metrics."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await origin.close()
                await send({"type": "lifespan.shutdown.complete"})
                return
    elif scope["type"] == "http" and scope["path"] == "/healthz":
        await Answer(200, [TEXT], b"ok").send(send)
    elif scope["type"] == "http" and scope["path"] == "/metrics":
        await Answer(200, [TEXT], generate_latest()).send(send)
    elif scope["type"] == "http":
        await origin(scope, receive, send)
