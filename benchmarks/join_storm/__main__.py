"""`python -m benchmarks.join_storm [--quick]`: 5,000 viewers open the room's page, then its socket.

Ours is the product's server process with its real page; the peer is plain Channels on Daphne, whose
view renders a template as large as our page with the same snapshot, held in memory. Each viewer
fetches the page whole and then opens its socket on a new connection; 200 are on their way at any
time. With us a viewer has joined when `welcome` is there, with the peer when the handshake is
answered. Each round starts both servers anew and warms them with a few viewers who leave again.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.peers import machine
from benchmarks.peers.contenders import ChannelsDaphne, Contender, Ours
from benchmarks.peers.load import Crowd
from benchmarks.peers.machine import say
from benchmarks.peers.prepare import tools
from benchmarks.peers.shop import shop

INFLIGHT = 200
WARM_VIEWERS = 200
SETTLE_SECONDS = 3.0
MORE_FILES = 500
PATIENCE_SECONDS = 180
BAR = 2.0
MEMORY_BAR_KB = 30


@dataclass(frozen=True)
class Storm:
    """What one storm has shown; memory is what the server grew by, for each viewer who stayed."""

    joined: int
    refused: int
    seconds: float
    cpu: float
    p50_ms: float
    p99_ms: float
    memory: float

    @property
    def joins_per_second(self) -> float:
        return self.joined / self.seconds

    @property
    def cpu_ms(self) -> float:
        return 1000 * self.cpu / self.joined

    @property
    def kb_per_viewer(self) -> float:
        return self.memory / 1024 / self.joined


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.join_storm")
    parser.add_argument("--quick", action="store_true", help="one round")
    parser.add_argument("--rounds", type=int, help="3, or 1 with --quick")
    parser.add_argument("--viewers", type=int, default=5000)
    parser.add_argument("--only-ours", action="store_true", help="without the peer")
    options = parser.parse_args()
    rounds = options.rounds or (1 if options.quick else 3)
    # A viewer may hold its page's connection and its socket at the same time.
    machine.raise_open_files(options.viewers + INFLIGHT + MORE_FILES)
    cores = machine.Cores.split()
    ready = tools(node=False, channels=not options.only_ours)
    with (
        tempfile.TemporaryDirectory(prefix="liveshop-bench-") as folder,
        shop(Path(folder), cores) as product,
    ):
        pages = Path(folder) / "peer"
        pages.mkdir()
        ours = Ours(ready, product, cores, with_page=True)
        contenders: list[Contender] = [ours]
        page_bytes = 0
        if not options.only_ours:
            peer = ChannelsDaphne(ready, product, cores, pages=pages)
            contenders.append(peer)
            with ours.serving():
                page_bytes = peer.take_page_of(ours)
        storms: dict[str, list[Storm]] = {c.name: [] for c in contenders}
        for number in range(rounds):
            for contender in contenders:
                storm = storm_of(contender, options.viewers)
                storms[contender.name].append(storm)
                say(
                    f"round {number + 1}, {contender.name}: {storm.joins_per_second:.0f} joins a "
                    f"second, {storm.cpu_ms:.2f} ms CPU each, p50 {storm.p50_ms:.0f} ms, p99 "
                    f"{storm.p99_ms:.0f} ms, refused {storm.refused}, "
                    f"{storm.kb_per_viewer:.1f} KB a viewer"
                )
    print(json.dumps(result(storms, options.viewers, page_bytes, cores)))
    return 0


def storm_of(contender: Contender, viewers: int) -> Storm:
    """One storm on a server of its own."""
    program, door, cores = contender.tools.load, contender.door, contender.cores
    with contender.serving() as pid:
        with Crowd(program, door, min(WARM_VIEWERS, viewers), cores, inflight=INFLIGHT) as warm:
            warm.wait_until_joined(PATIENCE_SECONDS)
        time.sleep(1)
        memory, cpu = machine.resident_bytes(pid), machine.cpu_seconds(pid)
        with Crowd(program, door, viewers, cores, inflight=INFLIGHT) as crowd:
            report = crowd.wait_until_joined(PATIENCE_SECONDS)
            cpu = machine.cpu_seconds(pid) - cpu
            time.sleep(SETTLE_SECONDS)
            memory = machine.resident_bytes(pid) - memory
            stayed = crowd.report()
    return Storm(
        joined=report["joined"],
        # Who was let in and put out again was refused as well.
        refused=report["refused"] + stayed["closed_early"],
        seconds=report["join_seconds"],
        cpu=cpu,
        p50_ms=report["join_p50_ms"],
        p99_ms=report["join_p99_ms"],
        memory=memory,
    )


def result(
    storms: dict[str, list[Storm]], viewers: int, page_bytes: int, cores: machine.Cores
) -> dict[str, Any]:
    def middle(value: Callable[[Storm], float]) -> dict[str, float]:
        return {name: round(median(map(value, found)), 2) for name, found in storms.items()}

    joins = middle(lambda storm: storm.joins_per_second)
    cpu = middle(lambda storm: storm.cpu_ms)
    memory = middle(lambda storm: storm.kb_per_viewer)
    peers = [name for name in storms if name != "ours"]
    ratio = {name: round(joins["ours"] / joins[name], 2) for name in peers}
    cpu_ratio = {name: round(cpu[name] / cpu["ours"], 2) for name in peers}
    refused = sum(storm.refused for storm in storms["ours"])
    return {
        "name": "join_storm",
        "ours": joins["ours"],
        "unit": "joins per second: page and socket",
        "peers": {name: joins[name] for name in peers},
        "ratio": ratio,
        "cpu_ms_per_join": cpu,
        "cpu_ratio": cpu_ratio,
        "p50_ms": middle(lambda storm: storm.p50_ms),
        "p99_ms": middle(lambda storm: storm.p99_ms),
        "refused": refused,
        "peers_refused": {n: sum(storm.refused for storm in storms[n]) for n in peers},
        "kb_per_idle_viewer": memory,
        "viewers": viewers,
        "page_bytes": page_bytes,
        "rounds": len(storms["ours"]),
        "cores_apart": cores.apart,
        "ok": {
            "joins": all(value >= BAR for value in ratio.values()),
            "cpu": all(value >= BAR for value in cpu_ratio.values()),
            "refused": refused == 0,
            "memory": memory["ours"] <= MEMORY_BAR_KB,
        },
    }


if __name__ == "__main__":
    raise SystemExit(main())
