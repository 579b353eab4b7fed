"""What goes on in the room meanwhile: an anchor who acts, viewers who talk, buyers who buy."""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import time
import uuid
from dataclasses import dataclass
from typing import Any

from drills import chatter
from drills.room_faults.viewers import Viewer

log = logging.getLogger(__name__)

EVENTS_PER_SECOND = 8
ITEMS = 4
# Nobody may run out of goods before the drill ends.
ON_HAND = 100_000
ANSWER_SECONDS = 4.0


@dataclass
class Show:
    """A room on air and its people, by ids; `talkers` and `buyers` with their session cookies."""

    room: int
    placements: list[int]
    variants: list[int]
    offers: list[int]
    talkers: list[str]
    buyers: list[tuple[int, str]]


def open_show(*, talkers: int, buyers: int) -> Show:
    """Make the room, its goods and its people."""
    from catalog.models import ListingVariant
    from rooms import actions
    from rooms.models import RoomItem
    from rooms.tests import factories as make
    from tests.show import session_of

    room = make.live_room()
    for _ in range(ITEMS):
        actions.add_item(room=room, listing=make.listing(on_hand=ON_HAND), actor=room.anchor)
    items = list(RoomItem.objects.filter(room=room).order_by("number"))
    variants = [item.card["variants"][0]["id"] for item in items]
    offers = dict(ListingVariant.objects.values_list("pk", "offer_id"))
    people = [make.buyer() for _ in range(buyers)]
    return Show(
        room=room.pk,
        placements=[item.placement_id for item in items],
        variants=variants,
        offers=[offers[variant] for variant in variants],
        talkers=[session_of(make.user()) for _ in range(talkers)],
        buyers=[(person.pk, session_of(person)) for person in people],
    )


class Anchor(threading.Thread):
    """Acts on the room as a request or a task would, from a process that serves nobody."""

    def __init__(self, shows: list[Show]) -> None:
        super().__init__(daemon=True, name="anchor")
        self.shows = shows
        self.done = 0
        self.failed: list[str] = []
        self.going_on = threading.Event()
        self.idle = threading.Event()
        self.ended = threading.Event()

    def run(self) -> None:
        from django.db import connection

        while not self.ended.is_set():
            if not self.going_on.wait(0.2):
                self.idle.set()
                continue
            self.idle.clear()
            try:
                self._act()
                self.done += 1
            except Exception as error:
                self.failed.append(repr(error))
                log.exception("the anchor could not act")
            self.ended.wait(random.expovariate(EVENTS_PER_SECOND))
        connection.close()

    def _act(self) -> None:
        from rooms import actions
        from rooms.models import Room
        from supply import actions as supply

        show = random.choice(self.shows)
        room = Room.objects.select_related("anchor").get(pk=show.room)
        number = random.randrange(ITEMS)
        placement = show.placements[number]
        kind = random.choice(["pin", "pin", "unpin", "sort", "ticker", "ticker", "count"])
        if kind == "pin":
            actions.pin(room=room, placement_id=placement, actor=room.anchor)
        elif kind == "unpin":
            actions.pin(room=room, placement_id=None, actor=room.anchor)
        elif kind == "sort":
            order = random.sample(show.placements, ITEMS)
            actions.sort_items(room=room, order=order, actor=room.anchor)
        elif kind == "ticker":
            line = {"placement_id": placement, "title": "Silk scarf", "quantity": 1}
            buyer = show.buyers[0][0]
            actions.order_paid(order="T-1", buyer_id=buyer, lines=[line])
        else:
            # By way of the outbox and the relay, like every change of stock.
            supply.restock(offer_id=show.offers[number], quantity=1)


class Buyer:
    """Buys one piece again and again; a purchase without an answer is sent again under its key."""

    def __init__(self, viewer: Viewer, show: Show) -> None:
        self.viewer = viewer
        self.show = show
        self.orders: dict[str, str] = {}
        self.times: list[float] = []
        self.asked_again = 0
        self.refused: list[str] = []
        self.doubled = 0
        self.going_on = asyncio.Event()
        self.waiting = False
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}
        viewer.heard = self._hear

    def _hear(self, viewer: Viewer, event: dict[str, Any]) -> None:
        key = event.get("key")
        if not isinstance(key, str):
            return
        order = event.get("order")
        if order and self.orders.setdefault(key, order) != order:
            self.doubled += 1
        answer = self._answers.get(key)
        if answer is not None and not answer.done():
            answer.set_result(event)

    async def run(self) -> None:
        while True:
            self.waiting = not self.going_on.is_set()
            await self.going_on.wait()
            self.waiting = False
            await self._buy(str(uuid.uuid4()))
            await asyncio.sleep(random.uniform(0.3, 0.8))

    async def _buy(self, key: str) -> None:
        number = random.randrange(ITEMS)
        wish = {
            "t": "buy",
            "key": key,
            "placement": self.show.placements[number],
            "variant": self.show.variants[number],
            "qty": 1,
        }
        again = False
        while True:
            self.asked_again += again
            answer = await self._ask(key, wish)
            if answer is not None and answer["t"] == "order.accepted":
                self.times.append(time.monotonic())
                return
            if answer is not None and answer["t"] not in {"busy"}:
                self.refused.append(f"{answer['t']} {answer.get('code')} {answer.get('detail')}")
                return
            again = True
            await asyncio.sleep(0.2)

    async def _ask(self, key: str, wish: dict[str, Any]) -> dict[str, Any] | None:
        """The answer, or None when the connection broke or stayed silent."""
        answer = self._answers[key] = asyncio.get_running_loop().create_future()
        try:
            if not await self.viewer.send(wish):
                return None
            began, deadline = self.viewer.opened_at, time.monotonic() + ANSWER_SECONDS
            while time.monotonic() < deadline:
                done, _ = await asyncio.wait([answer], timeout=0.1)
                if done:
                    return answer.result()
                if self.viewer.link != "open" or self.viewer.opened_at != began:
                    return None
            return None
        finally:
            del self._answers[key]


async def talk(viewer: Viewer) -> None:
    """A line every second or two for as long as the drill runs."""
    for number in range(1_000_000):
        await asyncio.sleep(random.uniform(1.1, 2.2))
        line = {"t": "chat", "id": f"l{number}", "text": chatter.line()}
        await viewer.send(line)
