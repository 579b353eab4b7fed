"""Flash sales in one room, one after the other, and how far from its start each viewer began."""

from __future__ import annotations

import asyncio
import statistics
from datetime import datetime, timedelta
from typing import Any

from core import clock
from core.errors import DomainError
from drills.flash_start.crowd import Spectator, true_ms
from drills.room_faults.life import Show
from drills.room_faults.place import Place
from drills.room_faults.stage import ask
from drills.room_faults.viewers import Viewer
from ledger.actions import unbalanced
from orders.audit import findings
from orders.models import Order
from promotion.actions import flash_terms
from promotion.models import FlashSale, Placement
from rooms import actions
from rooms.models import Room

VIEWERS = 200
BUYERS = 20
PIECES = BUYERS // 2
# Of the others: those who lose their line at the announcement, and those who come during 3-2-1.
CUT = 15
LATE = 15
SCHEDULED_AHEAD = timedelta(seconds=4)
SALE_SECONDS = 60
ANSWER_SECONDS = 15.0


class Drill:
    """One room, its anchor's sales and everybody who watches them."""

    def __init__(self, place: Place, show: Show, viewers: int) -> None:
        self.place = place
        self.show = show
        cookies = [cookie for _, cookie in show.buyers]
        self.crowd = [self._spectator(n, [*cookies, *[""] * viewers][n]) for n in range(viewers)]
        for spectator in self.crowd[:BUYERS]:
            spectator.buys = True
        self.faults: list[str] = []
        self.off: list[float] = []
        self.told: list[float] = []
        self.apart: list[float] = []
        self.lost = 0
        self.oversold = 0
        self.orders: list[str] = []

    def _spectator(self, number: int, cookie: str) -> Spectator:
        servers = self.place.servers
        port = servers[number % len(servers)].port
        return Spectator(Viewer(number, self.show.room, lambda _: port, cookie=cookie))

    async def open(self) -> None:
        for spectator in self.crowd:
            spectator.viewer.start()
        await self._until(lambda: all(one.measured for one in self.crowd), 60)

    async def close(self) -> None:
        for spectator in self.crowd:
            spectator.stop()
        await asyncio.gather(*(spectator.viewer.stop() for spectator in self.crowd))

    async def round(self, kind: str) -> None:
        """One sale from its announcement to its end by the anchor's hand."""
        cut, late = self.crowd[-CUT:], self.crowd[-CUT - LATE : -CUT]
        await asyncio.gather(*(spectator.viewer.stop() for spectator in late))
        for spectator in cut:
            spectator.viewer.hang_up()
        announced = true_ms()
        sale, starts_at = await ask(lambda: start_sale(self.show, scheduled=kind == "scheduled"))
        async with asyncio.TaskGroup() as coming:
            for spectator in late:
                coming.create_task(_comes(spectator))
        await self._until(lambda: all(sale in one.started for one in self.crowd), 12)
        buyers = self.crowd[:BUYERS]
        await self._until(lambda: all(sale in one.answers for one in buyers), ANSWER_SECONDS)
        self._judge(kind, sale, starts_at, announced)
        self.oversold += max(0, await ask(lambda: stop_sale(self.show, sale)) - PIECES)

    def _judge(self, kind: str, sale: int, starts_at: float, announced: float) -> None:
        missed = [one.viewer.number for one in self.crowd if sale not in one.started]
        if missed:
            self.lost += len(missed)
            self.faults.append(f"{kind}: viewers {missed} did not start")
        started = [one.started[sale] for one in self.crowd if sale in one.started]
        off = [at - starts_at for at in started]
        self.off += [abs(ms) for ms in off]
        self.apart.append(max(off) - min(off))
        there = self.crowd[: -CUT - LATE]
        self.told += [one.announced[sale] - announced for one in there if sale in one.announced]
        print(f"  {kind}: {min(off):+.0f} to {max(off):+.0f} ms", flush=True)
        answers = [one.answers.get(sale, {"t": "nothing"}) for one in self.crowd[:BUYERS]]
        bought = [answer["order"] for answer in answers if answer["t"] == "order.accepted"]
        self.orders += bought
        refused = {answer["t"] for answer in answers} - {"order.accepted"}
        if len(bought) != PIECES or refused != {"sold_out"}:
            self.faults.append(f"{kind}: {len(bought)} of {PIECES} pieces sold, else {refused}")

    async def _until(self, condition: Any, seconds: float) -> None:
        """Wait for it; what it left undone is judged afterwards."""
        give_up = true_ms() + seconds * 1000
        while not condition() and true_ms() < give_up:
            await asyncio.sleep(0.02)


async def _comes(spectator: Spectator) -> None:
    """Opens the page within the two seconds after the announcement."""
    await asyncio.sleep(spectator.viewer.number % 20 / 10)
    spectator.viewer.state = None
    spectator.viewer.start()


def start_sale(show: Show, *, scheduled: bool) -> tuple[int, float]:
    """Announce a sale of the first item; its id and its start in Unix ms."""
    room = Room.objects.select_related("anchor").get(pk=show.room)
    term = flash_terms(Placement.objects.get(pk=show.placements[0]))[0]
    assert term.lowest_minor is not None
    starts_at: datetime | None = None
    if scheduled:
        starts_at = clock.database_now() + SCHEDULED_AHEAD
    sale = actions.start_flash(
        room=room,
        placement_id=show.placements[0],
        prices={term.variant_id: (term.lowest_minor + term.was_minor) // 2},
        quantity=PIECES,
        per_buyer=1,
        seconds=SALE_SECONDS,
        actor=room.anchor,
        starts_at=starts_at,
    )
    return sale.pk, sale.starts_at.timestamp() * 1000


def stop_sale(show: Show, sale: int) -> int:
    """End it, so that the next one may come; pieces that were sold."""
    room = Room.objects.select_related("anchor").get(pk=show.room)
    sold: int = FlashSale.objects.get(pk=sale).sold
    try:
        actions.abort_flash(room=room, flash_id=sale, actor=room.anchor)
    except DomainError:
        # Sold out and moved on already.
        actions.flash_moved(flash_id=sale)
    return sold


def books(orders: list[str]) -> dict[str, int]:
    """Of the orders that buyers were told: those not there; entries and rules out of order."""
    there = Order.objects.filter(number__in=orders).count()
    return {
        "orders_lost": len(orders) - there,
        "orders_untold": Order.objects.count() - there,
        "unbalanced": len(list(unbalanced())),
        "broken_rules": len(list(findings())),
    }


def spread(values: list[float]) -> dict[str, float]:
    """{"median", "p99", "max"} in ms."""
    ordered = sorted(values)
    if not ordered:
        return {}
    p99 = ordered[min(len(ordered) - 1, round(0.99 * len(ordered)))]
    named = {"median": statistics.median(ordered), "p99": p99, "max": ordered[-1]}
    return {name: round(ms, 1) for name, ms in named.items()}
