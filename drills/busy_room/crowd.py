"""The crowd: viewers who talk, like and buy until stdin ends.

Takes one JSON line on stdin: {"url", "viewers", "per_second", "sessions", "placement", "variant"}.
Prints {"said": …, "refused": …} at the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
import sys
import uuid
from typing import Any

from websockets.asyncio.client import connect

from drills import chatter

BUYS_EVERY_SECONDS = 3.0
LIKES_EVERY_SECONDS = 2.0


class Crowd:
    def __init__(self, order: dict[str, Any]) -> None:
        self.order = order
        self.said = 0
        self.refused = 0
        self.bought = 0
        self.sockets: list[Any] = []

    async def run(self, over: asyncio.Event) -> None:
        sessions = self.order["sessions"]
        for number in range(self.order["viewers"]):
            cookie = sessions[number] if number < len(sessions) else ""
            headers = {"Cookie": f"sessionid={cookie}"} if cookie else None
            url = self.order["url"]
            viewer = await connect(url, additional_headers=headers, compression=None, proxy=None)
            self.sockets.append(viewer)
        tasks = [asyncio.create_task(self._listen(viewer)) for viewer in self.sockets]
        tasks += [asyncio.create_task(work()) for work in (self._talk, self._like, self._buy)]
        print(json.dumps({"in": len(self.sockets)}), flush=True)
        await over.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for viewer in self.sockets:
            viewer.transport.abort()

    async def _listen(self, viewer: Any) -> None:
        async for raw in viewer:
            # Only answers matter here; parsing everything 200 times would be the test's own load.
            self.refused += raw.count('"t":"error"')
            self.bought += raw.count('"t":"order.accepted"')

    async def _talk(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        talkers = itertools.cycle(self.sockets[: len(self.order["sessions"])])
        for number in itertools.count():
            said = {"t": "chat", "id": f"c{number}", "text": chatter.line()}
            await self._send(next(talkers), said)
            self.said += 1
            due = max(due + 1 / self.order["per_second"], loop.time() - 0.5)
            await asyncio.sleep(due - loop.time())

    async def _like(self) -> None:
        while True:
            for viewer in random.sample(self.sockets, len(self.sockets) // 10):
                await self._send(viewer, {"t": "like", "n": random.randint(1, 9)})
            await asyncio.sleep(LIKES_EVERY_SECONDS)

    async def _buy(self) -> None:
        buyers = itertools.cycle(self.sockets[: len(self.order["sessions"])])
        wish = {"t": "buy", "placement": self.order["placement"], "variant": self.order["variant"]}
        while True:
            await asyncio.sleep(BUYS_EVERY_SECONDS)
            await self._send(next(buyers), {**wish, "key": str(uuid.uuid4()), "qty": 1})

    async def _send(self, viewer: Any, message: dict[str, Any]) -> None:
        await viewer.send(json.dumps(message))


async def _main() -> None:
    crowd = Crowd(json.loads(sys.stdin.readline()))
    over = asyncio.Event()
    running = asyncio.create_task(crowd.run(over))
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    await asyncio.wait([running, ended], return_when=asyncio.FIRST_COMPLETED)
    over.set()
    await running
    with contextlib.suppress(BrokenPipeError):
        facts = {"said": crowd.said, "refused": crowd.refused, "bought": crowd.bought}
        print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    asyncio.run(_main())
