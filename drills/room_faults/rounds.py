"""The faults, one kind after the other, each round followed by its proof."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from typing import Any

from drills.room_faults.stage import Stage, ask
from drills.room_faults.viewers import BEAT_SECONDS, DEAD_SECONDS, PING_SECONDS, Viewer

# What the issue allows.
BACK_SECONDS = 5.0
CONVERGED_SECONDS = 10.0
# A page notices a dead line by its own silence, then comes back like after any other loss.
NOTICED_SECONDS = PING_SECONDS + DEAD_SECONDS + 2 * BEAT_SECONDS + BACK_SECONDS
OUTAGE_SECONDS = 1.5
HALF_OPEN_AT_ONCE = 3
HALF_OPEN_PAUSE = 2.5
PATIENT = 3
NEVER = 2
# Text pushed through the second room, to fill the kernel's buffers of who does not read.
FLOOD_LINES = 600
FLOOD_LINE = 8_000


class Rounds:
    """Runs the rounds on a stage and keeps their times in milliseconds."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.back: dict[str, list[float]] = {}
        self.converged: dict[str, list[float]] = {}
        self.count: dict[str, int] = {}
        self.bought_in_outage = 0
        self.outages_without_purchase = 0
        self.never: list[Viewer] = []
        self.slow: list[Viewer] = []

    def times(self) -> dict[str, dict[str, int]]:
        return {kind: _summary(ms) for kind, ms in self.back.items() if ms}

    def convergence(self) -> dict[str, dict[str, int]]:
        return {kind: _summary(ms) for kind, ms in self.converged.items() if ms}

    async def _await_back(
        self, kind: str, viewers: list[Viewer], since: float, most: float
    ) -> None:
        """Wait for viewers to be open again after `since`, and note when each was."""

        def back() -> bool:
            return all(v.link == "open" and v.opened_at > since for v in viewers)

        if not await self.stage.until(back, since + most - time.monotonic()):
            gone = [v for v in viewers if v.opened_at <= since or v.link != "open"]
            first = "; ".join(viewer.described() for viewer in gone[:3])
            self.stage.fault(f"{kind}: {len(gone)} viewers not back after {most:.0f} s: {first}")
        self.back.setdefault(kind, []).extend(
            1000 * (v.opened_at - since) for v in viewers if v.opened_at > since
        )

    async def _prove(self, kind: str, viewers: list[Viewer], most: float) -> None:
        seconds = await self.stage.prove(kind, viewers, most)
        self.converged.setdefault(kind, []).append(1000 * seconds)
        self.count[kind] = self.count.get(kind, 0) + 1

    # Server processes --------------------------------------------------------------------

    async def kill_servers(self, rounds: int) -> None:
        """kill -9 of one server after the other; its viewers go elsewhere while it restarts."""
        stage = self.stage
        for number in range(rounds):
            at = number % len(stage.place.servers)
            server = stage.place.servers[at]
            await asyncio.sleep(0.5)
            hit = [v for v in stage.viewers if stage.server_of(v) == at and v.link == "open"]
            killed = time.monotonic()
            server.answers = False
            server.kill9()
            server.start()
            await self._await_back("server", hit, killed, BACK_SECONDS)
            await self._prove("server", stage.viewers, CONVERGED_SECONDS)
            await server.ready()
            server.answers = True
            # Those who prefer it come back by themselves, as when a page is loaded again.
            moved = [v for v in hit if v.link == "open"]
            since = time.monotonic()
            for viewer in moved:
                viewer.hang_up()
            await self._await_back("move", moved, since, BACK_SECONDS)

    async def kill_all_servers(self, rounds: int) -> None:
        """kill -9 of every server at once: viewers can only wait for the restart."""
        stage = self.stage
        for _ in range(rounds):
            await asyncio.sleep(0.5)
            killed = time.monotonic()
            for server in stage.place.servers:
                server.kill9()
                server.start()
            await self._await_back("all_servers", stage.viewers, killed, 4 * BACK_SECONDS)
            await self._prove("all_servers", stage.viewers, CONVERGED_SECONDS)

    # Redis -------------------------------------------------------------------------------

    async def kill_redis(self, rounds: int) -> None:
        """Redis killed, every second time with its data, every fourth frozen before; then back."""
        stage = self.stage
        redis = stage.place.redis
        for number in range(rounds):
            await asyncio.sleep(0.5)
            began = time.monotonic()
            if number % 4 == 3:
                redis.freeze()
                await asyncio.sleep(OUTAGE_SECONDS)
            redis.kill9(forget=number % 2 == 1)
            await asyncio.sleep(OUTAGE_SECONDS)
            stopped = time.monotonic()
            redis.start()
            bought = sum(began < at < stopped for b in stage.buyers for at in b.times)
            self.bought_in_outage += bought
            self.outages_without_purchase += bought == 0
            await self._prove("redis", stage.viewers, CONVERGED_SECONDS)

    # Connections -------------------------------------------------------------------------

    async def break_links(self, rounds: int) -> None:
        """Lines that go silent, or whose end disappears without telling the server."""
        stage = self.stage
        broken: set[Viewer] = set()
        healing: list[asyncio.Task[None]] = []
        for number in range(rounds):
            links = [
                (viewer, proxy)
                for viewer in stage.viewers
                for proxy in stage.proxies
                if viewer.link == "open" and viewer not in broken
                and viewer.local_port in proxy.links
            ][:HALF_OPEN_AT_ONCE]  # fmt: skip
            kind = "silent_line" if number % 2 == 0 else "vanished_end"
            since = time.monotonic()
            for viewer, proxy in links:
                link = proxy.take(viewer.local_port)
                assert link is not None
                broken.add(viewer)
                (link.fall_silent if kind == "silent_line" else link.vanish)()
            hit = [viewer for viewer, _ in links]
            healing.append(asyncio.create_task(self._heal(kind, hit, since, broken)))
            await asyncio.sleep(HALF_OPEN_PAUSE)
            well = [viewer for viewer in stage.viewers if viewer not in broken]
            await self._prove("half_open", well, CONVERGED_SECONDS)
        await asyncio.gather(*healing)
        await stage.prove("half_open", stage.viewers, CONVERGED_SECONDS)

    async def _heal(
        self, kind: str, viewers: list[Viewer], since: float, broken: set[Viewer]
    ) -> None:
        most = NOTICED_SECONDS if kind == "silent_line" else BACK_SECONDS
        await self._await_back(kind, viewers, since, most)
        broken.difference_update(viewers)

    # Readers -----------------------------------------------------------------------------

    async def starve(self, rounds: int) -> None:
        """Viewers who stop reading for a while, and viewers who never read again."""
        stage = self.stage
        show = stage.shows[1]
        self.slow = [stage.viewer(show, n, small=True) for n in range(1000, 1000 + PATIENT)]
        for viewer in self.slow:
            viewer.start()
        for number in range(rounds):
            first = 2000 + NEVER * number
            never = [stage.viewer(show, n, small=True) for n in range(first, first + NEVER)]
            for viewer in never:
                viewer.start()
            both = [*self.slow, *never]
            if not await stage.until(lambda both=both: all(v.link == "open" for v in both), 10):
                stage.fault("slow: viewers of the second room not in")
            for viewer in both:
                viewer.reading.clear()
            self.never.extend(never)
            await ask(lambda: flood(show.room))
            await asyncio.sleep(0.5)
            for viewer in self.slow:
                viewer.reading.set()
            await self._prove("slow", self.slow, CONVERGED_SECONDS)

    async def nobody_left_behind(self, seconds: float) -> float:
        """Seconds until the servers count, and hold open, no more viewers than there are."""
        stage = self.stage
        began = time.monotonic()
        truth = {stage.shows[0].room: len(stage.viewers), stage.shows[1].room: len(self.slow)}
        sockets = len(stage.viewers) + len(self.slow)
        seen: dict[str, Any] = {}
        while time.monotonic() < began + seconds:
            counts = await ask(lambda: {room: _watching(room) for room in truth})
            seen = {"counts": counts, "sockets": _sockets(stage)}
            if counts == truth and seen["sockets"] == sockets:
                return time.monotonic() - began
            await asyncio.sleep(0.5)
        stage.fault(f"left behind after {seconds:.0f} s: {seen}, true {truth}, {sockets} sockets")
        return seconds


