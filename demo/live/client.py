"""One viewer as a real client: signs in over HTTP, then lives on the room's socket."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import secrets
import uuid
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

log = logging.getLogger(__name__)

SHORTEST_PAUSE = 0.5
LONGEST_PAUSE = 10.0
HTTP_SECONDS = 15
SOCKET_SECONDS = 10

Hear = Callable[["Client", dict[str, Any]], Awaitable[None]]


class Client:
    """`username` None is a guest. `hear` is given every event, in order."""

    def __init__(self, base_url: str, username: str | None, password: str, hear: Hear) -> None:
        self.username = username
        self._base_url = base_url
        self._password = password
        self._hear = hear
        self._cookies = ""
        self._socket: ClientConnection | None = None
        self._seen: int | None = None

    @property
    def connected(self) -> bool:
        return self._socket is not None

    async def live(self, room_id: int) -> None:
        """Sign in if needed, connect, and stay; comes back when the connection is lost."""
        pause = SHORTEST_PAUSE
        while True:
            try:
                if self.username and not self._cookies:
                    await self._sign_in()
                await self._watch(room_id)
                pause = SHORTEST_PAUSE
            except (OSError, httpx.HTTPError, WebSocketException, TimeoutError) as error:
                log.debug("bot waits", extra={"bot": self.username, "why": repr(error)})
            finally:
                self._socket = None
            await asyncio.sleep(pause * random.uniform(0.8, 1.3))
            pause = min(2 * pause, LONGEST_PAUSE)

    def forget(self) -> None:
        """Start from a snapshot next time: another room is coming."""
        self._seen = None

    async def say(self, text: str) -> None:
        await self._send({"t": "chat", "id": secrets.token_hex(6), "text": text})

    async def like(self, count: int) -> None:
        await self._send({"t": "like", "n": count})

    async def buy(self, placement: int, variant: int, quantity: int = 1) -> None:
        await self._send(
            {
                "t": "buy",
                "key": str(uuid.uuid4()),
                "placement": placement,
                "variant": variant,
                "qty": quantity,
                "address": None,
            }
        )

    async def _sign_in(self) -> None:
        async with httpx.AsyncClient(
            base_url=self._base_url, trust_env=False, timeout=HTTP_SECONDS
        ) as http:
            page = await http.get("/accounts/login/")
            page.raise_for_status()
            token = next(
                (value for name, value in http.cookies.items() if name.endswith("csrftoken")), ""
            )
            answer = await http.post(
                "/accounts/login/",
                data={
                    "login": self.username or "",
                    "password": self._password,
                    "csrfmiddlewaretoken": token,
                },
                headers={"Referer": f"{self._base_url}/accounts/login/"},
            )
            if not answer.is_redirect:
                raise httpx.HTTPStatusError(
                    f"{self.username} cannot sign in", request=answer.request, response=answer
                )
            self._cookies = "; ".join(f"{name}={value}" for name, value in http.cookies.items())

    async def _watch(self, room_id: int) -> None:
        place = urlsplit(self._base_url)
        scheme = "wss" if place.scheme == "https" else "ws"
        since = f"?s={self._seen}" if self._seen is not None else ""
        async with connect(
            f"{scheme}://{place.netloc}/ws/rooms/{room_id}/{since}",
            origin=self._base_url,  # type: ignore[arg-type]
            additional_headers={"Cookie": self._cookies} if self._cookies else {},
            compression=None,
            open_timeout=SOCKET_SECONDS,
            close_timeout=0.5,
            proxy=None,
        ) as socket:
            self._socket = socket
            if self._seen is None:
                await self._send({"t": "hello", "s": None})
            async for frame in socket:
                for event in json.loads(frame):
                    self._seen = event.get("s", self._seen)
                    await self._hear(self, event)

    async def _send(self, message: dict[str, Any]) -> None:
        if self._socket is None:
            return
        try:
            await self._socket.send(json.dumps(message, ensure_ascii=False))
        except (OSError, WebSocketException):
            return
