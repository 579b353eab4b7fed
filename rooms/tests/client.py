"""A viewer for the tests: speaks the protocol of docs/realtime.md to the ASGI application."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from rooms.snapshot import fold

PATIENCE = 8.0


class Watcher:
    """One socket. `events` is all that came; `state` the snapshot folded by the client's rule."""

    def __init__(
        self, app: Any, room_id: int, *, cookie: str = "", visitor: str = "", query: str = ""
    ) -> None:
        headers = [(b"host", b"testserver"), (b"accept-language", b"en")]
        if cookie:
            headers.append((b"cookie", f"sessionid={cookie}".encode()))
        if visitor:
            headers.append((b"cookie", f"visitor={visitor}".encode()))
        self.scope = {
            "type": "websocket",
            "path": f"/ws/rooms/{room_id}/",
            "query_string": query.encode(),
            "headers": headers,
            "subprotocols": [],
        }
        self.events: list[dict[str, Any]] = []
        self.frames: list[list[dict[str, Any]]] = []
        self.state: dict[str, Any] | None = None
        self.closed: int | None = None
        self.accepted = False
        # What the handshake's answer set, as the browser would send it back.
        self.cookies_set = ""
        # Clear it, and the peer's transport is full.
        self.reading = asyncio.Event()
        self.reading.set()
        self._news = asyncio.Event()
        self._in: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._task = asyncio.create_task(app(self.scope, self._in.get, self._take))

    async def _take(self, message: dict[str, Any]) -> None:
        await self.reading.wait()
        if message["type"] == "websocket.accept":
            self.accepted = True
            for name, value in message.get("headers", []):
                if name == b"set-cookie":
                    self.cookies_set = value.decode()
        elif message["type"] == "websocket.close":
            self.closed = message.get("code", 1000)
        else:
            frame = json.loads(message["text"])
            assert isinstance(frame, list)
            self.frames.append(frame)
            for event in frame:
                self._apply(event)
        self._news.set()

    def _apply(self, event: dict[str, Any]) -> None:
        self.events.append(event)
        if event["t"] == "reset":
            self.state = event["snapshot"]
        elif self.state is not None and event["t"] != "welcome" and "s" in event:
            self.state = fold(self.state, event)

    async def open(self) -> Watcher:
        await self._in.put({"type": "websocket.connect"})
        await self.until(lambda: self.accepted or self.closed is not None)
        return self

    async def send(self, *messages: Any) -> None:
        await self.send_raw(json.dumps(messages[0] if len(messages) == 1 else list(messages)))

    async def send_raw(self, text: str | None = None, data: bytes | None = None) -> None:
        message: dict[str, Any] = {"type": "websocket.receive"}
        message.update({"text": text} if text is not None else {"bytes": data})
        await self._in.put(message)

    async def until(self, condition: Callable[[], Any]) -> Any:
        """Wait until `condition` is true of what came so far."""
        async with asyncio.timeout(PATIENCE):
            while not (found := condition()):
                self._news.clear()
                await self._news.wait()
        return found

    async def get(self, kind: str, **fields: Any) -> dict[str, Any]:
        """The first event of that type with those fields, come or to come."""

        def search() -> Any:
            for event in self.events:
                if event["t"] == kind and all(event.get(k) == v for k, v in fields.items()):
                    return event
            return None

        return await self.until(search)

    def all(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["t"] == kind]

    def forget(self) -> None:
        self.events.clear()
        self.frames.clear()

    async def close(self) -> None:
        self.reading.set()
        await self._in.put({"type": "websocket.disconnect", "code": 1000})
        await asyncio.wait([self._task], timeout=5)
        if self._task.done() and not self._task.cancelled():
            self._task.result()

    @property
    def over(self) -> bool:
        return self._task.done()
