"""Who sells: the product over its sockets, and its peers without any."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from benchmarks.flash_sale.crowd import Crowd, Sale
from benchmarks.peers import machine, prepare
from benchmarks.peers.shop import Shop

READY_SECONDS = 60


@dataclass(frozen=True)
class Round:
    """What one turn has shown."""

    orders: int
    seconds: float
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    answers: dict[str, int] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        return self.orders / self.seconds


class Contender(ABC):
    """`name` as the report has it."""

    name: str

    @abstractmethod
    def turn(self, number: int) -> Round:
        """Sell for a while."""

    def close(self) -> None:  # noqa: B027 - most hold nothing
        """Let go of what it holds."""


class Ours(Contender):
    """`manage.py serve`, as in production; the buyers' sockets are open before the sale."""

    name = "ours"

    def __init__(self, shop: Shop, world: dict[str, Any], times: int) -> None:
        self.shop = shop
        self.world = world
        self.times = times
        self.acknowledged: list[str] = []

    def turn(self, number: int) -> Round:
        sale = asyncio.run(self.sale(f"round{number}"))
        self.acknowledged += sale.orders
        return Round(
            orders=sale.accepted,
            seconds=sale.seconds,
            p50_ms=sale.percentile_ms(0.5),
            p99_ms=sale.percentile_ms(0.99),
            answers=dict(sale.answers),
        )

    async def sale(self, mark: str) -> Sale:
        world = self.world
        crowd = Crowd(self.shop.port, world["room"], world["sessions"], world["cookie"])
        try:
            await crowd.come()
            # What each has been sent on coming in is read, and nothing of it is measured.
            await asyncio.sleep(1)
            wish = {name: world[name] for name in ("placement", "variant", "flash")}
            return await crowd.buy(wish, self.times, mark)
        finally:
            crowd.leave()


@contextmanager
def serving(shop: Shop) -> Iterator[int]:
    """The product's server process; gives its process id."""
    log = prepare.cache() / "flash_sale.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            shop.serve_command(),
            env=shop.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        machine.until(lambda: _healthy(shop.port, process), "the server was not up", READY_SECONDS)
        yield process.pid
    finally:
        machine.end(process)


def _healthy(port: int, process: subprocess.Popen[bytes]) -> bool:
    if process.poll() is not None:
        raise RuntimeError("the server has ended at once")
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    except httpx.HTTPError:
        return False


class Workers(Contender):
    """A peer as several processes of a program of this folder, each one buyer at a time.

    The program tells `{"ready": true}`, then sells `seconds` for each line that it reads and tells
    {"orders", "seconds", "latencies_ms"}.
    """

    def __init__(self, name: str, command: list[str], environment: dict[str, str], seconds: float):
        self.name = name
        self.seconds = seconds
        self._command = command
        self._environment = environment
        self._processes: list[subprocess.Popen[str]] = []

    def start(self, count: int) -> None:
        self.close()
        self._processes = [
            subprocess.Popen(
                [*self._command, str(number)],
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for number in range(count)
        ]
        for process in self._processes:
            self._hear(process)

    def turn(self, number: int) -> Round:
        # What a worker needs before its sale, as goods in a basket, is no part of it.
        for word in ("prepare", "sell"):
            for process in self._processes:
                assert process.stdin
                process.stdin.write(f"{word} {number} {self.seconds}\n")
                process.stdin.flush()
            told = [self._hear(process) for process in self._processes]
        latencies = sorted(one for each in told for one in each["latencies_ms"])
        return Round(
            orders=len(latencies),
            seconds=max(each["seconds"] for each in told),
            p50_ms=latencies[len(latencies) // 2],
            p99_ms=latencies[int(0.99 * (len(latencies) - 1))],
        )

    def tune(self, counts: tuple[int, ...]) -> int:
        """Find out with how many processes it sells most, and keep so many."""
        best = (0.0, counts[0])
        for count in counts:
            self.start(count)
            found = self.turn(-count).per_second
            machine.say(f"{self.name} with {count} processes: {found:.0f} a second")
            best = max(best, (found, count))
        self.start(best[1])
        return best[1]

    @staticmethod
    def _hear(process: subprocess.Popen[str]) -> dict[str, Any]:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise RuntimeError("a peer has ended; its messages are above")
        return dict(json.loads(line))

    def close(self) -> None:
        for process in self._processes:
            machine.end(process)
        self._processes = []


def module(name: str) -> list[str]:
    return [sys.executable, "-m", f"benchmarks.flash_sale.{name}"]
