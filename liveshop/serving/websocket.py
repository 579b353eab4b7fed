"""uvicorn's WebSocket protocol, lighter for a crowd, and with a way to write ready-made frames."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.extensions.permessage_deflate import (
    PerMessageDeflate,
    ServerPerMessageDeflateFactory,
)
from websockets.frames import Frame

from liveshop.serving.inbox import Gate, Inbox
from liveshop.serving.pings import pings_of
from liveshop.serving.writer import DirectWriter, bound_kernel
from rooms.fanout import BOUND, EXTENSION, FLOODER_SECONDS

PING = b"\x89\x00"
# Bytes parsed in one turn of the loop: a flood of tiny frames must not hold up the others.
PIECE = 2048
# Control frames and fragments a peer may send in one round of pings.
CONTROL_FRAMES = 1_000
POLICY_VIOLATION = 1008
PING_TIMEOUT = 1011
# What a peer may still send once we have said goodbye, before we stop reading.
LAST_WORDS = 16 * 1024
CLOSE_SECONDS = 5.0

# Neither side keeps a compression context, so an idle connection holds no memory for it.
_DEFLATE = ServerPerMessageDeflateFactory(
    server_no_context_takeover=True, client_no_context_takeover=True
)


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """Puts a `rooms.fanout.Fanout` into the scope of each connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conn.available_extensions = [_DEFLATE]
        self.queue = cast("asyncio.Queue[Any]", Inbox())
        self.writable = cast(asyncio.Event, Gate())
        self.writer: DirectWriter | None = None
        self.heard = True
        self.close_timeout = CLOSE_SECONDS
        self._held = bytearray()
        self._turn: int | None = None
        self._control_frames = 0
        self._last_words = 0

    # Connection --------------------------------------------------------------------------

    def connection_lost(self, exc: Exception | None) -> None:
        if self.writer is not None:
            self.writer.detach()
        self._held.clear()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.writer is not None:
            self.writer.full = True

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.writer is not None:
            self.writer.drained()

    def shutdown(self) -> None:
        if self.writer is not None:
            self.writer.detach()
        super().shutdown()

    # Handshake ---------------------------------------------------------------------------

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if self.close_sent:
            return
        deflate = self.conn.extensions[0] if self.conn.extensions else None
        compresses = isinstance(deflate, PerMessageDeflate) and deflate.local_max_window_bits == 15
        self.writer = DirectWriter(self.transport, compresses=compresses)
        extensions = cast(dict[str, Any], self.scope["extensions"])
        extensions[EXTENSION] = self.writer

    async def send(self, message: Any) -> None:
        kind = message["type"]
        answered = self.handshake_complete or self.initial_response is not None
        if kind == "websocket.accept" and not answered:
            self._accept(message)
        elif kind == "websocket.close" and self.handshake_complete and not self.close_sent:
            self._say_goodbye(message.get("code", 1000), message.get("reason") or "")
        else:
            await super().send(message)

    def _accept(self, message: Any) -> None:
        """As uvicorn does, without a line in the log for each viewer."""
        if self.disconnected or self.transport.is_closing():
            raise ClientDisconnected
        headers = [*self.default_headers, *message.get("headers", [])]
        del self.response.headers["Date"]
        for name, value in headers:
            self.response.headers[name.decode("latin-1").lower()] = value.decode("latin-1")
        if subprotocol := message.get("subprotocol"):
            self.response.headers["Sec-WebSocket-Protocol"] = subprotocol
        self.handshake_complete = True
        self.conn.send_response(self.response)
        self._flush()
        self.transport.set_write_buffer_limits(high=BOUND)
        bound_kernel(self.transport)
        self.start_keepalive()
        # They are not needed again, and a crowd has as many of them.
        del self.request, self.response

    def _flush(self) -> None:
        self.transport.write(b"".join(self.conn.data_to_send()))

    # Goodbye -----------------------------------------------------------------------------

    def _say_goodbye(self, code: int, reason: str) -> None:
        """The close frame goes behind what waits; who does not read it in time is cut off."""
        if self.transport.is_closing():
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, reason)
        self._end()
        if self.read_paused and not self._deaf:
            self.read_paused = False
            self.transport.resume_reading()

    def _fail(self, code: int, reason: str) -> None:
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.fail(code, reason)
        self._end()

    def _end(self) -> None:
        if self.writer is not None:
            self.writer.detach()
        self._flush()
        self.close_sent = True
        self._held.clear()
        self.stop_keepalive()
        if self.close_timer is None:
            self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)

    # Coming in ---------------------------------------------------------------------------

    @property
    def _deaf(self) -> bool:
        return self.writer is not None and self.writer.deaf

    def data_received(self, data: bytes) -> None:
        self.heard = True
        if self.close_sent:
            self._last_words += len(data)
            if self._last_words > LAST_WORDS:
                self.transport.pause_reading()
                return
        elif self._held or (len(data) > PIECE and self.handshake_initiated):
            if not self._held:
                self.loop.call_soon(self._take_piece)
            self._held += data
            if not self.read_paused:
                self.read_paused = True
                self.transport.pause_reading()
            return
        super().data_received(data)

    def _take_piece(self) -> None:
        """Parse the next piece of what was held back, and let others have a turn."""
        if self._deaf:
            self._held.clear()
        piece = bytes(self._held[:PIECE])
        del self._held[:PIECE]
        if not piece:
            return
        super().data_received(piece)
        # With messages waiting, `receive` goes on when the application has taken them.
        if self.queue.empty() and not self.close_sent:
            self._go_on_reading()

    def _go_on_reading(self) -> None:
        if self._deaf:
            self._held.clear()
        elif self._held:
            self.loop.call_soon(self._take_piece)
        elif self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()

    async def receive(self) -> Any:
        message = await self.queue.get()
        if self.read_paused and self.queue.empty() and not self.disconnected:
            self._go_on_reading()
        return message

    def handle_close(self, event: Frame) -> None:
        if self.writer is not None:
            self.writer.detach()
        super().handle_close(event)

    def handle_parser_exception(self) -> None:
        if self.writer is not None:
            self.writer.detach()
        super().handle_parser_exception()

    def handle_ping(self) -> None:
        super().handle_ping()
        self._count_control_frame()

    def handle_pong(self, event: Frame) -> None:
        # Any byte counts as an answer.
        self._count_control_frame()

    def handle_cont(self, event: Frame) -> None:
        super().handle_cont(event)
        self._count_control_frame()

    def _count_control_frame(self) -> None:
        self._control_frames += 1
        if self._control_frames == CONTROL_FRAMES + 1 and self.writer and not self.close_sent:
            # As a flood of messages: not read first, closed later.
            self.writer.stop_reading()
            self.loop.call_later(FLOODER_SECONDS, self._fail_flooder)

    def _fail_flooder(self) -> None:
        if not self.close_sent and not self.transport.is_closing():
            self._fail(POLICY_VIOLATION, "too many control frames")

    # Pings -------------------------------------------------------------------------------

    def start_keepalive(self) -> None:
        self._turn = pings_of(self.loop).add(self)

    def stop_keepalive(self) -> None:
        if self._turn is not None:
            pings_of(self.loop).discard(self, self._turn)
            self._turn = None

    def take_turn(self) -> None:
        """Once a round: ping, or close who has been silent since the last one."""
        self._control_frames = 0
        if self.close_sent or self.transport.is_closing() or self.writer is None:
            return
        if self.heard or self.read_paused or self.writer.deaf:
            self.heard = False
            self.writer.write(PING)
            return
        self._fail(PING_TIMEOUT, "keepalive ping timeout")
