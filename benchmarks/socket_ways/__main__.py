"""`python -m benchmarks.socket_ways [--quick]`: what a frame, a joining and an idle viewer cost by
each way in which our servers write to sockets.

uvicorn and Daphne, each with its own writer for ready-made frames and with ASGI's plain `send`. One
room, 1,000 viewers on the socket alone, 20 durable messages a second.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.peers import machine
from benchmarks.peers.contenders import Ours
from benchmarks.peers.load import Crowd
from benchmarks.peers.machine import say
from benchmarks.peers.prepare import tools
from benchmarks.peers.shop import shop

WAYS = ["uvicorn", "uvicorn_plain", "daphne", "daphne_plain"]
WARM_VIEWERS = 100
RATE = 20
SETTLE_SECONDS = 2.0


class Way(Ours):
    """Our server process by one of the ways."""

    way = "uvicorn"

    def command(self) -> list[str]:
        runner = Path(__file__).with_name("serve_way.py")
        return [sys.executable, str(runner), self.way, str(self.port)]


@dataclass(frozen=True)
class Cost:
    frames_per_cpu_second: float
    p99_ms: float
    connect_ms: float
    kb_per_viewer: float


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.socket_ways")
    parser.add_argument("--quick", action="store_true", help="one round")
    parser.add_argument("--viewers", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    options = parser.parse_args()
    machine.raise_open_files(options.viewers + 500)
    cores = machine.Cores.split()
    ready = tools(node=False, channels=False)
    costs: dict[str, list[Cost]] = {way: [] for way in options.ways}
    with (
        tempfile.TemporaryDirectory(prefix="liveshop-bench-") as folder,
        shop(Path(folder), cores) as product,
    ):
        server = Way(ready, product, cores)
        for _ in range(1 if options.quick else 3):
            for way in options.ways:
                server.name = server.way = way
                cost = cost_of(server, options.viewers, options.seconds)
                costs[way].append(cost)
                say(f"{way}: {cost}")

    def middle(value: Callable[[Cost], float]) -> dict[str, float]:
        return {way: round(median(map(value, found)), 3) for way, found in costs.items()}

    frames = middle(lambda cost: cost.frames_per_cpu_second)
    ours = frames[options.ways[0]]
    peers = {way: frames[way] for way in options.ways[1:]}
    print(
        json.dumps(
            {
                "name": "socket_ways",
                "ours": ours,
                "unit": "frames per CPU second",
                "peers": peers,
                "ratio": {way: round(ours / value, 2) for way, value in peers.items()},
                "p99_ms": middle(lambda cost: cost.p99_ms),
                "connect_cpu_ms": middle(lambda cost: cost.connect_ms),
                "kb_per_idle_viewer": middle(lambda cost: cost.kb_per_viewer),
                "viewers": options.viewers,
                "cores_apart": cores.apart,
            }
        )
    )
    return 0


def cost_of(server: Way, viewers: int, seconds: float) -> Cost:
    program, door, cores = server.tools.load, server.door, server.cores
    with server.serving() as pid:
        with Crowd(program, door, WARM_VIEWERS, cores) as warm:
            warm.wait_until_joined()
        time.sleep(1)
        memory, cpu = machine.resident_bytes(pid), machine.cpu_seconds(pid)
        with Crowd(program, door, viewers, cores) as crowd, server.publisher() as publisher:
            crowd.wait_until_joined()
            connect = machine.cpu_seconds(pid) - cpu
            time.sleep(SETTLE_SECONDS)
            memory = machine.resident_bytes(pid) - memory
            publisher.go(RATE)
            time.sleep(1)
            cpu = machine.cpu_seconds(pid)
            crowd.mark()
            time.sleep(seconds)
            report = crowd.report()
            cpu = machine.cpu_seconds(pid) - cpu
            publisher.stop()
    return Cost(
        frames_per_cpu_second=report["frames"] / cpu,
        p99_ms=report["p99_ms"],
        connect_ms=1000 * connect / viewers,
        kb_per_viewer=memory / 1024 / viewers,
    )


if __name__ == "__main__":
    raise SystemExit(main())
