"""Faults of the room engine under 100 viewers, with the proof after each round.

Two server processes, PostgreSQL, Redis and a relay of the drill's own; an anchor acts, viewers talk
and buy. 20 rounds each of: kill -9 of a server, Redis killed or frozen (with and without its data),
half-open connections, readers that stop. After each round every viewer must stand where a fresh
snapshot stands. The last line is JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from drills.room_faults.place import Place

ROUNDS = 20
QUICK_ROUNDS = 2
KINDS = ("servers", "redis", "links", "pressure")
TURNS = 8


async def run(place: Place, rounds: int, kinds: tuple[str, ...]) -> dict[str, Any]:
    """The verdict. `place` is open and its servers have been started."""
    from drills.room_faults.books import books
    from drills.room_faults.life import open_show
    from drills.room_faults.pressure import pressure
    from drills.room_faults.rounds import Rounds
    from drills.room_faults.stage import BUYERS, TALKERS, Stage, ask

    began = time.monotonic()
    shows = [
        await ask(lambda: open_show(talkers=TALKERS, buyers=BUYERS)),
        await ask(lambda: open_show(talkers=0, buyers=1)),
    ]
    stage = Stage(place, shows)
    try:
        await stage.open()
        did = Rounds(stage)
        phases: dict[str, float] = {"setting_up": round(time.monotonic() - began, 1)}
        for kind in kinds:
            since = time.monotonic()
            if kind == "pressure":
                continue
            if kind == "servers":
                await did.kill_servers(rounds)
                await did.kill_all_servers(max(1, rounds // 10))
            elif kind == "redis":
                await did.kill_redis(rounds)
            elif kind == "links":
                await asyncio.gather(did.break_links(rounds), did.starve(rounds))
                phases["left_behind"] = round(await did.nobody_left_behind(90), 1)
            phases[kind] = round(time.monotonic() - since, 1)
            print(kind, phases[kind], "s", json.dumps(did.times()), flush=True)
        await stage.prove("end", stage.viewers, 10)
        people = [person for show in shows for person, _ in show.buyers]
        facts = await ask(lambda: books(stage.buyers, people))
        did_act = stage.anchor.done
    finally:
        await stage.close()
    costs = {}
    if "pressure" in kinds:
        # Without the crowd: latencies of a quiet room are compared.
        since = time.monotonic()
        costs = await pressure(place, 2 if rounds <= QUICK_ROUNDS else TURNS)
        phases["pressure"] = round(time.monotonic() - since, 1)
        for name, cost in costs.items():
            if not cost["ok"]:
                stage.fault(f"{name}: {cost}")
    if did.count.get("redis") and did.outages_without_purchase:
        stage.fault(f"{did.outages_without_purchase} outages of Redis without a purchase")
    refused = [what for buyer in stage.buyers for what in buyer.refused]
    faults = [*stage.faults, *refused, *stage.anchor.failed, *facts["broken_rules"]]
    wrong = ("oversold", "unbalanced", "orders_lost", "orders_doubled")
    return {
        "name": "room_faults",
        "attempts": sum(did.count.values()),
        "faults": len(faults),
        "oversold": facts["oversold"],
        "lost": stage.lost + facts["orders_lost"],
        "unbalanced": facts["unbalanced"],
        "rounds": did.count,
        "back_ms": did.times(),
        "converged_ms": did.convergence(),
        "durable_events": did_act,
        "events_folded": sum(viewer.folded for viewer in stage.viewers),
        "resets": sum(viewer.resets for viewer in stage.viewers) - len(stage.viewers),
        "reconnects": sum(len(viewer.dropped) for viewer in stage.viewers),
        "orders": facts["orders"],
        "orders_lost": facts["orders_lost"],
        "orders_doubled": facts["orders_doubled"],
        "asked_again": sum(buyer.asked_again for buyer in stage.buyers),
        "bought_without_redis": did.bought_in_outage,
        **costs,
        "seconds": phases,
        "all_faults": faults[:50],
        "ok": not faults and not stage.lost and not any(facts[name] for name in wrong),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of each kind of fault")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ROUNDS} rounds of each kind")
    parser.add_argument("--only", choices=KINDS, action="append", help="kinds of fault to run")
    parser.add_argument("--data", type=Path, help="keep services and logs in this folder")
    options = parser.parse_args()
    # Ended from outside, it still takes along what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    logging.disable(logging.ERROR)
    rounds = QUICK_ROUNDS if options.quick else options.rounds
    with (
        tempfile.TemporaryDirectory(prefix="room-faults-") as folder,
        Place(options.data or Path(folder)) as place,
    ):
        place.start()
        verdict = asyncio.run(run(place, rounds, tuple(options.only or KINDS)))
    print(json.dumps(verdict))
    return 0 if verdict["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
