"""Removing, muting and banning, and how long that takes to reach everybody."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from core import clock
from core.errors import Forbidden, Invalid, NotFound
from rooms import actions, hub, notices
from rooms.actions import moderation
from rooms.hub import keeper
from rooms.models import (
    ChatMessage,
    ModerationAction,
    Room,
)
from rooms.moderation import house
from rooms.snapshot import fold, snapshot
from rooms.socket import socket_routes
from rooms.tests import factories as make
from rooms.tests.client import Watcher
from rooms.tests.conftest import sign_in
from rooms.tests.moderation.people import mute, refusal


async def test_a_deleted_line_is_gone_for_everybody_and_stays_in_the_log(watch, db_do) -> None:
    room = await db_do(make.live_room)
    anna = await watch(room, await db_do(make.user))
    guest = await watch(room)
    await guest.send({"t": "hello", "s": None})
    await guest.get("reset")
    await anna.send({"t": "chat", "id": "n1", "text": "how rude"})
    said = await guest.get("chat")
    before = await db_do(snapshot, room.pk)
    # Before the log has it: the removal reaches what is written later too.
    await db_do(
        moderation.remove_lines, room=room, actor=room.anchor, role="anchor", lines=[said["id"]]
    )
    event = await guest.get("chat.removed")
    assert event["ids"] == [said["id"]]
    after = await db_do(snapshot, room.pk)
    assert after["chat"] == []
    assert fold(before, event)["chat"] == []
    await hub.current().keeper.chatlog.flush()
    row = await db_do(ChatMessage.objects.get)
    assert (row.state, row.text) == ("removed", "how rude")
    trail = await db_do(ModerationAction.objects.get)
    assert (trail.what, trail.evidence["lines"][0]["text"]) == ("remove", "how rude")
    await db_do(moderation.bring_back, room=room, actor=room.anchor, role="anchor", line=said["id"])
    await guest.until(lambda: len(guest.all("chat")) == 2)


async def test_a_line_is_brought_back_before_the_log_has_it(watch, db_do) -> None:
    room = await db_do(make.live_room)
    anna = await watch(room, await db_do(make.user))
    act = {"room": room, "actor": room.anchor, "role": "anchor"}
    # Just after the log was written, so that nobody writes it for half a second.
    await anna.send({"t": "chat", "id": "n1", "text": "hello"})
    await anna.get("chat")
    await hub.current().keeper.chatlog.flush()
    await anna.send({"t": "chat", "id": "n2", "text": "how rude"})
    await anna.until(lambda: len(anna.all("chat")) == 2)
    said = anna.all("chat")[1]
    await db_do(moderation.remove_lines, **act, lines=[said["id"]])
    await db_do(moderation.bring_back, **act, line=said["id"])
    await anna.until(lambda: len(anna.all("chat")) == 3)
    assert await db_do(ChatMessage.objects.get, line=said["id"], state="shown")
    with pytest.raises(NotFound):
        await db_do(moderation.bring_back, **act, line="1.never")


async def test_a_removal_that_comes_late_leaves_what_was_brought_back(watch, db_do) -> None:
    room = await db_do(make.live_room)
    anna = await watch(room, await db_do(make.user))
    act = {"room": room, "actor": room.anchor, "role": "anchor"}
    await anna.send({"t": "chat", "id": "n1", "text": "how rude"})
    said = await anna.get("chat")
    chatlog = hub.current().keeper.chatlog
    await chatlog.flush()
    await db_do(moderation.remove_lines, **act, lines=[said["id"]])
    removed_at = clock.now()
    await db_do(moderation.bring_back, **act, line=said["id"])
    # As a server does that hears of it only now.
    chatlog.removed(room.pk, {"ids": [said["id"]], "before": removed_at})
    await chatlog.flush()
    assert await db_do(lambda: ChatMessage.objects.get().state) == "shown"
    chatlog.removed(room.pk, {"ids": [said["id"]], "before": clock.now()})
    await chatlog.flush()
    assert await db_do(lambda: ChatMessage.objects.get().state) == "removed"


async def test_a_muted_person_is_told_until_when_and_watches_on(watch, db_do) -> None:
    room = await db_do(make.live_room)
    person = await db_do(make.user)
    anna = await watch(room, person)
    given = await db_do(mute, room, person, minutes=10, reason="advertising")
    told = await anna.get("sanction")
    assert (told["kind"], told["reason"], told["lifted"]) == ("mute", "advertising", False)
    answer = await refusal(anna, "hello?")
    assert answer["code"] == "muted"
    assert 500 < answer["retry_after"] <= 601
    assert anna.closed is None
    await db_do(moderation.lift, given=given, actor=room.anchor, role="anchor")
    await anna.get("sanction", lifted=True)
    assert (await refusal(anna, "hello again"))["t"] == "chat"


async def test_a_ban_closes_the_sockets_of_two_hubs_and_all_doors(watch, db_do) -> None:
    room = await db_do(make.live_room)
    person = await db_do(make.user)
    cookie = await db_do(sign_in, person)
    here = await watch(room, cookie=cookie)
    bystander = await watch(room, await db_do(make.user))
    elsewhere = await asyncio.to_thread(_elsewhere, room.pk, cookie)
    await db_do(mute, room, person, kind="ban")
    began = time.monotonic()
    await here.until(lambda: here.closed)
    code, took = await asyncio.to_thread(elsewhere, began)
    assert (here.closed, code) == (4003, 4003)
    assert took < 2.0
    assert bystander.closed is None
    again = await watch(room, cookie=cookie)
    await again.until(lambda: again.closed)
    assert again.closed == 4003
    await db_do(_all_doors_shut, room, cookie)


def _elsewhere(room_id: int, cookie: str) -> Any:
    """A socket on the hub of another event loop; returns how to wait for its end."""
    import threading

    result: dict[str, Any] = {}
    ready = threading.Event()

    async def stay() -> None:
        watcher = Watcher(socket_routes, room_id, cookie=cookie)
        await watcher.open()
        await watcher.get("welcome")
        ready.set()
        try:
            await watcher.until(lambda: watcher.closed)
            result["at"], result["code"] = time.monotonic(), watcher.closed
        finally:
            await watcher.close()
            await hub.close_current()

    thread = threading.Thread(target=lambda: asyncio.run(stay()), daemon=True)
    thread.start()
    assert ready.wait(10)

    def outcome(began: float) -> tuple[int, float]:
        thread.join(15)
        return result["code"], result["at"] - began

    return outcome


def _all_doors_shut(room: Room, cookie: str) -> None:
    client = Client()
    client.cookies["sessionid"] = cookie
    page = client.get(f"/rooms/{room.slug}/")
    assert (page.status_code, page["Location"]) == (302, "/me/sanctions/")
    for tail in ("snapshot", "playback"):
        assert client.get(f"/api/v1/rooms/{room.slug}/{tail}").status_code == 403, tail
    for tail, body in (("chat", {"text": "psst"}), ("likes", {"n": 1})):
        answer = client.post(f"/api/v1/rooms/{room.slug}/{tail}", body, "application/json")
        assert answer.status_code == 403, tail
    assert "appeal" in client.get("/me/sanctions/").content.decode().lower()


async def test_without_redis_a_ban_is_found_by_comparison(watch, db_do, monkeypatch) -> None:
    room = await db_do(make.live_room)
    person = await db_do(make.user)
    anna = await watch(room, person)
    monkeypatch.setattr(notices, "_send", lambda fields: None)
    await db_do(mute, room, person, kind="ban")
    # A page of this process has read the new rules before the hub did.
    await db_do(house.fresh_gate, room.anchor_id)
    began = time.monotonic()
    await anna.until(lambda: anna.closed)
    assert anna.closed == 4003
    assert time.monotonic() - began < keeper.CHECK_SECONDS + 1.5


async def test_chat_by_http_passes_the_same_gate(watch, db_do) -> None:
    room = await db_do(make.live_room)
    person = await db_do(make.user)
    guest = await watch(room)

    def post(text: str) -> dict[str, Any]:
        return actions.post_chat(room=room, user=person, text=text)

    await db_do(post, "good evening")
    await guest.get("chat", text="good evening")
    with pytest.raises(Invalid, match="Links"):
        await db_do(post, "www.example.com")
    await db_do(moderation.set_words, room=room, actor=room.anchor, role="anchor", words=["fake"])
    assert (await db_do(post, "such a fake"))["t"] == "chat.held"
    await db_do(mute, room, person, minutes=5)
    with pytest.raises(Forbidden, match="5 minutes"):
        await db_do(post, "hello")
    assert (await db_do(ChatMessage.objects.count)) == 2


@pytest.mark.django_db
def test_a_sanction_ends_by_itself() -> None:
    room, person = make.live_room(), make.user()
    mute(room, person, minutes=5)
    assert house.load([room.anchor_id])[room.anchor_id].sanctions
    with clock.travel(timedelta(minutes=6)):
        assert not house.load([room.anchor_id])[room.anchor_id].sanctions
