"""An origin on a stage: its folder, a desk that remembers, a publisher and a viewer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from streaming.origin.application import Origin
from streaming.origin.facts import Change, Facts
from streaming.tests import muxer
from streaming.tokens import Signer

SECRET = "a secret of the tests"
KEY = "stream0000000000key"


class FakeDesk:
    """Knows the streams it is told of and remembers what the origin reported."""

    def __init__(self) -> None:
        self.known: dict[str, Facts] = {KEY: Facts("WAITING", 0)}
        self.reports: list[tuple[str, ...]] = []
        self.beats: list[dict[str, int]] = []
        self.away = False
        self._on_change: Change = lambda key, facts: None

    def facts(self, key: str) -> Facts | None:
        if self.away:
            raise ConnectionError("the database is away")
        return self.known.get(key)

    def listen(self, on_change: Change, loaded: Callable[[], Iterable[str]]) -> None:
        self._on_change = on_change

    def change(self, key: str = KEY, **fields: Any) -> None:
        """What an action in Django would have committed."""
        self.known[key] = replace(self.known[key], **fields)
        self._on_change(key, self.known[key])

    def on_air(self, key: str) -> None:
        self.reports.append(("on_air", key))
        self.known[key] = replace(self.known[key], state="LIVE")

    def off_air(self, key: str) -> None:
        self.reports.append(("off_air", key))
        self.known[key] = replace(self.known[key], state="AWAY")

    def session_started(self, key: str, session: str) -> None:
        self.reports.append(("session_started", key, session))

    def session_ended(self, key: str, session: str) -> None:
        self.reports.append(("session_ended", key, session))

    def alive(self, recorded: dict[str, int]) -> None:
        self.beats.append(recorded)

    def recorded(self, key: str, milliseconds: int) -> None:
        self.beats.append({key: milliseconds})

    def close(self) -> None: ...


class Stage:
    def __init__(self, folder: Path, **options: Any) -> None:
        self.folder = folder
        self.desk = FakeDesk()
        self.options = {"keep_free": 0, **options}
        self.signer = Signer(SECRET.encode())
        self.open()

    def open(self) -> None:
        """A new origin process on the same folder."""
        self.origin = Origin(
            folder=lambda: self.folder,
            secret=lambda: SECRET,
            desk=lambda: self.desk,
            **self.options,
        )
        transport = httpx.ASGITransport(app=self.origin, raise_app_exceptions=True)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://origin")

    async def kill(self) -> None:
        """As kill -9 leaves things: nothing is saved but what is on disk; the lock is free."""
        house = self.origin.house()
        await house.recorder.flushed()
        house._watch.cancel()
        house.abandon()
        self.open()

    async def restart(self) -> None:
        await self.origin.close()
        self.open()

    async def settle(self) -> None:
        """Until the recorder has written everything and said so."""
        house = self.origin.house()
        await house.recorder.flushed()

    @property
    def live(self) -> Any:
        """The stream in the origin's memory."""
        return self.origin.house().tenants[KEY].stream

    def publisher(self, epoch: int, *, ttl: float = 60, key: str = KEY) -> Publisher:
        return Publisher(self, epoch, int(time.time() + ttl), key)

    def base(self, *, ttl: float = 60, key: str = KEY) -> str:
        token = self.signer.play_token(stream=key, expires=int(time.time() + ttl))
        return f"/live/{token}/{key}/"

    async def get(self, name: str, *, key: str = KEY, **options: Any) -> httpx.Response:
        return await self.client.get(self.base(key=key) + name, **options)

    async def text(self, name: str) -> str:
        answer = await self.get(name)
        assert answer.status_code == 200, answer.text
        return answer.text


class Publisher:
    def __init__(self, stage: Stage, epoch: int, expires: int, key: str) -> None:
        self.stage = stage
        self.session = f"session{epoch}"
        self.base = f"/ingest/{key}/{self.session}/"
        self.token = stage.signer.publish_token(
            stream=key, session=self.session, epoch=epoch, expires=expires
        )
        self.seq = 0

    async def put(self, seq: int | str, body: bytes, **headers: str) -> httpx.Response:
        return await self.stage.client.put(
            f"{self.base}{seq}",
            content=body,
            headers={"authorization": f"Bearer {self.token}", **headers},
        )

    async def send(self, *bodies: bytes, **headers: str) -> None:
        """Send in order; every one must be taken."""
        for body in bodies:
            answer = await self.put(self.seq, body, **headers)
            assert answer.status_code == 204, (self.seq, answer.text)
            self.seq += 1

    async def begin(self, seconds: float = 0, *, start: float = 0) -> None:
        await self.send(muxer.init(), *muxer.show(seconds, start=start))

    async def end(self) -> httpx.Response:
        return await self.stage.client.post(
            f"{self.base}end", headers={"authorization": f"Bearer {self.token}"}
        )


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"] if answer.content else ""
