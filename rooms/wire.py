"""Names in Redis and the JSON on the wire, shared by whoever writes and whoever fans out."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from core.money import format_money
from core.redis import key

# Entries a room's stream keeps: some minutes of a busy room, bounded for ever.
STREAM_LENGTH = 2000
STREAM_SECONDS = 24 * 3600
# How long everybody who watched stays counted: longer than any show.
UNIQUE_SECONDS = 7 * 24 * 3600
CHAT_HISTORY = 50
MASK = "***"

# Prices look the same to everybody in a room, so that a frame is encoded once.
PRICE_LOCALE = "zh-hans"


def stream_key(room_id: int) -> str:
    """Stream of everything that goes to the viewers of a room."""
    return key("rooms", "stream", room_id)


def chat_key(room_id: int) -> str:
    """List of the last chat messages, newest first."""
    return key("rooms", "chat", room_id)


def refilled_key(room_id: int) -> str:
    """Set when the chat history was put back after a loss of Redis."""
    return key("rooms", "refilled", room_id)


def presence_key(room_id: int) -> str:
    """Hash: server process → its people, as `rooms.presence` writes them."""
    return key("rooms", "presence", room_id)


def crowd_key(room_id: int, bucket: int) -> str:
    """HyperLogLog of the people of a crowd in one stretch of time."""
    return key("rooms", "crowd", room_id, bucket)


def unique_key(room_id: int) -> str:
    """HyperLogLog of everybody who has watched the room."""
    return key("rooms", "unique", room_id)


def watching_key(room_id: int) -> str:
    """How many watch, as the hubs last counted; gone when no hub counts."""
    return key("rooms", "watching", room_id)


def likes_key(room_id: int) -> str:
    """Counter of all likes; PostgreSQL has the same number some seconds later."""
    return key("rooms", "likes", room_id)


def encode(event: Any) -> str:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def durable(seq: int, kind: str, payload: dict[str, Any]) -> str:
    """A durable event as it goes over the wire."""
    return encode({"t": kind, "s": seq, **payload})


def money(minor: int, currency: str) -> dict[str, Any]:
    return {
        "minor": minor,
        "currency": currency,
        "text": format_money(minor, currency, PRICE_LOCALE),
    }


def millis(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)


def masked(name: str) -> str:
    """A buyer's name as strangers may see it: first and last letter at most."""
    name = name.strip()
    if len(name) <= 2:
        return name[:1] + MASK
    return name[0] + MASK + name[-1]
