"""The state of a room is a fold: old snapshot plus events equals new snapshot."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import clock, deadlines
from core.actors import acting
from core.errors import DomainError
from promotion.models import Coupon, FlashSale, PlacementTerm
from rooms import actions, journal, votes
from rooms.actions import standing
from rooms.models import Room
from rooms.snapshot import fold, snapshot
from rooms.tests import factories as make
from rooms.votes import Vote
from streaming import reports

pytestmark = pytest.mark.django_db

GOODS = 4

steps = st.one_of(
    st.tuples(st.just("add"), st.integers(0, GOODS - 1)),
    st.tuples(st.just("pull"), st.integers(0, GOODS - 1)),
    st.tuples(st.just("pin"), st.integers(-1, GOODS - 1)),
    st.tuples(st.just("sort"), st.permutations(list(range(GOODS)))),
    st.tuples(st.just("stock"), st.tuples(st.integers(0, GOODS - 1), st.integers(0, 2))),
    st.tuples(st.just("retitle"), st.integers(0, GOODS - 1)),
    st.tuples(st.just("unlist"), st.integers(0, GOODS - 1)),
    st.tuples(st.just("video"), st.booleans()),
    st.tuples(st.just("sale"), st.integers(0, GOODS - 1)),
    st.tuples(st.just("flash"), st.integers(0, GOODS - 1)),
    st.tuples(st.just("abort"), st.none()),
    st.tuples(st.just("coupon"), st.booleans()),
    st.tuples(st.just("claim"), st.none()),
    st.tuples(st.just("hold"), st.integers(0, GOODS - 1)),
    st.tuples(st.just("notice"), st.booleans()),
    st.tuples(st.just("poll"), st.booleans()),
    st.tuples(st.just("vote"), st.integers(0, 1)),
    st.tuples(st.just("ticker"), st.booleans()),
    st.tuples(st.just("later"), st.none()),
    st.tuples(st.just("decide"), st.sampled_from(["limit", "suspend", "terminate"])),
    st.tuples(st.just("restore"), st.none()),
    st.tuples(st.just("end"), st.none()),
)


class Show:
    """A room and the goods that steps refer to by index."""

    def __init__(self) -> None:
        self.goods = [make.listing(on_hand=1, variants=1 + n % 2) for n in range(GOODS)]
        self.room = make.live_room()

    def placement(self, index: int) -> int:
        items = self.room.items.shown().filter(placement__listing=self.goods[index])
        return items.values_list("placement_id", flat=True).first() or 0

    def ask(self) -> None:
        actions.open_poll(
            room=self.room,
            question="More silk?",
            options=["Yes", "No"],
            seconds=60,
            actor=self.room.anchor,
        )

    def take(self, step: tuple[str, Any]) -> None:
        kind, value = step
        anchor = self.room.anchor
        if kind == "add":
            actions.add_item(room=self.room, listing=self.goods[value], actor=anchor)
        elif kind == "pull":
            actions.pull_item(room=self.room, placement_id=self.placement(value), actor=anchor)
        elif kind == "pin":
            placement = None if value < 0 else self.placement(value)
            actions.pin(room=self.room, placement_id=placement, actor=anchor)
        elif kind == "sort":
            order = [p for index in value if (p := self.placement(index))]
            actions.sort_items(room=self.room, order=order[: len(order) - 1], actor=anchor)
        elif kind == "stock":
            index, on_hand = value
            offer = self.goods[index].items.all()[0].offer
            type(offer.stock).objects.filter(offer=offer).update(on_hand=on_hand)
            actions.stock_changed(offer_id=offer.pk)
        elif kind == "retitle":
            product = self.goods[value].product
            product.title += "!"
            product.save()
            actions.listing_changed(listing_id=self.goods[value].pk)
        elif kind == "unlist":
            actions.item_withdrawn(listing_id=self.goods[value].pk)
        elif kind == "video":
            assert self.room.stream is not None
            report = reports.record_on_air if value else reports.record_off_air
            report(self.room.stream.key)
            actions.video_changed(stream_key=self.room.stream.key)
        elif kind == "sale":
            line = {"placement_id": self.placement(value), "title": "Silk", "quantity": 1}
            actions.order_paid(order="A1", buyer_id=anchor.pk, lines=[line])
        elif kind == "hold":
            placement = self.placement(value)
            actions.pin(room=self.room, placement_id=placement, actor=anchor, seconds=30)
        elif kind == "notice":
            if value:
                actions.announce(room=self.room, text="Free delivery", actor=anchor, minutes=5)
            else:
                actions.take_notice_down(room=self.room, actor=anchor)
        elif kind == "poll":
            self.ask() if value else actions.take_poll_down(room=self.room, actor=anchor)
        elif kind == "vote":
            running = self.room.polls.filter(state="RUNNING")
            votes.cast(Vote(poll.pk, self.room.pk, anchor.pk, value) for poll in running)
        elif kind == "ticker":
            actions.show_ticker(room=self.room, on=value, actor=anchor)
        elif kind == "later":
            with clock.travel(timedelta(minutes=11)):
                deadlines.fire_due()
        elif kind == "flash":
            placement = self.placement(value)
            terms = PlacementTerm.objects.filter(placement=placement)
            sale = actions.start_flash(
                room=self.room,
                placement_id=placement,
                prices={term.listing_variant_id: 9000 for term in terms},
                quantity=1,
                per_buyer=1,
                seconds=60,
                actor=anchor,
            )
            FlashSale.objects.filter(pk=sale.pk).update(sold=1)
            actions.flash_moved(flash_id=sale.pk)
        elif kind == "abort":
            for sale in FlashSale.objects.open():
                actions.abort_flash(room=self.room, flash_id=sale.pk, actor=anchor)
        elif kind == "coupon":
            if value:
                make.coupon(self.room)
            for coupon in Coupon.objects.filter(state="OPEN"):
                if not value:
                    actions.withdraw_coupon(room=self.room, coupon_id=coupon.pk, actor=anchor)
        elif kind == "decide":
            staff = make.user()
            standing.decide(room=self.room, actor=staff, kind=value, reason="Fraud", minutes=10)
        elif kind == "restore":
            standing.restore(room=self.room, actor=make.user())
        elif kind == "claim":
            for coupon in Coupon.objects.filter(state="OPEN"):
                actions.claim_coupon(room_id=self.room.pk, coupon_id=coupon.pk, user=make.user())
        else:
            actions.end_room(room=self.room, actor=acting(anchor, "anchor"))


def durable_part(state: dict[str, Any]) -> dict[str, Any]:
    return {
        **{name: state[name] for name in ("s", "room", "items", "pinned", "board")},
        "video": state["video"]["state"],
    }


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(script=st.lists(steps, max_size=14), joins_at=st.integers(0, 14))
def test_the_fold_of_events_is_a_fresh_snapshot(script: list[Any], joins_at: int) -> None:
    show = Show()
    state = snapshot(show.room.pk)
    for number, step in enumerate(script):
        if number == joins_at:
            state = snapshot(show.room.pk)
        try:
            show.take(step)
        except DomainError:
            continue
    for _seq, encoded in journal.since(show.room.pk, state["s"], 1000):
        state = fold(state, json.loads(encoded))
    assert durable_part(state) == durable_part(snapshot(show.room.pk))
    pinned = [item for item in state["items"] if item["state"] == "PINNED"]
    assert len(pinned) <= 1


def test_the_fold_takes_only_the_next_event() -> None:
    room = make.live_room(items=1)
    state = snapshot(room.pk)
    later = {"t": "video", "s": state["s"] + 2, "state": "live"}
    assert fold(state, later) is state
    assert fold(state, {**later, "s": state["s"]}) is state
    assert fold(state, {"t": "likes", "n": 1}) is state
    assert fold(state, {**later, "s": state["s"] + 1})["video"]["state"] == "live"
    assert state["video"]["state"] == "waiting"


def test_the_fold_sets_a_price() -> None:
    room = make.live_room(items=1)
    state = snapshot(room.pk)
    item = state["items"][0]
    event = {
        "t": "price",
        "s": state["s"] + 1,
        "placement": item["placement"],
        "variant": item["variants"][0]["id"],
        "minor": 8800,
        "currency": "CNY",
        "text": "¥88.00",
    }
    assert fold(state, event)["items"][0]["price"]["text"] == "¥88.00"


def test_a_snapshot_costs_the_same_however_many_items(django_assert_num_queries: Any) -> None:
    room = make.live_room(items=5)
    # The second one asks the log, because Redis has nothing of a new room.
    with django_assert_num_queries(2):
        snapshot(room.pk)


def test_events_of_one_action_have_consecutive_numbers() -> None:
    room = make.live_room()
    seqs = list(Room.objects.get(pk=room.pk).events.values_list("seq", flat=True))
    assert seqs == [1]
    assert snapshot(room.pk)["s"] == 1