def flood(room_id: int) -> None:
    """Long lines of the anchor, which are never sampled, as another process would send them."""
    from rooms import journal, wire
    from rooms.models import Room

    anchor = Room.objects.values_list("anchor_id", flat=True).get(pk=room_id)
    user = {"id": anchor, "name": "anchor", "role": "anchor"}
    for number in range(FLOOD_LINES // 10):
        event = {"t": "chat", "user": user, "text": "x" * FLOOD_LINE, "at": 0}
        lines = [wire.encode({**event, "id": f"{anchor}.{number}-{n}"}) for n in range(10)]
        journal.push(room_id, ({"k": "chat", "u": anchor, "r": "anchor", "d": d} for d in lines))
        time.sleep(0.06)


def _watching(room_id: int) -> int:
    from rooms.snapshot import snapshot

    return int(snapshot(room_id)["counts"]["viewers"])


def _sockets(stage: Stage) -> int:
    """Connections that the servers hold open on their ports."""
    import psutil

    ports = {server.port for server in stage.place.servers}
    return sum(
        connection.laddr.port in ports
        for server in stage.place.servers
        for connection in psutil.Process(server.pid).net_connections("tcp")
        if connection.status != psutil.CONN_LISTEN
    )


def _summary(ms: list[float]) -> dict[str, int]:
    return {"median": round(statistics.median(ms)), "max": round(max(ms)), "n": len(ms)}


def dump(label: str, value: Any) -> None:
    print(f"{label} {json.dumps(value)}", flush=True)
