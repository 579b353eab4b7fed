"""Daphne with a bound for slow viewers: its sockets get a way to write ready-made frames."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from daphne.server import Server as DaphneServer
from daphne.ws_protocol import WebSocketProtocol
from twisted.internet import defer
from twisted.internet.tcp import Connection

from liveshop.serving.writer import DEAD_MILLISECONDS, SEND_BUFFER
from rooms.fanout import BOUND, EXTENSION

CLOSE_SECONDS = 5.0

Application = Callable[..., Awaitable[None]]


class TwistedWriter:
    """`rooms.fanout.Fanout` for a connection of Twisted.

    As `DirectWriter` does for asyncio: straight to the socket while Twisted holds nothing back,
    else through its transport. TLS has no socket of its own to write to and always goes that way.
    """

    compresses = False

    def __init__(self, transport: Any) -> None:
        self.on_drained: Callable[[], None] | None = None
        self._transport: Any = transport
        self._direct = isinstance(transport, Connection) and not getattr(transport, "TLS", False)
        self._descriptor = transport.fileno() if self._direct else -1
        if self._direct:
            own: socket.socket = transport.getHandle()
            if own.family in (socket.AF_INET, socket.AF_INET6):
                own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
                if hasattr(socket, "TCP_USER_TIMEOUT"):
                    own.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_MILLISECONDS)
        # The HTTP channel that the connection came through no longer feeds it.
        transport.unregisterProducer()
        transport.registerProducer(self, True)
        self._full = False

    @property
    def unsent(self) -> int:
        transport = self._transport
        if transport is None or not self._direct:
            return 0
        held: int = len(transport.dataBuffer) - transport.offset + transport._tempDataLen
        return held

    def write(self, frame: bytes) -> bool:
        if self._transport is None:
            return True
        if self._direct and not self.unsent:
            try:
                sent = os.write(self._descriptor, frame)
            except BlockingIOError:
                sent = 0
            except OSError:
                transport = self._transport
                self.detach()
                transport.abortConnection()
                return True
            if sent == len(frame):
                return True
            frame = frame[sent:]
        self._transport.write(frame)
        self._full = self._full or self.unsent > BOUND
        return not self._full

    def stop_reading(self) -> None:
        if self._transport is not None:
            self._transport.pauseProducing()

    def detach(self) -> None:
        """Never write again: the descriptor may soon be somebody else's."""
        transport, self._transport = self._transport, None
        self.on_drained = None
        if transport is not None:
            transport.unregisterProducer()

    # Twisted's IPushProducer: it asks to pause past 64 KiB, and to go on when all is sent.

    def pauseProducing(self) -> None:
        self._full = True

    def resumeProducing(self) -> None:
        if self._full:
            self._full = False
            if self.on_drained is not None:
                self.on_drained()

    def stopProducing(self) -> None:
        self._full = False


class RoomProtocol(WebSocketProtocol):
    """Knows when its writer must stop: before the close frame, and when the connection is lost."""

    writer: TwistedWriter | None = None

    def serverClose(self, code: int | None = None) -> None:
        # autobahn's `sendClose` knows no "service restart" (1012) and no "try again later" (1013).
        self.sendCloseFrame(code=1000 if code is None else code)

    def sendCloseFrame(self, *args: Any, **kwargs: Any) -> None:
        self._let_go()
        super().sendCloseFrame(*args, **kwargs)

    def connectionLost(self, reason: Any) -> None:
        self._let_go()
        super().connectionLost(reason)

    def _let_go(self) -> None:
        if self.writer is not None:
            self.writer.detach()
            self.writer = None


class Server(DaphneServer):
    """`on_stop` runs before connections are dropped."""

    def __init__(self, *args: Any, on_stop: Callable[[], Awaitable[None]], **kwargs: Any) -> None:
        super().__init__(*args, ready_callable=self._use_own_protocol, **kwargs)
        self._on_stop = on_stop

    def _use_own_protocol(self) -> None:
        self.ws_factory.protocol = RoomProtocol
        # A bad frame is answered with a close code, and a slow peer has time to read it.
        self.ws_factory.setProtocolOptions(failByDrop=False, closeHandshakeTimeout=CLOSE_SECONDS)

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        if isinstance(protocol, RoomProtocol):
            protocol.writer = TwistedWriter(protocol.transport)
            scope.setdefault("extensions", {})[EXTENSION] = protocol.writer
        return super().create_application(protocol, scope)

    def kill_all_applications(self) -> Any:
        said = defer.Deferred.fromFuture(asyncio.ensure_future(self._on_stop()))
        said.addBoth(lambda _: super(Server, self).kill_all_applications())
        return said


def run(application: Application, *, endpoints: list[str], on_stop: Any, max_size: int) -> None:
    """Serve until a signal comes. `max_size`: bytes of a message past which its socket is closed."""
    Server(
        application,
        endpoints=endpoints,
        signal_handlers=True,
        websocket_max_message_size=max_size,
        websocket_max_frame_size=max_size,
        on_stop=on_stop,
    ).run()
