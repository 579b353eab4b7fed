"""Webhooks at the real endpoint of real servers: repeated, shuffled, late, forged; servers die.

The drill plays the buyers and the provider. What the provider decided is the truth; afterwards every
payment, refund, order and ledger account must be what it implies, nothing that was answered with
2xx may be unknown, and nothing forged may have been taken. The last line is JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import random
import signal
import sys
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from drills.room_faults.place import Place

DELIVERIES = 100_000
# Deliveries for each payment.
PER_PAYMENT = 25
# Told only after the time for paying has passed.
DELAYED_SHARE = 0.1
FIRST_PHASE = 0.6
KILLS = 12
TURNS = 10
UNGUARDED = ("-m", "drills.webhooks.unguarded")


class Killer:
    """Kills a server whenever another part of the deliveries is through, and starts it again."""

    def __init__(self, place: Place, kills: int) -> None:
        self.place = place
        self.each = 1 / (kills + 1)
        self.killed = 0
        self._next = self.each
        self._back: threading.Thread | None = None

    def begin(self) -> None:
        self._next = self.each

    def rest(self) -> None:
        """Kill nobody any more."""
        self.each = 2.0

    def __call__(self, share: float) -> None:
        """`share` of the deliveries is done."""
        if share < self._next:
            return
        if self._back is not None:
            self._back.join()
        self._next += self.each
        server = self.place.servers[self.killed % len(self.place.servers)]
        self.killed += 1
        server.kill9()
        server.start()
        self._back = threading.Thread(target=lambda: asyncio.run(server.ready()))
        self._back.start()


def run(place: Place, deliveries: int, kills: int, seed: int) -> dict[str, Any]:
    """The verdict. `place` is open and its servers have been started."""
    from django.conf import settings

    from drills.webhooks.deliveries import plan
    from drills.webhooks.sending import Sent, send_all
    from drills.webhooks.world import World, lost

    began = time.monotonic()
    dice = random.Random(seed)
    world = World(max(10, deliveries // PER_PAYMENT), dice)
    for server in place.servers:
        asyncio.run(server.ready())
    whole, planned, sending = Sent(), 0, 0.0
    killer = Killer(place, max(1, kills // 2))
    seconds = {"setting_up": round(time.monotonic() - began, 1)}

    def deliver(events: list[Any], claims: list[Any], count: int, old: list[Any]) -> None:
        nonlocal planned, sending
        made = plan(events, claims, count, dice, old=old)
        since = time.monotonic()
        killer.begin()
        sent = send_all(
            made,
            ports=[server.port for server in place.servers],
            secret=settings.SANDBOX_WEBHOOK_SECRET,
            meanwhile=killer,
        )
        sending += time.monotonic() - since
        planned += len(made)
        whole.add(sent)
        world.read_inbox()
        print(f"{planned} deliveries, {killer.killed} kills", flush=True)

    told = world.news()
    dice.shuffle(told)
    late = told[: int(len(told) * DELAYED_SHARE)]
    early = told[len(late) :]
    deliver(early, world.claims(), int(deliveries * FIRST_PHASE), [])
    world.expire()
    world.cancel_some()
    deliver([*late, *world.news()], world.claims(), deliveries - planned, early)
    forgotten = lost(whole.taken)
    killer.rest()
    for _ in range(TURNS):
        world.retry_refunds()
        news = world.news()
        if not news:
            break
        deliver(news, [], len(news), [])
    since = time.monotonic()
    verdict = _verdict(world, whole, forgotten)
    seconds["sending"] = round(sending, 1)
    seconds["checking"] = round(time.monotonic() - since, 1)
    return {
        **verdict,
        "attempts": planned,
        "payments": len(world.orders),
        "verdicts": dict(world.verdicts),
        "kills": killer.killed,
        "deliveries_per_second": round(planned / sending),
        "outcomes": dict(sorted(whole.outcomes.items())),
        "seconds": seconds,
    }


def _verdict(world: Any, sent: Any, forgotten: int) -> dict[str, Any]:
    from django.db.models import F

    from core import clock
    from drills.webhooks.world import lost, wrong_states
    from ledger.actions import unbalanced
    from orders import actions
    from orders.audit import findings
    from orders.models import Refund
    from supply.models import Stock

    wrong = list(wrong_states(world))
    now = clock.now()
    day = timedelta(days=1)
    done = actions.reconcile_payments(code="sandbox", since=now - day, until=now + day)
    broken = [f"{finding.rule}: {finding.what}" for finding in findings()]
    differing = [f"{item['kind']} {item['subject']} {item['ref']}" for item in done.findings]
    faults = [*sent.faults, *broken, *differing]
    result = {
        "name": "webhooks",
        "faults": len(faults),
        "oversold": Stock.objects.filter(reserved__gt=F("on_hand")).count(),
        "lost": forgotten + lost(sent.taken),
        "unbalanced": len(unbalanced()),
        "wrong_states": len(wrong),
        "forged_accepted": len(sent.forged_accepted),
        "reconciled": {"charges": done.charges, "refunds": done.refunds},
        "refunds": Refund.objects.count(),
        "examples": [*wrong[:20], *faults[:20]],
    }
    bad = ("faults", "oversold", "lost", "unbalanced", "wrong_states", "forged_accepted")
    return {**result, "ok": not any(result[name] for name in bad)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deliveries", type=int, default=DELIVERIES)
    parser.add_argument("--kills", type=int, default=KILLS, help="of servers, at the least 2")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--unguarded",
        action="store_true",
        help="negative control: the servers of this drill do not check signatures; must fail",
    )
    parser.add_argument("--data", type=Path, help="keep services and logs in this folder")
    options = parser.parse_args()
    # Ended from outside, it still takes along what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    logging.disable(logging.ERROR)
    with (
        tempfile.TemporaryDirectory(prefix="webhooks-") as folder,
        Place(options.data or Path(folder)) as place,
    ):
        if options.unguarded:
            for server in place.servers:
                server.launcher = UNGUARDED
        place.start()
        verdict = run(place, options.deliveries, options.kills, options.seed)
    print(json.dumps(verdict))
    return 0 if verdict["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
