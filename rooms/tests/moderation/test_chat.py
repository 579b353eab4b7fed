"""What is said: answers, mentions, the log, and the fans it makes."""

from __future__ import annotations

import asyncio
import time

import pytest

from rooms import actions, hub
from rooms.models import (
    ChatMessage,
    Fan,
)
from rooms.snapshot import snapshot
from rooms.tests import factories as make


async def test_an_answer_quotes_and_names_are_mentions(watch, db_do) -> None:
    room = await db_do(make.live_room)
    anna = await db_do(make.user, "anna")
    bert = await db_do(lambda: make.user("bert", display_name="Bert Brown"))
    one, two = await watch(room, anna), await watch(room, bert)
    await one.send({"t": "chat", "id": "q1", "text": "w" * 120})
    first = await two.get("chat")
    await two.send({"t": "chat", "text": "@Anna yes, says @bert brown", "reply_to": first["id"]})
    answer = await one.get("chat", text="@Anna yes, says @bert brown")
    assert answer["reply"] == {"id": first["id"], "name": "anna", "text": "w" * 80}
    assert answer["mentions"] == [anna.pk, bert.pk]
    await one.send({"t": "chat", "text": "to nobody @nobody", "reply_to": "7.gone"})
    plain = await two.get("chat", text="to nobody @nobody")
    assert "reply" not in plain
    assert "mentions" not in plain


async def test_the_log_has_what_was_said_and_serves_when_redis_has_not(watch, db_do) -> None:
    room = await db_do(make.live_room)
    watcher = await watch(room, await db_do(make.user, "anna"))
    await watcher.send({"t": "chat", "id": "n1", "text": "remember me"})
    said = await watcher.get("chat")
    await hub.current().keeper.chatlog.flush()
    row = await db_do(ChatMessage.objects.get)
    assert (row.line, row.text, row.state) == (said["id"], "remember me", "shown")
    from rooms import shards, wire

    await db_do(shards.execute, room.pk, lambda p: p.delete(wire.chat_key(room.pk)))
    said.pop("t")
    assert (await db_do(snapshot, room.pk))["chat"] == [said]


async def test_a_database_that_stands_still_holds_up_no_chat(watch, db_do, monkeypatch) -> None:
    room = await db_do(make.live_room)
    one, two = await watch(room, await db_do(make.user)), await watch(room, await db_do(make.user))
    from rooms.hub import chatlog

    written = []
    monkeypatch.setattr(chatlog, "_write", lambda *rest: (time.sleep(1.5), written.append(rest)))
    for number in range(3):
        await one.send({"t": "chat", "text": f"line {number} of three"})
        began = asyncio.get_running_loop().time()
        await two.get("chat", text=f"line {number} of three")
        assert asyncio.get_running_loop().time() - began < 1.0
        await asyncio.sleep(0.3)
    assert not written or len(written) < 3


async def test_watching_likes_and_lines_make_a_fan(watch, db_do) -> None:
    room = await db_do(make.live_room)
    anna = await db_do(make.user)
    await db_do(lambda: Fan.objects.create(anchor=room.anchor, user=anna, points=49))
    watcher = await watch(room, anna)
    book = hub.current().keeper.fans
    book.standing(room.anchor_id, anna.pk)
    await book.look_up()
    await watcher.send({"t": "chat", "text": "almost"})
    assert (await watcher.get("chat", text="almost"))["user"]["level"] == 1
    await book.add_minute()
    assert (await db_do(Fan.objects.get)).points > 49
    await watcher.send({"t": "chat", "text": "there"})
    assert (await watcher.get("chat", text="there"))["user"]["level"] == 2


@pytest.mark.django_db
def test_a_purchase_makes_a_fan() -> None:
    room = make.live_room(items=1)
    buyer = make.user()
    line = {"placement_id": make.first_item(room).placement_id, "quantity": 1, "title": "x"}
    actions.reward_buyer(buyer_id=buyer.pk, lines=[line])
    actions.reward_buyer(buyer_id=buyer.pk, lines=[line])
    assert Fan.objects.get(anchor=room.anchor, user=buyer).points == 200
