"""Three doors: video first because it must stay cheap, then sockets, then pages."""

from __future__ import annotations

import gc
import os
from typing import Any

os.environ.setdefault(
    "DJANGO_SETTINGS_MODULE",
    f"liveshop.settings.{os.environ.get('LIVESHOP_ENV', 'development')}",
)

from django.core.asgi import get_asgi_application

pages = get_asgi_application()

# These import models, so they come after Django is set up.
from rooms.doorway import Doorway  # noqa: E402
from rooms.origin import OwnOrigin  # noqa: E402
from rooms.socket import socket_routes, stop_sockets  # noqa: E402
from streaming.origin import origin  # noqa: E402

doorway = Doorway(pages)
sockets = OwnOrigin(socket_routes)


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Dispatch by kind and path, before any middleware."""
    if scope["type"] == "http":
        if scope["path"].startswith(("/ingest/", "/live/")):
            await origin(scope, receive, send)
        else:
            await doorway(scope, receive, send)
    elif scope["type"] == "websocket":
        await sockets(scope, receive, send)
    elif scope["type"] == "lifespan":
        await _lifespan(receive, send)


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            # What is loaded now lives for ever; the collector need not walk it again and again.
            gc.collect()
            gc.freeze()
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await stop_sockets()
            await origin.close()
            await send({"type": "lifespan.shutdown.complete"})
            return
