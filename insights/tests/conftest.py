"""The market of the orders' tests, with a room on air whose shelf holds its goods."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from catalog.models import Listing
from orders.tests.conftest import (
    Market,
    _no_patience,
    _webhooks_reach_our_own_endpoint,
    build_market,
    market,
)
from promotion.models import Placement, PlacementTerm
from rooms import actions as rooms
from rooms.models import Room

__all__ = ["_no_patience", "_webhooks_reach_our_own_endpoint", "build_market", "market"]


@dataclass
class Show:
    market: Market
    room: Room
    term: PlacementTerm

    def sell(self, quantity: int = 1, **more):
        return self.market.paid(self.market.wanted(quantity, self.term), **more)

    def sell_and_return(self):
        order = self.market.delivered(self.market.wanted(1, self.term))
        self.market.inspected(self.market.returned(order))
        self.market.pump()
        return order


@pytest.fixture
def show(market: Market) -> Show:
    # The market's own placement stands in a room that is not this one.
    Placement.objects.filter(pk=market.placement.pk).update(room_ref=2**40)
    room = rooms.create_room(anchor=market.anchor, title="An evening")
    listing = Listing.objects.get(items__offer=market.offer)
    item = rooms.add_item(room=room, listing=listing, actor=market.anchor)
    room = rooms.start_show(room=room, actor=market.anchor)
    return Show(market=market, room=room, term=item.placement.terms.get())
