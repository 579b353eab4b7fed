"""`python -m benchmarks.flash_sale [--quick]`: "3, 2, 1, link!" on one SKU at a flash price.

Ours is the product's server process on a real PostgreSQL and Redis: 2,000 buyers on WebSockets that
are open already, all pressing at once and again as soon as each is answered, after the commit. The
peers sell the same way on the same PostgreSQL, spared the sockets: `pgbench` writes the same rows, one
transaction an order, in one round trip with the hot rows last; `lock_first` is the same action with the
stock locked first and an order a transaction; `oscar` is the last request of django-oscar's checkout.
Each peer has as many clients as it does best with. Rounds go round the contenders; medians.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from benchmarks.flash_sale.contenders import Contender, Ours, Round, Workers, module, serving
from benchmarks.flash_sale.peer_oscar import oscar
from benchmarks.flash_sale.pgbench import PgBench
from benchmarks.peers import machine
from benchmarks.peers.machine import say
from benchmarks.peers.shop import Shop, shop

BARS = {"pgbench": 3.0, "lock_first": 10.0, "oscar": 30.0}
P99_BAR_MS = 1_000
MORE_FILES = 500
PAYMENTS_SECONDS = 300
# Clients of a peer that are tried to find its best.
TRIED = (2, 4, 8)
TRIED_QUICKLY = (2,)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.flash_sale")
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--rounds", type=int, help="5, or 1 with --quick")
    parser.add_argument("--buyers", type=int, default=2000)
    parser.add_argument("--times", type=int, default=2, help="that each buys in a round")
    parser.add_argument("--seconds", type=float, help="of a peer's turn: 4, or 1 with --quick")
    parser.add_argument("--only", default="", help="these peers, separated by commas; `-`: none")
    options = parser.parse_args()
    rounds = options.rounds or (1 if options.quick else 5)
    seconds = options.seconds or (1.0 if options.quick else 4.0)
    only = set(filter(None, options.only.split(","))) or set(BARS)
    machine.raise_open_files(options.buyers + MORE_FILES)
    usable = machine.Cores.split()
    # All share the whole machine, as the figure is for all of it.
    whole = machine.Cores(usable.server | usable.others, usable.server | usable.others)
    with (
        tempfile.TemporaryDirectory(prefix="liveshop-bench-") as data,
        shop(Path(data), whole) as product,
    ):
        world = heard(product, f"open_sale({options.buyers})")
        durable = settings_of(product)
        ours = Ours(product, world, options.times)
        contenders: list[Contender] = [ours]
        clients: dict[str, int] = {}
        try:
            with serving(product):
                for peer in peers(product, world, seconds, only):
                    contenders.append(peer)
                    clients[peer.name] = peer.tune(TRIED_QUICKLY if options.quick else TRIED)
                found = run(contenders, rounds, product)
        finally:
            for contender in contenders:
                contender.close()
        books = heard(product, f"books({world['offer']})")
    told = result(found, ours, books, options)
    print(json.dumps({**told, "durable": durable, "clients": clients}))
    return 0


def peers(
    product: Shop, world: dict[str, Any], seconds: float, only: set[str]
) -> Iterator[PgBench | Workers]:
    if "pgbench" in only:
        yield PgBench(product, world, seconds)
    if "lock_first" in only:
        environment = {**product.environment, "FLASH_SALE_WORLD": json.dumps(_short(world))}
        yield Workers("lock_first", module("lock_first"), environment, seconds)
    if "oscar" in only:
        yield oscar(product, seconds)


def _short(world: dict[str, Any]) -> dict[str, Any]:
    """An environment variable holds no 2,000 sessions."""
    return {**world, "sessions": [], "buyers": world["buyers"][:500]}


def payments_begun(product: Shop) -> float:
    """Wait for the payments of what was sold, so that they cost nobody else's turn; seconds."""
    began = time.monotonic()
    with psycopg.connect(product.places.database_url(), autocommit=True) as connection:
        # Those of `lock_first` never begin.
        waiting = (
            "SELECT 1 FROM orders_paymentintent p JOIN orders_order o ON o.id = p.order_id"
            " WHERE p.provider_ref = '' AND o.source = 'room' LIMIT 1"
        )
        machine.until(
            lambda: connection.execute(waiting).fetchone() is None,
            "payments had not begun",
            PAYMENTS_SECONDS,
        )
    return time.monotonic() - began


def run(contenders: list[Contender], rounds: int, product: Shop) -> dict[str, list[Round]]:
    found: dict[str, list[Round]] = {contender.name: [] for contender in contenders}
    for number in range(rounds):
        for contender in contenders:
            turn = contender.turn(number)
            found[contender.name].append(turn)
            say(
                f"round {number + 1}, {contender.name}: {turn.per_second:,.0f} orders a second, "
                f"p50 {turn.p50_ms:.1f} ms, p99 {turn.p99_ms:.1f} ms, {turn.answers or turn.orders}"
            )
            if contender.name == "ours":
                say(f"its payments had begun {payments_begun(product):.1f} s later")
            time.sleep(1)
    return found


def settings_of(product: Shop) -> dict[str, str]:
    """What makes an order durable, as the server says it."""
    with psycopg.connect(product.places.database_url()) as connection:
        return {
            name: connection.execute(f"SHOW {name}").fetchone()[0]  # type: ignore[index]
            for name in ("fsync", "synchronous_commit", "full_page_writes", "wal_sync_method")
        }


def heard(product: Shop, call: str) -> dict[str, Any]:
    module = "from benchmarks.flash_sale import world; "
    output = product.manage("shell", "--no-imports", "-c", f"{module}world.{call}")
    line = next(line for line in output.splitlines() if line.startswith("HEARD "))
    return dict(json.loads(line.removeprefix("HEARD ")))


def result(
    found: dict[str, list[Round]],
    ours: Ours,
    books: dict[str, Any],
    options: argparse.Namespace,
) -> dict[str, Any]:
    speed = {name: round(median(t.per_second for t in turns), 1) for name, turns in found.items()}
    mine = speed.pop("ours")
    ratio = {name: round(mine / value, 2) for name, value in speed.items()}
    p99 = median(turn.p99_ms for turn in found["ours"])
    return {
        "name": "flash_sale",
        "ours": mine,
        "unit": "durable orders per second, whole machine",
        "peers": speed,
        "ratio": ratio,
        "ratio_rounds": {
            name: [
                round(a.per_second / b.per_second, 2)
                for a, b in zip(found["ours"], found[name], strict=True)
            ]
            for name in speed
        },
        "p50_ms": median(turn.p50_ms for turn in found["ours"]),
        "p99_ms": p99,
        "peers_p99_ms": {n: median(t.p99_ms for t in ts) for n, ts in found.items() if n != "ours"},
        "oversold": max(0, books["promised"] - books["on_hand"])
        + abs(books["promised"] - books["reserved"]),
        "lost": len(set(ours.acknowledged) - set(books["numbers"])),
        "doubled": len(ours.acknowledged) - len(set(ours.acknowledged)),
        "findings": books["findings"],
        "orders": books["orders"],
        "buyers": options.buyers,
        "rounds": len(found["ours"]),
        "ok": {
            **{name: ratio[name] >= bar for name, bar in BARS.items() if name in ratio},
            "p99": p99 <= P99_BAR_MS,
        },
    }


if __name__ == "__main__":
    raise SystemExit(main())
