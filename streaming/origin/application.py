"""The origin as a raw ASGI application: a Django view would cost three times as much per request."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from streaming.origin.answers import Answer, Receive, Refused, Send
from streaming.origin.facts import Desk
from streaming.origin.house import IDLE_SECONDS, KEEP_FREE_BYTES, House
from streaming.origin.ingest import ingest
from streaming.origin.metrics import REFUSED
from streaming.origin.playout import play
from streaming.tokens import Signer

log = logging.getLogger(__name__)


class Origin:
    """Serves `/ingest/` and `/live/`. Everything is built with the first request, on its loop."""

    def __init__(
        self,
        *,
        folder: Callable[[], Path],
        secret: Callable[[], str],
        desk: Callable[[], Desk],
        idle_seconds: float = IDLE_SECONDS,
        keep_free: int = KEEP_FREE_BYTES,
    ) -> None:
        self._folder = folder
        self._secret = secret
        self._desk = desk
        self._idle_seconds = idle_seconds
        self._keep_free = keep_free
        self._house: House | None = None
        self._signer: Signer | None = None

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        try:
            answer = await self._answer(scope, receive)
        except Refused as refused:
            REFUSED.labels(refused.code).inc()
            answer = refused.answer()
        except Exception:
            log.exception("origin: %s %s failed", scope["method"], scope["path"])
            answer = Answer(500)
        await answer.send(send, head=scope["method"] == "HEAD")

    async def _answer(self, scope: dict[str, Any], receive: Receive) -> Answer:
        house = self.house()
        assert self._signer is not None
        door, *pieces = scope["path"].lstrip("/").split("/")
        if door == "ingest":
            return await ingest(house, self._signer, scope, receive, pieces)
        if door == "live":
            return await play(house, self._signer, scope, pieces)
        raise Refused("not_found")

    def house(self) -> House:
        """The streams of this process, on the running loop."""
        if self._house is not None and self._house.loop is not asyncio.get_running_loop():
            self._house.abandon()
            self._house = None
        if self._house is None:
            self._signer = Signer(self._secret().encode())
            self._house = House(
                folder=self._folder(),
                desk=self._desk(),
                idle_seconds=self._idle_seconds,
                keep_free=self._keep_free,
            )
        return self._house

    async def close(self) -> None:
        """Orderly stop: what is open is saved so that its session can go on in the next process."""
        house, self._house = self._house, None
        if house is not None:
            await house.close()
