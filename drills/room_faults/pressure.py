"""What one rude client, ten that read nothing, and a slow database cost everybody else."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from drills import chatter
from drills.room_faults.life import Show, open_show
from drills.room_faults.place import ROOT, Place, Server
from drills.room_faults.stage import ask
from rooms.fanout import FLOODER_SECONDS

LISTENERS = 30
# Below the rate from which chat is sampled.
LINES_PER_SECOND = 16
# Short turns: what else the machine does falls on both sides alike.
TURN_SECONDS = 3.0
JUNK_PER_SECOND = 10_000
# A flooder is closed after some seconds: each turn sees it closed, and back, and closed again.
JUNK_TURN_SECONDS = 2.5 * FLOODER_SECONDS
STALL_SECONDS = 0.3
STALLED = 10
STALLED_FOR_SECONDS = 20
STALLED_LINE = 60_000
STALLED_LINES_PER_SECOND = 20

JUNK_ALLOWED = 1.10
STALL_ALLOWED_MS = 20.0
GROWTH_ALLOWED_MB = 25.0


class Probe:
    """Viewers who talk and listen on one server; how long each line takes to each of them."""

    def __init__(self, server: Server, show: Show) -> None:
        self.url = f"ws://127.0.0.1:{server.port}/ws/rooms/{show.room}/"
        self.show = show
        self.samples: list[float] = []
        self.refused: list[str] = []
        self._sent: dict[str, float] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._sockets: list[Any] = []

    async def start(self) -> None:
        for number in range(LISTENERS):
            cookie = self.show.talkers[number] if number < len(self.show.talkers) else ""
            headers = {"Cookie": f"sessionid={cookie}"} if cookie else None
            viewer = await connect(
                self.url, additional_headers=headers, compression=None, ping_interval=None,
                proxy=None, max_size=None,
            )  # fmt: skip
            self._sockets.append(viewer)
            self._tasks.append(asyncio.create_task(self._listen(viewer)))
        self._tasks.append(asyncio.create_task(self._talk()))

    async def _listen(self, viewer: Any) -> None:
        async for raw in viewer:
            now = time.perf_counter()
            for event in json.loads(raw):
                if event["t"] == "chat":
                    sent = self._sent.get(event["id"].partition(".")[2])
                    if sent is not None:
                        self.samples.append(1000 * (now - sent))
                elif event["t"] == "error":
                    self.refused.append(event["code"])

    async def _talk(self) -> None:
        talkers = itertools.cycle(self._sockets[: len(self.show.talkers)])
        for number in itertools.count():
            nonce = f"p{number}"
            self._sent[nonce] = time.perf_counter()
            line = {"t": "chat", "id": nonce, "text": chatter.line()}
            await next(talkers).send(json.dumps(line))
            await asyncio.sleep(random.uniform(0.5, 1.5) / LINES_PER_SECOND)

    async def take(self, seconds: float) -> list[float]:
        """Latencies of the next `seconds`, in milliseconds."""
        self.samples = []
        await asyncio.sleep(seconds)
        taken, self.samples = self.samples, []
        return taken

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        for viewer in self._sockets:
            viewer.transport.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def percentile(samples: list[float], share: float) -> float:
    return sorted(samples)[min(len(samples) - 1, int(share * len(samples)))]


async def compared(
    probe: Probe, trouble: Callable[[], Any], turns: int
) -> tuple[list[float], list[float]]:
    """Latencies without and with `trouble`, an async context manager, in turns of one length."""
    calm: list[float] = []
    troubled: list[float] = []
    for _ in range(turns):
        calm += await probe.take(TURN_SECONDS)
        async with trouble():
            # Its beginning is part of it.
            troubled += await probe.take(TURN_SECONDS)
        await asyncio.sleep(0.3)
    return calm, troubled


async def junk(server: Server, show: Show, turns: int) -> dict[str, Any]:
    """One client that sends JUNK_PER_SECOND frames of rubbish and comes back when it is closed.

    Three kinds of turns in a changing order: silence, the client with its bytes thrown away, and the
    client against the server. The client runs on the server's own machine, here on two cores, which
    a rude client of the world does not; so `ratio` is between the last two. `ratio_to_silence` has
    the client's own cost in it. `server_cpu` is the share of a core that the server used.
    """
    said: list[dict[str, int]] = []

    @asynccontextmanager
    async def rude(where: str) -> AsyncIterator[None]:
        words = [where, str(show.room), str(JUNK_PER_SECOND)]
        process = subprocess.Popen(
            [sys.executable, "-m", "drills.room_faults.junk", *words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        # The start of an interpreter is nothing that a client does to us.
        await asyncio.sleep(1)
        process.stdin.write(b"\n")
        process.stdin.flush()
        try:
            yield
        finally:
            process.stdin.close()
            output = await asyncio.to_thread(process.stdout.read)
            process.wait()
            if where != "sink":
                said.append(json.loads(output))

    kinds: dict[str, Callable[[], Any]] = {
        "silence": contextlib.nullcontext,
        "sink": lambda: rude("sink"),
        "junk": lambda: rude(str(server.port)),
    }
    samples: dict[str, list[float]] = {kind: [] for kind in kinds}
    busy = dict.fromkeys(kinds, 0.0)
    order = list(kinds)
    probe = Probe(server, show)
    await probe.start()
    try:
        for _ in range(turns):
            for kind in order:
                async with kinds[kind]():
                    before = server.cpu_seconds
                    # Its beginning is part of it.
                    samples[kind] += await probe.take(JUNK_TURN_SECONDS)
                    busy[kind] += server.cpu_seconds - before
                await asyncio.sleep(0.3)
            order.append(order.pop(0))
    finally:
        await probe.stop()
    p95 = {kind: percentile(taken, 0.95) for kind, taken in samples.items()}
    seconds = sum(s["ms"] for s in said) / 1000
    return {
        "p95_ms": round(p95["sink"], 1),
        "p95_with_junk_ms": round(p95["junk"], 1),
        "p95_in_silence_ms": round(p95["silence"], 1),
        "ratio": round(p95["junk"] / p95["sink"], 3),
        "ratio_to_silence": round(p95["junk"] / p95["silence"], 3),
        "server_cpu": {
            kind: round(used / turns / JUNK_TURN_SECONDS, 3) for kind, used in busy.items()
        },
        "offered_per_second": round(sum(s["offered"] for s in said) / seconds),
        "frames_per_second": round(sum(s["frames"] for s in said) / seconds),
        "closed": sum(s["closed"] for s in said),
        "samples": sum(len(taken) for taken in samples.values()),
        "ok": p95["junk"] <= JUNK_ALLOWED * p95["sink"]
        and all(s["closed"] for s in said)
        and not probe.refused,
    }


async def foreign_origin(server: Server, show: Show) -> dict[str, Any]:
    """A page of another site must not open a socket, a page of ours must."""
    url = f"ws://127.0.0.1:{server.port}/ws/rooms/{show.room}/"
    answers = {}
    for origin in ("https://evil.example", "null", f"http://127.0.0.1:{server.port}"):
        try:
            async with connect(url, origin=origin, proxy=None) as viewer:  # type: ignore[arg-type]
                await viewer.recv()
            answers[origin] = 101
        except InvalidStatus as refused:
            answers[origin] = refused.response.status_code
    return {"answers": list(answers.values()), "ok": list(answers.values()) == [403, 403, 101]}


async def stalled_viewers(server: Server, show: Show) -> dict[str, Any]:
    """STALLED viewers who never read while long lines go through their room."""
    readers = [
        await connect(
            f"ws://127.0.0.1:{server.port}/ws/rooms/{show.room}/",
            compression=None, ping_interval=None, proxy=None, max_size=None,
        )
        for _ in range(STALLED)
    ]  # fmt: skip
    reading = [asyncio.create_task(_swallow(reader)) for reader in readers]
    # The first flood is for what the allocator keeps anyway.
    await asyncio.to_thread(_flood, show.room, 2)
    await asyncio.sleep(0.5)
    before = server.rss
    stalled = [await asyncio.to_thread(_dial, server.port, show.room) for _ in range(STALLED)]
    most = before
    flooding = asyncio.create_task(asyncio.to_thread(_flood, show.room, STALLED_FOR_SECONDS))
    while not flooding.done():
        most = max(most, server.rss)
        await asyncio.sleep(0.2)
    for peer in stalled:
        peer.close()
    for task in reading:
        task.cancel()
    for reader in readers:
        reader.transport.abort()
    growth = (most - before) / 2**20
    return {"growth_mb": round(growth, 1), "ok": growth < GROWTH_ALLOWED_MB}


async def _swallow(viewer: Any) -> None:
    async for _ in viewer:
        pass


def _dial(port: int, room: int) -> socket.socket:
    """A viewer that shakes hands and never reads."""
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.connect(("127.0.0.1", port))
    peer.sendall(
        f"GET /ws/rooms/{room}/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    peer.recv(12)
    return peer


def _flood(room: int, seconds: float) -> None:
    from rooms import journal, wire

    user = {"id": 1, "name": "anchor", "role": "anchor"}
    for number in range(int(seconds * STALLED_LINES_PER_SECOND)):
        event = {
            "t": "chat",
            "id": f"1.f{number}",
            "user": user,
            "text": "x" * STALLED_LINE,
            "at": 0,
        }
        journal.push(room, [{"k": "chat", "u": 1, "r": "anchor", "d": wire.encode(event)}])
        time.sleep(1 / STALLED_LINES_PER_SECOND)


class SlowDatabase:
    """PostgreSQL's socket in a folder of its own; while `stalling`, 300 ms a second nothing passes."""

    def __init__(self, real: Path, folder: Path) -> None:
        self.real = real / ".s.PGSQL.5432"
        self.folder = folder
        self.url = f"postgresql://postgres@/liveshop?host={folder}"
        self._flowing = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._ways: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self._flowing.set()
        name = str(self.folder / ".s.PGSQL.5432")
        self._server = await asyncio.start_unix_server(self._pass_on, name)

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for way in self._ways:
            way.cancel()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up = await asyncio.open_unix_connection(str(self.real))
        for ends in ((reader, up), (up_reader, writer)):
            way = asyncio.create_task(self._copy(*ends))
            self._ways.add(way)
            way.add_done_callback(self._ways.discard)

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
            writer.close()

    @asynccontextmanager
    async def stalling(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._stall())
        try:
            yield
        finally:
            task.cancel()
            self._flowing.set()

    async def _stall(self) -> None:
        while True:
            self._flowing.clear()
            await asyncio.sleep(STALL_SECONDS)
            self._flowing.set()
            await asyncio.sleep(1 - STALL_SECONDS)


