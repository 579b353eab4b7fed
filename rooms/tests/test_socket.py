"""The socket of a room, through the ASGI application."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from channels.security.websocket import AllowedHostsOriginValidator
from django.contrib.sessions.models import Session

from accounts.models import User
from core import redis
from core.actors import acting
from rooms import actions, hub, wire
from rooms.hub import sessions, store
from rooms.models import RoomEvent
from rooms.snapshot import snapshot
from rooms.socket import socket_routes, stop_sockets
from rooms.tests import factories as make


def shown(state: dict[str, Any]) -> dict[str, Any]:
    """The part of a snapshot that durable events fold into."""
    video = {"state": state["video"]["state"]}
    return {**{k: state[k] for k in ("s", "room", "items", "pinned")}, "video": video}


async def test_two_viewers_hear_each_other(watch, db_do) -> None:
    room = await db_do(make.live_room)
    anna, bert = await db_do(make.user, "anna"), await db_do(make.user, "bert")
    one, two = await watch(room, anna), await watch(room, bert)
    assert (await one.get("welcome"))["you"] == {"id": anna.pk, "name": "anna", "role": "viewer"}
    await one.send({"t": "chat", "id": "n1", "text": "  hello\n <b>there</b> \u202e"})
    for watcher in (one, two):
        said = await watcher.get("chat")
        assert said["text"] == "hello <b>there</b>"
        assert said["id"] == f"{anna.pk}.n1"
        assert said["user"] == {"id": anna.pk, "name": "anna", "role": "viewer"}
    state = await db_do(snapshot, room.pk)
    assert [line["text"] for line in state["chat"]] == ["hello <b>there</b>"]


async def test_the_anchor_is_marked(watch, db_do) -> None:
    room = await db_do(make.live_room)
    anchor = await watch(room, room.anchor)
    await anchor.send({"t": "chat", "text": "welcome"})
    assert (await anchor.get("chat"))["user"]["role"] == "anchor"


async def test_a_guest_watches_and_likes_but_neither_chats_nor_buys(watch, db_do) -> None:
    room = await db_do(make.live_room)
    guest = await watch(room)
    assert (await guest.get("welcome"))["you"] is None
    await guest.send({"t": "chat", "text": "hi"}, {"t": "buy", "key": "abcdefgh"})
    await guest.until(lambda: len(guest.all("error")) == 2)
    assert {error["code"] for error in guest.all("error")} == {"sign_in"}
    await guest.send({"t": "like", "n": 7})
    assert (await guest.get("likes"))["total"] == 7
    assert not guest.all("chat")


async def test_likes_are_summed_over_viewers_and_kept(watch, db_do) -> None:
    room = await db_do(make.live_room)
    one, two = await watch(room), await watch(room)
    await one.send({"t": "like", "n": 30})
    await two.send({"t": "like", "n": 12})
    await one.until(lambda: any(e["total"] == 42 for e in one.all("likes")))
    assert (await db_do(snapshot, room.pk))["counts"]["likes"] == 42
    await hub.current()._save_sums()
    await db_do(room.refresh_from_db)
    assert room.likes == 42


async def test_the_crowd_is_counted_once_for_each_account(watch, db_do) -> None:
    room = await db_do(make.live_room)
    anna = await db_do(make.user)
    guest = await watch(room)
    one, _two = await watch(room, anna), await watch(room, anna)
    await guest.until(lambda: guest.all("viewers") and guest.all("viewers")[-1]["n"] == 2)
    assert (await db_do(snapshot, room.pk))["counts"]["viewers"] == 2
    assert (await guest.get("joins"))["n"] >= 1
    await one.close()
    assert hub.current().channels[room.pk].count == 2


async def test_events_reach_viewers_in_order_and_fold_into_the_snapshot(watch, db_do) -> None:
    room = await db_do(make.live_room, items=2)
    guest = await watch(room)
    await guest.send({"t": "hello", "s": None})
    await guest.get("reset")
    first = await db_do(make.first_item, room)
    await db_do(actions.pin, room=room, placement_id=first.placement_id, actor=room.anchor)
    offer = await db_do(make.set_stock, first, 1)
    await db_do(actions.stock_changed, offer_id=offer)
    await db_do(actions.pull_item, room=room, placement_id=first.placement_id, actor=room.anchor)
    await guest.get("item.pulled")
    fresh = await db_do(snapshot, room.pk)
    assert guest.state is not None
    assert shown(guest.state) == shown(fresh)
    numbers = [event["s"] for event in guest.events if "s" in event and event["t"] != "welcome"]
    assert numbers == sorted(numbers)


async def test_a_viewer_resumes_where_it_left(watch, db_do) -> None:
    room = await db_do(make.live_room, items=1)
    stays = await watch(room)
    here = (await stays.get("welcome"))["s"]
    first = await db_do(make.first_item, room)
    for placement in (first.placement_id, None, first.placement_id):
        await db_do(actions.pin, room=room, placement_id=placement, actor=room.anchor)
    await stays.until(lambda: len(stays.all("pin")) == 3)
    back = await watch(room, query=f"s={here}")
    await back.get("welcome", s=here + 3)
    assert [event["s"] for event in back.frames[0]] == [here + 3, here + 1, here + 2, here + 3]
    other = await watch(room)
    await other.send({"t": "hello", "s": here + 2})
    await other.until(lambda: other.all("pin"))
    assert [event["s"] for event in other.all("pin")] == [here + 3]


async def test_a_viewer_resumes_after_hours_from_the_database(watch, db_do) -> None:
    room = await db_do(make.live_room, items=1)
    before = await db_do(snapshot, room.pk)
    first = await db_do(make.first_item, room)
    for placement in (first.placement_id, None, first.placement_id):
        await db_do(actions.pin, room=room, placement_id=placement, actor=room.anchor)
    # Nobody was here, so no process has these events in its ring.
    back = await watch(room, query=f"s={before['s']}")
    await back.get("welcome")
    assert [event["s"] for event in back.all("pin")] == [before["s"] + n for n in (1, 2, 3)]


async def test_too_much_missed_is_a_reset_and_so_is_an_unknown_number(
    watch, db_do, monkeypatch
) -> None:
    monkeypatch.setattr(store, "CATCH_UP", 2)
    room = await db_do(make.live_room, items=3)
    late = await watch(room, query="s=0")
    assert (await late.get("reset"))["snapshot"]["s"] == 4
    future = await watch(room)
    await future.send({"t": "hello", "s": 10**9})
    assert (await future.get("reset"))["snapshot"]["s"] == 4


async def test_a_lost_push_is_filled_in_from_the_database(watch, db_do, monkeypatch) -> None:
    room = await db_do(make.live_room, items=1)
    guest = await watch(room)
    first = await db_do(make.first_item, room)
    with monkeypatch.context() as broken:
        broken.setattr("rooms.journal.push", lambda *args: False)
        await db_do(actions.pin, room=room, placement_id=first.placement_id, actor=room.anchor)
    await asyncio.sleep(0.3)
    assert not guest.all("pin")
    await db_do(actions.pin, room=room, placement_id=None, actor=room.anchor)
    await guest.until(lambda: len(guest.all("pin")) == 2)
    assert [event["placement"] for event in guest.all("pin")] == [first.placement_id, None]


async def test_a_lost_last_push_is_found_by_comparing_heads(watch, db_do, monkeypatch) -> None:
    room = await db_do(make.live_room, items=1)
    guest = await watch(room)
    monkeypatch.setattr("rooms.journal.push", lambda *args: False)
    first = await db_do(make.first_item, room)
    await db_do(actions.pin, room=room, placement_id=first.placement_id, actor=room.anchor)
    await hub.current()._check()
    assert (await guest.get("pin"))["placement"] == first.placement_id


async def test_redis_flushed_in_the_middle_loses_nothing_durable(watch, db_do) -> None:
    room = await db_do(make.live_room, items=1)
    person = await db_do(make.user)
    guest, talker = await watch(room), await watch(room, person)
    first = await db_do(make.first_item, room)
    await db_do(actions.pin, room=room, placement_id=first.placement_id, actor=room.anchor)
    await guest.get("pin")
    client = redis.client()
    for name in client.scan_iter(match=redis.key("*")):
        client.delete(name)
    await db_do(actions.pin, room=room, placement_id=None, actor=room.anchor)
    await guest.get("pin", placement=None)
    await talker.send({"t": "chat", "text": "still here"})
    assert (await guest.get("chat"))["text"] == "still here"


async def test_without_redis_rooms_go_on(watch, db_do, monkeypatch, settings) -> None:
    room = await db_do(make.live_room, items=1)
    first = await db_do(make.first_item, room)
    person = await db_do(make.user)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    redis.client.cache_clear()
    try:
        guest, talker = await watch(room), await watch(room, person)
        await talker.send({"t": "chat", "text": "anyone?"}, {"t": "like", "n": 3})
        assert (await guest.get("chat"))["text"] == "anyone?"
        assert (await guest.get("likes"))["n"] == 3
        await db_do(actions.pin, room=room, placement_id=first.placement_id, actor=room.anchor)
        await hub.current()._check()
        await guest.get("pin")
        assert (await db_do(snapshot, room.pk))["pinned"] == first.placement_id
    finally:
        redis.client.cache_clear()


NONSENSE = [
    ("", "bad_json"),
    ("{", "bad_json"),
    ("\x00", "bad_json"),
    ("[" * 3000, "bad_json"),
    ("7", "bad_message"),
    ("[]", "bad_message"),
    ('"text"', "bad_message"),
    (json.dumps([{"t": "ping"}] * 21), "bad_message"),
    ("[1]", "bad_message"),
    ("{}", "unknown_type"),
    ('{"t": null}', "unknown_type"),
    ('{"t": ["chat"]}', "unknown_type"),
    ('{"t": "sudo"}', "unknown_type"),
    ('{"t": "hello", "s": "x"}', "bad_message"),
    ('{"t": "hello", "s": -1}', "bad_message"),
    ('{"t": "chat"}', "bad_message"),
    ('{"t": "chat", "text": 5}', "bad_message"),
    ('{"t": "chat", "text": "  \\u200b "}', "empty"),
    ('{"t": "chat", "text": "\\ud800"}', "empty"),
    (json.dumps({"t": "chat", "text": "x" * 201}), "too_long"),
    ('{"t": "like", "n": 0}', "bad_message"),
    ('{"t": "like", "n": true}', "bad_message"),
    ('{"t": "like", "n": 1e9}', "bad_message"),
    ('{"t": "like", "n": 101}', "bad_message"),
    ('{"t": "buy"}', "bad_message"),
    ('{"t": "buy", "key": "short"}', "bad_message"),
    ('{"t": "buy", "key": "abcdefgh", "placement": 0, "variant": 1}', "bad_message"),
    (
        '{"t": "buy", "key": "abcdefgh", "placement": 99999999999999999999, "variant": 1}',
        "bad_message",
    ),
    (json.dumps({"t": "chat", "text": "字" * 1500}), "too_long"),
    ("x" * 5000, "too_long"),
]


async def test_nonsense_gets_a_clear_answer(watch, db_do) -> None:
    room = await db_do(make.live_room)
    for frame, code in NONSENSE:
        watcher = await watch(room, await db_do(make.user))
        await watcher.send_raw(frame)
        error = await watcher.get("error")
        assert (error["code"], bool(error["detail"])) == (code, True), frame
        await watcher.send({"t": "ping"})
        await watcher.get("pong")


async def test_a_binary_frame_is_refused(watch, db_do) -> None:
    watcher = await watch(await db_do(make.live_room))
    await watcher.send_raw(data=b"\x00\xff")
    assert (await watcher.get("error"))["code"] == "binary"


async def test_repeated_abuse_closes(watch, db_do) -> None:
    watcher = await watch(await db_do(make.live_room))
    for _ in range(60):
        await watcher.send_raw("{")
    await watcher.until(lambda: watcher.closed)
    assert watcher.closed == 4009
    assert len(watcher.all("error")) < 40
    await watcher.until(lambda: watcher.over)


async def test_chat_is_limited_for_each_account_not_each_tab(watch, db_do) -> None:
    room = await db_do(make.live_room)
    person = await db_do(make.user)
    one, two = await watch(room, person), await watch(room, person)
    for number in range(4):
        await one.send({"t": "chat", "text": f"a{number}"})
        await two.send({"t": "chat", "text": f"b{number}"})
    await one.until(lambda: len(one.all("chat")) == 5)
    await one.until(lambda: len(one.all("error")) + len(two.all("error")) == 3)
    assert {e["code"] for e in one.all("error") + two.all("error")} == {"too_many"}


async def test_a_crowded_chat_is_sampled_and_says_so(watch, db_do) -> None:
    room = await db_do(make.live_room)
    person = await db_do(make.user)
    guest, author = await watch(room), await watch(room, person)
    author.forget()
    channel = hub.current().channels[room.pk]
    for number in range(60):
        event = {"t": "chat", "id": f"{person.pk}.{number}", "text": str(number)}
        fields = {"k": "chat", "u": str(person.pk), "r": "viewer", "d": wire.encode(event)}
        channel.take("1700000000000-0", fields)
    host = {"k": "chat", "u": "0", "r": "anchor", "d": wire.encode({"t": "chat", "id": "0.host"})}
    channel.take("1700000000000-0", host)
    assert (await guest.get("sampled")) == {"t": "sampled", "shown": 21, "of": 61}
    assert len(guest.all("chat")) == 21
    await guest.get("chat", id="0.host")
    await author.get("chat", id=f"{person.pk}.59")
    assert len(author.all("chat")) == 61


async def test_one_frame_carries_all_events_of_a_tick(watch, db_do) -> None:
    room = await db_do(make.live_room)
    guest = await watch(room)
    await guest.get("welcome")
    guest.forget()
    channel = hub.current().channels[room.pk]
    head = channel.head
    for number in range(1, 6):
        channel.take_durable(head + number, wire.durable(head + number, "ticker", {}))
    await guest.until(lambda: len(guest.all("ticker")) == 5)
    assert len([frame for frame in guest.frames if frame[0]["t"] == "ticker"]) == 1


async def test_a_viewer_who_does_not_read_is_bounded_and_then_closed(watch, db_do) -> None:
    room = await db_do(make.live_room)
    slow, quick = await watch(room), await watch(room)
    await slow.get("welcome")
    channel = hub.current().channels[room.pk]
    viewer = next(iter(channel.viewers))
    slow.reading.clear()
    filler = "x" * 4000
    for number in range(12):
        channel.take_durable(
            channel.head + 1, wire.durable(channel.head + 1, "ticker", {"name": filler})
        )
        channel.flush()
        assert len(viewer._backlog) * 4000 <= 64 * 1024, number
    assert len(viewer._backlog) == 11
    for _ in range(20):
        channel._soft.append(wire.encode({"t": "chat", "text": filler}))
        channel.flush()
    assert viewer.missed
    assert len(viewer._backlog) <= 16
    for _ in range(20):
        channel._soft.append(wire.encode({"t": "chat", "text": filler}))
        channel.flush()
    assert viewer.closed
    await quick.until(lambda: len(quick.all("chat")) == 40)
    await asyncio.sleep(0.1)
    assert slow.over
    assert viewer not in channel.viewers


async def test_a_viewer_who_reads_again_gets_every_durable_event(watch, db_do) -> None:
    room = await db_do(make.live_room)
    slow = await watch(room)
    await slow.get("welcome")
    channel = hub.current().channels[room.pk]
    here = channel.head
    slow.reading.clear()
    for _ in range(25):
        channel.take_durable(
            channel.head + 1, wire.durable(channel.head + 1, "ticker", {"name": "x" * 4000})
        )
        channel.flush()
    slow.reading.set()
    await slow.until(lambda: len(slow.all("ticker")) == 25)
    assert [event["s"] for event in slow.all("ticker")] == list(range(here + 1, here + 26))


async def test_a_foreign_page_cannot_open_the_socket(watch, db_do, settings) -> None:
    settings.ALLOWED_HOSTS = ["shop.example"]
    app = AllowedHostsOriginValidator(socket_routes)
    room = await db_do(make.live_room)

    def from_origin(origin: bytes) -> Any:
        async def wrapped(scope: Any, receive: Any, send: Any) -> None:
            headers = [*scope["headers"], (b"origin", origin)]
            await app({**scope, "headers": headers}, receive, send)

        return wrapped

    foreign = await watch(room, app=from_origin(b"https://evil.example"))
    assert (foreign.accepted, foreign.closed is None) == (False, False)
    own = await watch(room, app=from_origin(b"https://shop.example"))
    assert own.accepted


async def test_no_such_room_is_said_and_a_strangers_draft_is_none(watch, db_do) -> None:
    missing = await watch(987654321)
    await missing.until(lambda: missing.closed)
    assert missing.closed == 4004
    anchor = await db_do(make.user)
    draft = await db_do(actions.create_room, anchor=anchor)
    stranger = await watch(draft, await db_do(make.user))
    await stranger.until(lambda: stranger.closed)
    assert stranger.closed == 4004
    own = await watch(draft, anchor)
    await own.get("welcome")


async def test_an_unknown_path_is_refused(db_do, watch) -> None:
    room = await db_do(make.live_room)

    async def elsewhere(scope: Any, receive: Any, send: Any) -> None:
        await socket_routes({**scope, "path": "/ws/other/"}, receive, send)

    watcher = await watch(room, app=elsewhere)
    assert not watcher.accepted


async def test_the_chat_closes_with_the_show(watch, db_do) -> None:
    room = await db_do(make.live_room)
    watcher = await watch(room, await db_do(make.user))
    await db_do(actions.end_room, room=room, actor=acting(room.anchor, "anchor"))
    await watcher.get("room.state", state="ENDED")
    await watcher.send({"t": "chat", "text": "encore"})
    assert (await watcher.get("error"))["code"] == "chat_closed"


@pytest.mark.parametrize("how", ["sign out", "new password", "barred"])
async def test_who_signs_out_is_closed(watch, db_do, how: str) -> None:
    room = await db_do(make.live_room)
    person = await db_do(make.user)
    gone, stays = await watch(room, person), await watch(room, await db_do(make.user))

    def end() -> None:
        if how == "sign out":
            Session.objects.filter(pk=gone_key()).delete()
        elif how == "new password":
            person.set_password("other words 2")
            person.save()
        else:
            User.objects.filter(pk=person.pk).update(is_active=False)

    def gone_key() -> str:
        return dict(gone.scope["headers"])[b"cookie"].decode().partition("=")[2]

    await hub.current()._check_sessions()
    assert gone.closed is None
    await db_do(end)
    await hub.current()._check_sessions()
    await gone.until(lambda: gone.closed)
    assert (gone.closed, stays.closed) == (sessions.SESSION_OVER, None)


async def test_a_forged_session_is_a_guest(watch, db_do) -> None:
    room = await db_do(make.live_room)
    watcher = await watch(room, cookie="forged; DROP TABLE")
    assert (await watcher.get("welcome"))["you"] is None


async def test_a_restart_says_when_to_come_back(watch, db_do) -> None:
    room = await db_do(make.live_room)
    one, two = await watch(room), await watch(room, await db_do(make.user))
    await stop_sockets()
    for watcher in (one, two):
        bye = await watcher.get("bye")
        assert 0 < bye["retry_ms"] <= 10_200
        await watcher.until(lambda watcher=watcher: watcher.closed)
        assert watcher.closed == 1012
    again = await watch(room)
    await again.get("welcome")


async def test_events_commit_in_order_however_many_act_at_once(watch, db_do) -> None:
    room = await db_do(make.live_room, items=3)
    guest = await watch(room)
    here = (await guest.get("welcome"))["s"]
    placements = [item["placement"] for item in (await db_do(snapshot, room.pk))["items"]]
    await asyncio.gather(
        *(
            db_do(actions.pin, room=room, placement_id=placement, actor=room.anchor)
            for placement in [*placements, *placements]
        )
    )
    count = await db_do(RoomEvent.objects.filter(room=room, seq__gt=here).count)
    await guest.until(lambda: len(guest.all("pin")) == count)
    assert [event["s"] for event in guest.all("pin")] == list(range(here + 1, here + count + 1))
