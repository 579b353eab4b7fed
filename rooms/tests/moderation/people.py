"""Who takes part in the tests of moderation, and what they do often."""

from __future__ import annotations

import asyncio
from typing import Any

from rooms import actions, hub
from rooms.actions import crew, moderation, standing
from rooms.models import (
    Room,
    RoomDecision,
    Sanction,
)
from rooms.tests import factories as make
from rooms.tests.client import Watcher
from streaming import reports as stream_reports


def helper(room: Room, role: str) -> Any:
    """Somebody at work in the crew of the room's anchor."""
    person = make.user()
    member = crew.invite(anchor=room.anchor, who=person.username, role=role)
    crew.accept(member_id=member.pk, user=person)
    return person


def cast(room: Room) -> dict[str, Any]:
    return {
        "anchor": room.anchor,
        "assistant": helper(room, "assistant"),
        "moderator": helper(room, "moderator"),
        "viewer": make.user(),
    }


def mute(room: Room, target: Any, kind: str = "mute", **more: Any) -> Sanction:
    return moderation.sanction(
        room=room, actor=room.anchor, role="anchor", target=target, kind=kind, **more
    )


async def gate_has(room: Room, **rules: Any) -> None:
    """Wait until the hub judges by these."""
    gate = hub.current().channels[room.pk].talk.gate
    async with asyncio.timeout(8):
        while any(getattr(gate.house, name) != value for name, value in rules.items()):
            await asyncio.sleep(0.05)


async def refusal(watcher: Watcher, text: str) -> dict[str, Any]:
    watcher.forget()
    await watcher.send({"t": "chat", "text": text})
    await watcher.until(
        lambda: watcher.all("error") or watcher.all("chat") or watcher.all("chat.held")
    )
    found = [*watcher.all("error"), *watcher.all("chat.held"), *watcher.all("chat")]
    return found[0]


def admin() -> Any:
    return make.user(is_staff=True, is_superuser=True)


def decide(
    room: Room, kind: str, by: Any = None, reason: str = "Counterfeit bags", **more: Any
) -> RoomDecision:
    made = standing.decide(room=room, actor=by or admin(), kind=kind, reason=reason, **more)
    room.refresh_from_db()
    return made


def restored(room: Room) -> Room:
    standing.restore(room=room, actor=admin(), reason="Cleared up.")
    room.refresh_from_db()
    return room


def show_with_picture(*, items: int = 0) -> Room:
    """On air, with a camera that sends."""
    room = make.live_room(items=items)
    assert room.stream is not None
    stream_reports.record_on_air(room.stream.key)
    actions.video_changed(stream_key=room.stream.key)
    room.refresh_from_db()
    return room
