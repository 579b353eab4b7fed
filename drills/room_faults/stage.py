"""The room full of people, and the proof that all of them see the same."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from drills.room_faults.life import Anchor, Buyer, Show, talk
from drills.room_faults.links import Proxy
from drills.room_faults.place import Place
from drills.room_faults.viewers import BEAT_SECONDS, Viewer, comparable

T = TypeVar("T")

VIEWERS = 100
# Of them, those who dial through a proxy that can break their connection.
BEHIND_PROXY = 30
TALKERS = 10
BUYERS = 4
# Late is a fault; lost is only what does not come in this time either.
GRACE_SECONDS = 45.0


async def ask(work: Callable[[], T]) -> T:
    """Run a function that uses the database in a thread."""

    def job() -> T:
        from django.db import connection

        try:
            return work()
        finally:
            connection.close()

    return await asyncio.to_thread(job)


class Stage:
    """`shows[0]` is the busy room, `shows[1]` that of the viewers who do not read."""

    def __init__(self, place: Place, shows: list[Show]) -> None:
        self.place = place
        self.shows = shows
        self.proxies = [Proxy(lambda s=server: s.port) for server in place.servers]
        self.viewers: list[Viewer] = []
        self.anchor = Anchor(shows)
        self.buyers: list[Buyer] = []
        self.lost = 0
        self.faults: list[str] = []
        self._tasks: list[asyncio.Task[Any]] = []
        self._quiet = asyncio.Lock()

    # Beginning and end -------------------------------------------------------------------

    async def open(self) -> None:
        for proxy in self.proxies:
            await proxy.start()
        await asyncio.gather(*(server.ready() for server in self.place.servers))
        show = self.shows[0]
        cookies = [*show.talkers, *(cookie for _, cookie in show.buyers)]
        for number in range(VIEWERS):
            cookie = cookies[number] if number < len(cookies) else ""
            behind = number >= VIEWERS - BEHIND_PROXY
            viewer = self.viewer(show, number, cookie=cookie, behind_proxy=behind)
            self.viewers.append(viewer)
            if number < len(show.talkers):
                self._go(talk(viewer))
            elif cookie:
                self.buyers.append(Buyer(viewer, show))
        for viewer in self.viewers:
            viewer.start()
        self._go(self._beat())
        await self.until(lambda: all(v.link == "open" for v in self.viewers), 30)
        for buyer in self.buyers:
            self._go(buyer.run())
        self.anchor.start()
        self.go_on()

    def viewer(
        self, show: Show, number: int, *, cookie: str = "", behind_proxy: bool = False,
        small: bool = False,
    ) -> Viewer:  # fmt: skip
        """One that prefers its own server and takes the next when that does not answer."""
        return Viewer(
            number,
            show.room,
            lambda viewer: self._dial(viewer, behind_proxy),
            cookie=cookie,
            small=small,
        )

    def _dial(self, viewer: Viewer, behind_proxy: bool) -> int:
        servers = self.place.servers
        at = viewer.number % len(servers)
        if not servers[at].answers:
            at = next((n for n, server in enumerate(servers) if server.answers), at)
        return self.proxies[at].port if behind_proxy else servers[at].port

    def server_of(self, viewer: Viewer) -> int:
        """Index of the server that the viewer dialled last."""
        for at, server in enumerate(self.place.servers):
            if viewer.port in (server.port, self.proxies[at].port):
                return at
        raise LookupError(viewer.port)

    async def close(self) -> None:
        self.anchor.ended.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(viewer.stop() for viewer in self.viewers))
        for proxy in self.proxies:
            await proxy.stop()
        await asyncio.to_thread(self.anchor.join, 10)

    def _go(self, work: Any) -> None:
        self._tasks.append(asyncio.ensure_future(work))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            for viewer in self.viewers:
                await viewer.beat()

    async def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Whether `condition` came true in time. A task of the drill that failed fails it."""
        give_up = time.monotonic() + seconds
        while not condition():
            for task in self._tasks:
                if task.done() and not task.cancelled():
                    task.result()
            if time.monotonic() > give_up:
                return False
            await asyncio.sleep(0.02)
        return True

    def fault(self, what: str) -> None:
        self.faults.append(what)
        print(f"  FAULT {what}", flush=True)

    # The proof ---------------------------------------------------------------------------

    def go_on(self) -> None:
        self.anchor.going_on.set()
        for buyer in self.buyers:
            buyer.going_on.set()

    async def _pause(self) -> None:
        self.anchor.going_on.clear()
        self.anchor.idle.clear()
        for buyer in self.buyers:
            buyer.going_on.clear()
        if not await self.until(self.anchor.idle.is_set, 20):
            self.fault("an action of the anchor hangs")
        if not await self.until(lambda: all(buyer.waiting for buyer in self.buyers), 30):
            self.fault("a purchase stays without an answer")
        give_up = time.monotonic() + 15
        while await ask(_undelivered):
            if time.monotonic() > give_up:
                self.fault("the outbox is not delivered")
                break
            await asyncio.sleep(0.05)

    async def prove(self, kind: str, viewers: Iterable[Viewer], seconds: float) -> float:
        """Stop acting, and wait until everybody stands where a fresh snapshot stands.

        Returns the seconds that took after the last event. Who is not there in time is a fault;
        what has not come GRACE_SECONDS later either is lost.
        """
        async with self._quiet:
            await self._pause()
            began = time.monotonic()
            watching = list(viewers)
            for room in sorted({viewer.room for viewer in watching}):
                here = [viewer for viewer in watching if viewer.room == room]
                fresh = await ask(lambda room=room: _snapshot(room))

                def there(here: list[Viewer] = here, head: int = fresh["s"]) -> bool:
                    return all(v.link == "open" and v.s >= head for v in here)

                if not await self.until(there, seconds - (time.monotonic() - began)):
                    for viewer in here:
                        if viewer.link != "open" or viewer.s < fresh["s"]:
                            late = f"{fresh['s'] - viewer.s} events behind"
                            self.fault(
                                f"{kind}: {viewer.described()}, {late} after {seconds:.0f} s"
                            )
                    await self.until(there, GRACE_SECONDS)
                    for viewer in here:
                        if (missing := fresh["s"] - viewer.s) > 0:
                            self.lost += missing
                            self.fault(f"{kind}: viewer {viewer.number} lacks {missing} events")
                self._compare(kind, here, fresh)
            took = time.monotonic() - began
            self.go_on()
            return took

    def _compare(self, kind: str, viewers: list[Viewer], fresh: dict[str, Any]) -> None:
        right = comparable(fresh)
        for viewer in viewers:
            if viewer.state is None or viewer.s != fresh["s"]:
                continue
            mine = comparable(viewer.state)
            if mine != right:
                wrong = [name for name in right if mine.get(name) != right[name]]
                self.fault(f"{kind}: viewer {viewer.number} differs in {wrong}")


def _undelivered() -> int:
    from core.models import OutboxEvent

    return OutboxEvent.objects.filter(delivered_at__isnull=True).count()


def _snapshot(room: int) -> dict[str, Any]:
    from rooms.snapshot import snapshot

    return snapshot(room)
