"""PostgreSQL's own load program: the same rows, an order a transaction, all in one round trip."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.flash_sale.contenders import Contender, Round
from benchmarks.peers import machine
from benchmarks.peers.shop import Shop
from liveshop.embedded import postgres

SCRIPT = Path(__file__).with_name("one_each.sql")
# So many for each client that other peers are tried with: they only wait for the disk.
MORE = 4


class PgBench(Contender):
    name = "pgbench"

    def __init__(self, shop: Shop, world: dict[str, Any], seconds: float) -> None:
        self._shop = shop
        self._seconds = seconds
        self.clients = 8
        names = ("placement", "variant", "offer", "flash", "supplier", "plan", "anchor")
        self._values = {
            **{name: world[name] for name in names},
            "first_buyer": min(world["buyers"]),
            "last_buyer": max(world["buyers"]),
        }

    def tune(self, counts: tuple[int, ...]) -> int:
        """As that of `Workers`."""
        best = (0.0, 1)
        for self.clients in (1, *(MORE * count for count in counts)):
            found = self.turn(0).per_second
            machine.say(f"pgbench with {self.clients} clients: {found:.0f} a second")
            best = max(best, (found, self.clients))
        self.clients = best[1]
        return self.clients

    def turn(self, number: int) -> Round:
        defines = [f"--define={name}={value}" for name, value in self._values.items()]
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [
                    str(postgres._binaries() / "pgbench"), "--no-vacuum", "--protocol=prepared",
                    f"--client={self.clients}", "--jobs=1", f"--file={SCRIPT}", "--log",
                    f"--time={max(1, round(self._seconds))}", *defines,
                    "--username=postgres", f"--host={self._shop.places.sockets}", "liveshop",
                ],
                cwd=folder,
                env=dict(os.environ),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )  # fmt: skip
            if done.returncode:
                raise RuntimeError(f"pgbench failed: {done.stderr[-2000:]}")
            lines = [one for log in Path(folder).glob("*") for one in log.read_text().splitlines()]
        # client, transaction, microseconds, …
        latencies = sorted(int(line.split()[2]) / 1000 for line in lines)
        told = re.search(r"tps = ([\d.]+)", done.stdout)
        processed = re.search(r"actually processed: (\d+)", done.stdout)
        if not told or not processed or not latencies:
            raise RuntimeError(f"pgbench said: {done.stdout[-2000:]}")
        orders = int(processed[1])
        return Round(
            orders=orders,
            seconds=orders / float(told[1]),
            p50_ms=round(latencies[len(latencies) // 2], 1),
            p99_ms=round(latencies[int(0.99 * (len(latencies) - 1))], 1),
        )
