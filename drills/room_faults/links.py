"""The network between viewers and one server: a TCP proxy whose connections can be broken badly."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable


class Link:
    """One viewer's connection through the proxy."""

    def __init__(self, down: asyncio.StreamWriter, up: asyncio.StreamWriter) -> None:
        self.down = down
        self.up = up
        self.flowing = asyncio.Event()
        self.flowing.set()

    def fall_silent(self) -> None:
        """Nothing passes any more in either direction, and nobody is told."""
        self.flowing.clear()

    def vanish(self) -> None:
        """The viewer's side is gone; the server is not told, and nobody reads what it sends."""
        self.flowing.clear()
        self.down.transport.abort()

    def close(self) -> None:
        self.down.transport.abort()
        self.up.transport.abort()


class Proxy:
    """Listens on a port of its own and passes everything on to `target`, a port of this machine."""

    def __init__(self, target: Callable[[], int]) -> None:
        self.port = 0
        self.links: dict[int, Link] = {}
        self._target = target
        self._server: asyncio.Server | None = None
        self._broken: list[Link] = []

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def take(self, viewer_port: int) -> Link | None:
        """The link of the viewer that dialled from that port; from now on the caller breaks it."""
        link = self.links.pop(viewer_port, None)
        if link is not None:
            self._broken.append(link)
        return link

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            up_reader, up = await asyncio.open_connection("127.0.0.1", self._target())
        except OSError:
            writer.transport.abort()
            return
        link = Link(writer, up)
        port = writer.get_extra_info("peername")[1]
        self.links[port] = link
        ways = [
            asyncio.ensure_future(_copy(reader, up, link)),
            asyncio.ensure_future(_copy(up_reader, writer, link)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            # A link that was broken on purpose keeps its dead half until the proxy ends.
            if self.links.pop(port, None) is not None:
                link.close()

    async def stop(self) -> None:
        for link in [*self.links.values(), *self._broken]:
            link.close()
        if self._server is not None:
            self._server.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._server.wait_closed(), 2)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, link: Link) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            await link.flowing.wait()
            writer.write(data)
            await writer.drain()
