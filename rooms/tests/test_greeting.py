"""The first frame a viewer gets: nothing of the room before it, and nothing missing after it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from django.db import DatabaseError

from rooms import actions, hub, journal, wire
from rooms.actions import moderation
from rooms.hub import channel, store
from rooms.snapshot import snapshot
from rooms.tests import factories as make


class SlowDatabase:
    """Holds back the answer to a named question, until it is let go."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.go_on = asyncio.Event()

    def hold(self, name: str, patch: pytest.MonkeyPatch) -> None:
        ask = store.ask

        async def slow(work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
            found = await ask(work, *args, **kwargs)
            if work.__name__ == name:
                self.asked.set()
                await self.go_on.wait()
            return found

        patch.setattr(store, "ask", slow)


@pytest.fixture
async def slow_database() -> SlowDatabase:
    return SlowDatabase()


def durable(events: list[dict[str, Any]]) -> list[int]:
    return [event["s"] for event in events if "s" in event and event["t"] != "welcome"]


async def pins(db_do: Callable[..., Awaitable[Any]], room: Any, placement: int, count: int) -> None:
    """That many durable events: the item goes on screen and off again."""
    pinned = (await db_do(snapshot, room.pk))["pinned"]
    for _ in range(count):
        pinned = None if pinned else placement
        await db_do(actions.pin, room=room, placement_id=pinned, actor=room.anchor)


async def test_nothing_of_the_room_comes_before_the_welcome(
    watch, db_do, monkeypatch, slow_database
) -> None:
    room = await db_do(make.live_room, items=1)
    anna = await db_do(make.user, "anna")
    first = (await db_do(make.first_item, room)).placement_id
    before = (await db_do(snapshot, room.pk))["s"]
    await pins(db_do, room, first, 3)
    # This process has seen none of them, so what was missed is asked of PostgreSQL.
    stays = await watch(room)
    slow_database.hold("missed", monkeypatch)
    late = await watch(room, anna, query=f"s={before}")
    await slow_database.asked.wait()
    await pins(db_do, room, first, 2)
    await stays.send({"t": "like", "n": 5})
    await stays.get("likes", total=5)
    hub.current().channels[room.pk].take("1-0", {"k": "to", "u": str(anna.pk), "d": '{"t":"x"}'})
    await stays.until(lambda: len(stays.all("pin")) == 2)
    assert late.events == []
    slow_database.go_on.set()
    await late.get("x")
    assert late.events[0]["t"] == "welcome"
    assert durable(late.frames[0]) == [before + n for n in range(1, 6)]
    # What it was not written meanwhile is made up for.
    assert late.all("likes")[-1]["total"] == 5
    assert late.all("viewers")
    await pins(db_do, room, first, 1)
    await late.until(lambda: durable(late.events)[-1] == before + 6)
    assert durable(late.events) == [before + n for n in range(1, 7)]


async def test_a_room_without_events_greets_and_goes_on(watch, db_do) -> None:
    room = await db_do(make.live_room)
    guest = await watch(room)
    await guest.get("welcome")
    here = hub.current().channels[room.pk]
    here.head = 0
    new = await watch(room)
    await new.get("welcome", s=0)
    here.take_durable(1, wire.durable(1, "ticker", {}))
    await new.get("ticker", s=1)


async def test_a_resume_is_joined_to_a_ring_that_has_moved_on(
    watch, db_do, monkeypatch, slow_database
) -> None:
    monkeypatch.setattr(channel, "RING", 2)
    room = await db_do(make.live_room, items=1)
    first = (await db_do(make.first_item, room)).placement_id
    stays = await watch(room)
    before = (await stays.get("welcome"))["s"]
    await pins(db_do, room, first, 3)
    await stays.until(lambda: len(stays.all("pin")) == 3)
    slow_database.hold("missed", monkeypatch)
    late = await watch(room, query=f"s={before}")
    await slow_database.asked.wait()
    # More than the ring holds, while PostgreSQL's answer is under way.
    await pins(db_do, room, first, 4)
    await stays.until(lambda: len(stays.all("pin")) == 7)
    slow_database.go_on.set()
    await late.get("welcome", s=before + 7)
    assert durable(late.frames[0]) == [before + n for n in range(1, 8)]


async def test_a_reset_is_joined_to_a_ring_that_has_moved_on(
    watch, db_do, monkeypatch, slow_database
) -> None:
    monkeypatch.setattr(channel, "RING", 2)
    room = await db_do(make.live_room, items=1)
    first = (await db_do(make.first_item, room)).placement_id
    stays = await watch(room)
    before = (await stays.get("welcome"))["s"]
    slow_database.hold("snapshot", monkeypatch)
    late = await watch(room)
    await late.send({"t": "hello", "s": None})
    await slow_database.asked.wait()
    await pins(db_do, room, first, 4)
    await stays.until(lambda: len(stays.all("pin")) == 4)
    late.forget()
    slow_database.go_on.set()
    reset = await late.get("reset")
    assert reset["snapshot"]["s"] == before
    assert durable(late.frames[0]) == [before + n for n in range(1, 5)]
    assert late.state is not None
    assert late.state["s"] == before + 4


async def test_a_snapshot_too_old_to_be_joined_is_taken_again(
    watch, db_do, monkeypatch, slow_database
) -> None:
    monkeypatch.setattr(channel, "RING", 2)
    monkeypatch.setattr(store, "CATCH_UP", 3)
    room = await db_do(make.live_room, items=1)
    first = (await db_do(make.first_item, room)).placement_id
    stays = await watch(room)
    before = (await stays.get("welcome"))["s"]
    slow_database.hold("snapshot", monkeypatch)
    late = await watch(room)
    await late.send({"t": "hello", "s": None})
    await slow_database.asked.wait()
    await pins(db_do, room, first, 5)
    await stays.until(lambda: len(stays.all("pin")) == 5)
    slow_database.go_on.set()
    assert (await late.get("reset"))["snapshot"]["s"] == before + 5


async def test_who_cannot_be_told_what_it_missed_is_asked_to_come_again(
    watch, db_do, monkeypatch
) -> None:
    room = await db_do(make.live_room)
    stays = await watch(room)
    await stays.get("welcome")

    def refuse(*args: Any) -> Any:
        raise DatabaseError("the database is away")

    monkeypatch.setattr(journal, "since", refuse)
    guest = await watch(room, query="s=0")
    await guest.until(lambda: guest.closed)
    assert guest.closed == 1013
    assert guest.events == []


async def test_lines_said_before_the_socket_was_open_come_with_the_welcome(watch, db_do) -> None:
    room = await db_do(make.live_room)
    anna, bert = await db_do(make.user, "anna"), await db_do(make.user, "bert")
    one, two = await watch(room, anna), await watch(room, bert)
    page = await db_do(snapshot, room.pk)
    await one.send({"t": "chat", "id": "a", "text": 'said ","at":1 between'})
    await two.send({"t": "chat", "id": "b", "text": "said and taken back"})
    await one.until(lambda: len(one.all("chat")) == 2)
    await db_do(
        moderation.remove_lines, room=room, actor=room.anchor, role="anchor", lines=[f"{bert.pk}.b"]
    )
    await one.get("chat.removed")
    late = await watch(room, query=f"s={page['s']}&c={page['now']}")
    await late.get("welcome")
    # Removals first: they do not concern what was said later.
    assert [event["t"] for event in late.frames[0]] == ["welcome", "chat.removed", "chat"]
    assert late.frames[0][-1] == one.all("chat")[0]
    # Without `c`, or when nothing is new, there is no history.
    plain = await watch(room, query=f"s={page['s']}")
    await plain.get("welcome")
    assert [event["t"] for event in plain.frames[0]] == ["welcome", "chat.removed"]
    far = (await late.get("welcome"))["now"] + 60_000
    later = await watch(room, query=f"c={far}")
    await later.get("welcome")
    assert [event["t"] for event in later.frames[0]] == ["welcome"]
    await later.send({"t": "hello", "s": page["s"], "c": page["now"]})
    await later.get("chat", id=f"{anna.pk}.a")
    await later.send({"t": "hello", "s": page["s"], "c": "now"})
    assert (await later.get("error"))["code"] == "bad_message"


async def test_the_history_is_bounded_and_not_sampled(watch, db_do) -> None:
    room = await db_do(make.live_room)
    guest = await watch(room)
    await guest.get("welcome")
    here = hub.current().channels[room.pk]
    for number in range(80):
        line = {"t": "chat", "id": f"9.{number}", "user": {}, "text": "", "at": 10_000 + number}
        entry = {"k": "chat", "u": "9", "r": "viewer", "i": line["id"], "d": wire.encode(line)}
        here.take(f"{line['at']}-0", entry)
    await guest.get("chat")
    assert len(guest.all("chat")) < 80
    late = await watch(room, query="c=0")
    await late.get("welcome")
    told = [event["at"] for event in late.frames[0] if event["t"] == "chat"]
    assert told == [10_000 + number for number in range(80 - wire.CHAT_HISTORY, 80)]