async def database_stall(
    server: Server, show: Show, slow: SlowDatabase, turns: int
) -> dict[str, Any]:
    """Chat while the server's database stands still 300 ms of each second, and pages are asked for."""
    probe = Probe(server, show)
    await probe.start()
    pages = asyncio.create_task(_ask_for_pages(server))
    try:
        calm, troubled = await compared(probe, slow.stalling, turns)
    finally:
        pages.cancel()
        await probe.stop()
    without, stalled = percentile(calm, 0.99), percentile(troubled, 0.99)
    return {
        "p99_ms": round(without, 1),
        "p99_with_stalls_ms": round(stalled, 1),
        "moved_ms": round(stalled - without, 1),
        "samples": len(calm) + len(troubled),
        "ok": stalled - without < STALL_ALLOWED_MS and not probe.refused,
    }


async def _ask_for_pages(server: Server) -> None:
    """Requests that use the database, five a second, so that somebody does wait for it."""
    while True:
        asyncio.create_task(_page(server))  # noqa: RUF006
        await asyncio.sleep(0.2)


async def _page(server: Server) -> None:
    with contextlib.suppress(OSError):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET /api/v1/rooms HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        await reader.read()
        writer.close()


async def pressure(place: Place, turns: int) -> dict[str, dict[str, Any]]:
    """All four, on a server process of their own behind a database that can be slowed down."""
    slow = SlowDatabase(place.places.sockets, place.data / "slow")
    await slow.start()
    server = place.add_server(DATABASE_URL=slow.url)
    try:
        await server.ready()
        show = await ask(lambda: open_show(talkers=LINES_PER_SECOND + 2, buyers=1))
        return {
            "origin": await foreign_origin(server, show),
            "junk": await junk(server, show, turns),
            "database_stall": await database_stall(server, show, slow, turns),
            "stalled_viewers": await stalled_viewers(server, show),
        }
    finally:
        server.stop()
        await slow.stop()
