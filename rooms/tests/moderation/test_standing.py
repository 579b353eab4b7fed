"""What the platform decides about a show: who may, what follows, who is told, how it ends."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.test import Client

from core.actors import SYSTEM
from core.deadlines import fire_due
from core.errors import Conflict, IllegalMove, Invalid, NotFound
from core.models import Deadline
from orders.actions import Wanted, place_order
from orders.models import Order
from rooms import actions, feed, purchase
from rooms.actions import reports, standing
from rooms.models import Appeal, ModerationAction, Room, RoomDecision
from rooms.snapshot import fold, snapshot
from rooms.tests import factories as make
from streaming import actions as streaming


def admin() -> Any:
    return make.user(is_staff=True, is_superuser=True)


def decide(room: Room, kind: str, by: Any = None, reason: str = "Counterfeit bags") -> RoomDecision:
    made = standing.decide(room=room, actor=by or admin(), kind=kind, reason=reason)
    room.refresh_from_db()
    return made


def restored(room: Room) -> Room:
    standing.restore(room=room, actor=admin(), reason="Cleared up.")
    room.refresh_from_db()
    return room


def wish(room: Room, key: str) -> dict[str, Any]:
    item = make.first_item(room)
    return {
        "key": key,
        "placement": item.placement_id,
        "variant": item.card["variants"][0]["id"],
        "qty": 1,
        "address": None,
        "flash": None,
        "total": None,
        "coupon": None,
    }


# States --------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_show_climbs_the_ladder_and_comes_back() -> None:
    room = make.live_room()
    decide(room, "warn")
    assert (room.state, room.standing) == ("LIVE", "WARNED")
    decide(room, "limit")
    assert (room.state, room.standing) == ("LIVE", "LIMITED")
    decide(room, "suspend")
    assert (room.state, room.standing) == ("SUSPENDED", "LIMITED")
    restored(room)
    assert (room.state, room.standing) == ("LIVE", "GOOD")
    decide(room, "suspend")
    decide(room, "terminate")
    assert room.state == "TERMINATED"
    assert room.ended_at is not None
    told = ModerationAction.objects.filter(room=room, actor_role="admin")
    assert list(told.order_by("id").values_list("what", "reason"))[:3] == [
        ("room_warn", "Counterfeit bags"),
        ("room_limit", "Counterfeit bags"),
        ("room_suspend", "Counterfeit bags"),
    ]


@pytest.mark.django_db
def test_a_decision_needs_a_show_a_kind_and_a_reason() -> None:
    room = make.live_room()
    planned = actions.create_room(anchor=make.user())
    for kind, reason in [("ban", "x"), ("warn", "  "), ("warn", "x" * 301)]:
        with pytest.raises(Invalid):
            decide(room, kind, reason=reason)
    with pytest.raises(Conflict):
        decide(planned, "warn")
    decide(room, "limit")
    with pytest.raises(Conflict):
        decide(room, "limit")
    decide(room, "terminate")
    for kind in RoomDecision.Kind.values:
        with pytest.raises((Conflict, IllegalMove)):
            decide(room, kind)


@pytest.mark.django_db
def test_a_warning_outlasts_an_interruption_of_the_picture() -> None:
    room = make.live_room()
    decide(room, "limit")
    Room.objects.filter(pk=room.pk).update(state="INTERRUPTED")
    room.refresh_from_db()
    assert room.standing == "LIMITED"
    assert room.on_air
    decide(room, "suspend")
    assert room.state == "SUSPENDED"


@pytest.mark.django_db
def test_a_limited_show_is_found_by_its_address_alone(client: Client) -> None:
    room, other = make.live_room(items=1), make.live_room()
    decide(room, "limit")
    assert [tile["id"] for tile in feed.on_air().tiles] == [other.pk]
    assert room.slug not in client.get("/").content.decode()
    assert client.get(f"/rooms/{room.slug}/").status_code == 200


# What a suspension stops ---------------------------------------------------------------------


@pytest.mark.django_db
def test_nothing_is_sold_in_a_suspended_room_and_orders_stay() -> None:
    room, buyer = make.live_room(items=1), make.buyer()
    before = purchase.buy(buyer.pk, wish(room, "before-it"), "en")
    assert before["t"] == "order.accepted"
    kept = list(Order.objects.values()), list(Order.objects.get().lines.values())
    decide(room, "suspend")
    answer = purchase.buy(buyer.pk, wish(room, "after-it"), "en")
    assert answer["t"] == "closed"
    assert answer["detail"].startswith("The platform has stopped sales in this room.")
    with pytest.raises(Conflict) as refused:
        place_order(
            buyer=buyer,
            address=None,
            lines=[
                Wanted(
                    quantity=1,
                    placement_id=wish(room, "x")["placement"],
                    variant_id=wish(room, "x")["variant"],
                )
            ],
            key="by-http-now",
            source="test",
        )
    assert refused.value.code == "closed"
    assert (list(Order.objects.values()), list(Order.objects.get().lines.values())) == kept
    restored(room)
    assert purchase.buy(buyer.pk, wish(room, "resumed-it"), "en")["t"] == "order.accepted"


@pytest.mark.django_db
def test_the_stream_stops_and_its_owner_gets_no_new_grant_until_it_is_resumed() -> None:
    room = make.live_room()
    assert room.stream is not None
    streaming.grant_publish(stream=room.stream, user=room.anchor)
    decide(room, "suspend")
    room.stream.refresh_from_db()
    assert room.stream.revoked_epoch == room.stream.epoch == 1
    with pytest.raises(Conflict) as refused:
        streaming.grant_publish(stream=room.stream, user=room.anchor)
    assert refused.value.code == "held"
    assert snapshot(room.pk)["video"]["sources"] == []
    restored(room)
    assert actions.go_live(room=room, anchor=room.anchor).epoch == 2


@pytest.mark.django_db
def test_a_suspended_anchor_opens_no_second_show_instead() -> None:
    room = make.live_room()
    decide(room, "suspend")
    with pytest.raises(Conflict) as refused:
        actions.quick_start(user=room.anchor)
    assert refused.value.code == "suspended"
    decide(room, "terminate")
    assert actions.quick_start(user=room.anchor).state == "LIVE"


@pytest.mark.django_db
def test_the_shelf_is_kept_in_step_while_nothing_is_sold() -> None:
    room = make.live_room(items=1)
    item = make.first_item(room)
    decide(room, "suspend")
    actions.stock_changed(offer_id=make.set_stock(item, 3))
    item.refresh_from_db()
    assert item.card["variants"][0]["left"] == 3


@pytest.mark.django_db
def test_a_resumed_show_whose_picture_is_gone_waits_for_its_anchor() -> None:
    room = make.live_room()
    decide(room, "suspend")
    Room.objects.filter(pk=room.pk).update(video_state="away")
    restored(room)
    assert room.state == "INTERRUPTED"
    assert Deadline.objects.filter(machine="rooms.room", object_id=room.pk).exists()


@pytest.mark.django_db
def test_the_page_says_what_happened(client: Client) -> None:
    room = make.live_room(items=1)
    decide(room, "suspend", reason="Not for viewers")
    page = client.get(f"/rooms/{room.slug}/").content.decode()
    assert "The platform has suspended this show" in page
    assert "Not for viewers" not in page
    decide(room, "terminate")
    assert "The platform has ended this show" in client.get(f"/rooms/{room.slug}/").content.decode()
    assert client.get(f"/rooms/{room.slug}/replay/").status_code == 302


# Who is told ---------------------------------------------------------------------------------


async def test_viewers_and_anchor_hear_of_it_and_the_fold_is_the_snapshot(watch, db_do) -> None:
    room = await db_do(make.live_room, items=1)
    start = await db_do(snapshot, room.pk)
    viewer = await watch(room)
    anchor = await watch(room, room.anchor)
    await viewer.get("welcome")
    await anchor.get("welcome")

    await db_do(decide, room, "warn")
    await anchor.get("mod", what="standing")
    await db_do(decide, room, "suspend")
    assert await viewer.get("room.state", state="SUSPENDED")
    await anchor.send({"t": "chat", "id": "x1", "text": "Why?"})
    assert (await anchor.get("error"))["code"] == "chat_closed"
    await db_do(restored, room)
    assert await viewer.get("room.state", state="LIVE")
    await db_do(decide, room, "terminate")
    assert await viewer.get("room.state", state="TERMINATED")
    assert await viewer.get("video", state="ended")

    assert not [event for event in viewer.events if event["t"] == "mod"]
    state = start
    for event in viewer.events:
        state = fold(state, event)
    now = await db_do(snapshot, room.pk)
    for name in ("s", "room", "items", "pinned", "board"):
        assert state[name] == now[name]
    assert state["video"]["state"] == now["video"]["state"]


@pytest.mark.django_db
def test_the_console_shows_a_decision_until_its_anchor_has_read_it(client: Client) -> None:
    room, helper = make.live_room(), make.user()
    made = decide(room, "warn", reason="No proof of brand")
    client.force_login(room.anchor)
    console = f"/studio/{room.slug}/"
    assert "No proof of brand" in client.get(console).content.decode()
    shown = client.get(f"{console}numbers/").json()["decisions"]
    assert [(row["kind"], row["reason"]) for row in shown] == [("warn", "No proof of brand")]
    read = f"{console}standing/read/"
    foreign = decide(make.live_room(), "warn")
    assert client.post(read, {"decision": foreign.pk}).status_code == 404
    assert client.post(read, {"decision": made.pk}).status_code == 302
    assert client.get(f"{console}numbers/").json()["decisions"] == []
    made.refresh_from_db()
    assert made.read_at is not None
    assert made.stands
    client.force_login(helper)
    assert client.post(read, {"decision": made.pk}).status_code == 404


# Permissions ---------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_staff_s_pages_are_not_there_for_anybody_else(client: Client) -> None:
    room = make.live_room()
    made = reports.appeal_decision(made=decide(room, "warn"), user=room.anchor, text="Why?")
    doors = [
        ("get", "/staff/rooms/", {}),
        ("get", f"/staff/rooms/{room.slug}/", {}),
        ("post", f"/staff/rooms/{room.slug}/decide/", {"kind": "terminate", "reason": "x"}),
        ("post", f"/staff/rooms/{room.slug}/restore/", {}),
        ("get", "/staff/appeals/", {}),
        ("post", f"/staff/appeals/{made.pk}/", {"lifted": "1", "answer": "x"}),
    ]
    for method, path, body in doors:
        assert getattr(client, method)(path, body).status_code == 302
    for nobody in (room.anchor, make.user(), make.user(is_staff=True)):
        client.force_login(nobody)
        for method, path, body in doors:
            assert getattr(client, method)(path, body).status_code == 404, (method, path)
    room.refresh_from_db()
    assert (room.state, room.standing) == ("LIVE", "WARNED")
    client.force_login(admin())
    for method, path, _body in doors:
        if method == "get":
            assert client.get(path).status_code == 200
    missing = "/staff/rooms/no-such-room/"
    assert client.get(missing).status_code == 404


@pytest.mark.django_db
def test_an_admin_decides_by_the_page(client: Client) -> None:
    room = make.live_room()
    client.force_login(admin())
    page = f"/staff/rooms/{room.slug}/"
    for kind, state in [("suspend", "SUSPENDED"), ("terminate", "TERMINATED")]:
        answer = client.post(f"{page}decide/", {"kind": kind, "reason": "Fraud"}, follow=True)
        room.refresh_from_db()
        assert room.state == state
        assert "Fraud" in answer.content.decode()
    answer = client.post(f"{page}decide/", {"kind": "warn", "reason": "Late"}, follow=True)
    assert "This show is not on air." in answer.content.decode()


# Appeals -------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_anchor_appeals_and_reads_the_answer(client: Client) -> None:
    room = make.live_room()
    limit, suspension = decide(room, "limit"), decide(room, "suspend")
    client.force_login(room.anchor)
    assert "Counterfeit bags" in client.get("/me/sanctions/").content.decode()
    way = f"/me/sanctions/rooms/{suspension.pk}/appeal/"
    client.post(way, {"text": "They are licensed, see the papers."})
    made = Appeal.objects.get()
    client.post(way, {"text": "Once more"})
    assert Appeal.objects.count() == 1
    client.force_login(admin())
    waiting = client.get("/staff/appeals/").content.decode()
    assert "They are licensed" in waiting
    client.post(f"/staff/appeals/{made.pk}/", {"lifted": "1", "answer": ""})
    made.refresh_from_db()
    assert made.state == "OPEN"
    client.post(f"/staff/appeals/{made.pk}/", {"lifted": "1", "answer": "The papers are in order."})
    room.refresh_from_db()
    limit.refresh_from_db()
    assert (room.state, room.standing) == ("LIVE", "LIMITED")
    assert limit.stands
    client.force_login(room.anchor)
    assert "The papers are in order." in client.get("/me/sanctions/").content.decode()


@pytest.mark.django_db
def test_an_unanswered_appeal_resumes_the_show_and_one_too_late_does_not() -> None:
    room, over = make.live_room(), make.live_room()
    for shown in (room, over):
        reports.appeal_decision(made=decide(shown, "suspend"), user=shown.anchor, text="Why?")
    decide(over, "terminate")
    Deadline.objects.filter(machine="rooms.appeal").update(due_at="2020-01-01T00:00Z")
    fire_due()
    room.refresh_from_db()
    over.refresh_from_db()
    assert (room.state, over.state) == ("LIVE", "TERMINATED")
    assert {made.state for made in Appeal.objects.all()} == {"LIFTED"}


@pytest.mark.django_db
def test_another_s_decision_cannot_be_appealed() -> None:
    room = make.live_room()
    made = decide(room, "warn")
    with pytest.raises(NotFound):
        reports.appeal_decision(made=made, user=make.user(), text="Why?")
    standing.take_back(made=made, actor=None, mover=SYSTEM)
    with pytest.raises(Conflict):
        reports.appeal_decision(made=made, user=room.anchor, text="Why?")


async def test_two_admins_at_once_suspend_one_show_once(watch, db_do) -> None:
    room = await db_do(make.live_room)
    staff = await db_do(admin)

    def suspend() -> str:
        try:
            decide(Room.objects.get(pk=room.pk), "suspend", staff)
        except Conflict:
            return "refused"
        return "done"

    assert sorted(await asyncio.gather(db_do(suspend), db_do(suspend))) == ["done", "refused"]
    assert await db_do(RoomDecision.objects.count) == 1
