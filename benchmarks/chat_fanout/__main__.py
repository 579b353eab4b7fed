"""`python -m benchmarks.chat_fanout [--quick]`: one room, 4,000 and 1,000 viewers, durable events.

Ours is the product's server process with PostgreSQL and Redis, given 100 durable events a second by
the journal of the room. Each peer is measured at the highest rate that it sustains; `send_limit` at
ours' rate and at the tick that ours was seen to keep. One process and one core each, publishers and
viewers elsewhere, CPU from the scheduler. Rounds go round the contenders; figures are medians.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.chat_fanout.measure import Window, lower, meeting, search
from benchmarks.peers import machine
from benchmarks.peers.contenders import (
    ChannelsDaphne,
    Contender,
    Ours,
    SendLimit,
    SocketIO,
    Ws,
)
from benchmarks.peers.machine import say
from benchmarks.peers.prepare import tools
from benchmarks.peers.shop import shop

RATE = 100.0
# Ticks between which a server of ours chooses, in milliseconds.
TICKS_MS = (50, 100, 250, 500)
BARS = {"channels_daphne": 100.0, "socketio": 5.0, "send_limit": 0.5}
P99_BAR_MS = 300
# Of a window whose publisher was starved by other work of the machine.
TRIES = 3
# Beside the viewers a server has its own files.
MORE_FILES = 500


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chat_fanout")
    parser.add_argument("--quick", action="store_true", help="one round of shorter windows")
    parser.add_argument("--rounds", type=int, help="3, or 1 with --quick")
    parser.add_argument("--seconds", type=float, help="of a window: 5, or 2 with --quick")
    parser.add_argument("--viewers", type=int, default=4000, help="the crowd of the main figure")
    parser.add_argument("--small", type=int, default=1000, help="the second crowd; 0: none")
    parser.add_argument("--only", default="", help="these contenders, separated by commas")
    parser.add_argument("--servers", action="store_true", help="ours on Daphne too")
    options = parser.parse_args()
    rounds = options.rounds or (1 if options.quick else 3)
    seconds = options.seconds or (2.0 if options.quick else 5.0)
    only = set(filter(None, options.only.split(",")))
    machine.raise_open_files(max(options.viewers, options.small) + MORE_FILES)
    cores = machine.Cores.split()
    began = time.monotonic()

    def wanted(name: str) -> bool:
        return not only or name in only

    ready = tools(node=wanted("ws") or wanted("socketio"), channels=wanted("channels_daphne"))
    with (
        tempfile.TemporaryDirectory(prefix="liveshop-bench-") as data,
        shop(Path(data), cores) as product,
    ):
        parts = (ready, product, cores)
        contenders: list[Contender] = [Ours(*parts)]
        contenders += [
            peer(*parts) for peer in (SendLimit, ChannelsDaphne, SocketIO, Ws) if wanted(peer.name)
        ]
        if options.servers:
            daphne = Ours(*parts, server="daphne")
            daphne.name = "ours_on_daphne"
            contenders.append(daphne)
        main_crowd = Comparison(contenders, options.viewers, rounds, seconds)
        main_crowd.run()
        small_crowd = None
        if options.small:
            small_crowd = Comparison(contenders, options.small, rounds, seconds)
            small_crowd.run()
    result = {
        "name": "chat_fanout",
        "ours": main_crowd.figure("ours"),
        "unit": "deliveries per server-CPU-second",
        **main_crowd.result(),
        f"at_{options.small}": small_crowd.result() if small_crowd else None,
        "cores_apart": cores.apart,
        "took_seconds": round(time.monotonic() - began),
    }
    print(json.dumps(result))
    return 0


class Comparison:
    """All contenders with one size of crowd, in turns."""

    def __init__(
        self, contenders: list[Contender], viewers: int, rounds: int, seconds: float
    ) -> None:
        self.contenders = contenders
        self.viewers = viewers
        self.rounds = rounds
        self.seconds = seconds
        self.rates: dict[str, float] = {}
        self.windows: dict[str, list[Window]] = {c.name: [] for c in contenders}
        self.tick_ms: list[int] = []

    def run(self) -> None:
        for number in range(self.rounds):
            for contender in self.contenders:
                window = self._measure(contender)
                self.windows[contender.name].append(window)
                say(
                    f"{self.viewers} viewers, round {number + 1}, {contender.name}: "
                    f"{window.per_cpu_second:,.0f} deliveries per CPU-second at {window.rate:g}/s, "
                    f"p50 {window.p50_ms:.0f} ms, p99 {window.p99_ms:.0f} ms, lost {window.lost}, "
                    f"{100 * window.cpu / window.seconds:.0f} % of a core"
                    + ("" if window.sustained else ", not sustained")
                )

    def _measure(self, contender: Contender) -> Window:
        if isinstance(contender, SendLimit) and self.tick_ms:
            contender.tick_ms = self.tick_ms[-1]
        fixed = isinstance(contender, Ours | SendLimit)
        with meeting(contender, self.viewers) as met:
            if contender.name not in self.rates:
                self.rates[contender.name] = RATE if fixed else search(met, self.seconds / 2)
            window = met.window(self.rates[contender.name], self.seconds)
            tries = TRIES
            while fixed and not window.kept_up and (tries := tries - 1):
                say(f"{contender.name}: {window.published:.0f} messages a second came; once more")
                window = met.window(self.rates[contender.name], self.seconds)
            while not fixed and not window.sustained and (rate := lower(window.rate)):
                self.rates[contender.name] = rate
                window = met.window(rate, self.seconds)
        if contender.name == "ours" and (window.kept_up or not self.tick_ms):
            self.tick_ms.append(_nearest_tick(window.frame_seconds))
        return window

    def _whole(self, name: str) -> list[Window]:
        """Windows that nobody starved; all of them when there is no such one."""
        found = self.windows[name]
        return [window for window in found if window.kept_up] or found

    def figure(self, name: str) -> int:
        return round(median(window.per_cpu_second for window in self._whole(name)))

    def _middle(self, name: str, field: str) -> float:
        return round(median(getattr(window, field) for window in self._whole(name)), 1)

    def result(self) -> dict[str, Any]:
        ours = self.figure("ours")
        peers = {name: self.figure(name) for name in self.windows if name != "ours"}
        ratio = {name: round(ours / value, 2) for name, value in peers.items() if value}
        mine = self._whole("ours")
        lost = sum(window.lost for window in self.windows["ours"])
        p99 = self._middle("ours", "p99_ms")
        return {
            "viewers": self.viewers,
            "ours": ours,
            "peers": peers,
            "ratio": ratio,
            # Each round's own ratio: how far the machine's mood reaches.
            "ratio_rounds": {
                name: [
                    round(a.per_cpu_second / b.per_cpu_second, 2)
                    for a, b in zip(self.windows["ours"], self.windows[name], strict=True)
                    if a.kept_up and b.per_cpu_second
                ]
                for name in peers
            },
            "p50_ms": self._middle("ours", "p50_ms"),
            "p99_ms": p99,
            "lost": lost,
            "tick_ms": self.tick_ms[-1],
            "messages_per_frame": round(
                median(window.messages / max(1, window.frames) for window in mine), 1
            ),
            "bytes_per_delivery": round(
                median(window.bytes / max(1, window.messages) for window in mine)
            ),
            "whole_rounds": {name: len(self._whole(name)) for name in self.windows},
            "rates": self.rates,
            "sustained": {n: all(w.sustained for w in ws) for n, ws in self.windows.items()},
            # Batching-neutral: what one write costs.
            "frames_per_cpu_second": {
                name: round(median(w.frames / w.cpu for w in self._whole(name) if w.cpu))
                for name in self.windows
            },
            "published_per_second": {n: self._middle(n, "published") for n in self.windows},
            "peers_p99_ms": {name: self._middle(name, "p99_ms") for name in peers},
            "peers_lost": {n: sum(w.lost for w in self.windows[n]) for n in peers},
            "core_percent": {
                name: round(median(100 * w.cpu / w.seconds for w in found), 1)
                for name, found in self.windows.items()
            },
            "publisher_behind_ms": max(window.behind_ms for window in mine),
            "ok": {
                **{name: ratio[name] >= bar for name, bar in BARS.items() if name in ratio},
                "p99": 0 <= p99 <= P99_BAR_MS,
                "lost": lost == 0,
            },
        }


def _nearest_tick(seconds: float) -> int:
    return min(TICKS_MS, key=lambda tick: abs(tick - 1000 * seconds))


if __name__ == "__main__":
    raise SystemExit(main())
