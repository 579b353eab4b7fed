"""Real servers for the tests of sockets, each on a loop and a thread of its own."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeVar

import uvicorn
import uvloop

from liveshop.asgi import application
from liveshop.management.commands.serve import MAX_MESSAGE, SOCKETS, Server
from rooms import hub
from rooms.socket import stop_sockets

T = TypeVar("T")

PATIENCE = 20.0
# The three ways in which a frame reaches a viewer.
PATHS = ["uvicorn", "uvicorn-plain", "daphne"]


class Running:
    """A server that serves the whole product at `port`."""

    def __init__(self, path: str, port: int, loop: asyncio.AbstractEventLoop) -> None:
        self.path = path
        self.port = port
        self.loop = loop

    def url(self, room_id: int, query: str = "") -> str:
        return f"ws://127.0.0.1:{self.port}/ws/rooms/{room_id}/{query}"

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    def call(self, work: Callable[..., T], *arguments: Any) -> T:
        """Call a function on the server's loop."""

        async def called() -> T:
            return work(*arguments)

        return self.run(called())

    def channel(self, room_id: int) -> Any:
        return self.call(lambda: hub.current().channels.get(room_id))


@contextmanager
def serving(path: str) -> Iterator[Running]:
    """That server for the duration of the block; the hub of its loop ends with it."""
    if path == "daphne":
        running = _daphne()
        try:
            yield running
        finally:
            running.run(stop_sockets())
        return
    listening = socket.create_server(("127.0.0.1", 0))
    ways = SOCKETS if path == "uvicorn" else {**SOCKETS, "ws": "websockets-sansio"}
    server = Server(uvicorn.Config(application, log_config=None, **ways))
    loop = uvloop.new_event_loop()
    thread = threading.Thread(
        target=lambda: loop.run_until_complete(server._serve([listening])), daemon=True
    )
    thread.start()
    _wait(lambda: server.started)
    try:
        yield Running(path, listening.getsockname()[1], loop)
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        assert not thread.is_alive()
        loop.close()


@lru_cache(maxsize=1)
def _daphne() -> Running:
    # Twisted's reactor runs once in a process, so this server stays until the process ends.
    from liveshop.serving import daphne

    server = daphne.Server(
        application,
        endpoints=["tcp:port=0:interface=127.0.0.1"],
        signal_handlers=False,
        websocket_max_message_size=MAX_MESSAGE,
        websocket_max_frame_size=MAX_MESSAGE,
        on_stop=stop_sockets,
    )
    threading.Thread(target=server.run, daemon=True).start()
    _wait(lambda: server.listening_addresses)
    from twisted.internet import reactor

    return Running("daphne", server.listening_addresses[0][1], reactor._asyncioEventloop)


def _wait(condition: Callable[[], Any]) -> None:
    give_up = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.01)
