"""Chat and likes: best effort, never waiting for a database."""

from __future__ import annotations

import re
import secrets
import unicodedata
from typing import Any

import redis as redis_errors
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import User
from core import clock, ratelimit
from core.errors import Conflict, Invalid
from rooms import shards, wire
from rooms.journal import push
from rooms.models import Room
from rooms.states import ON_AIR

CHAT_LENGTH = 200
CHAT_BURST = 5
CHAT_PER_SECOND = 1.0
CHAT_STATES = ON_AIR | {"SCHEDULED"}
LIKES_AT_ONCE = 100

_NONCE = re.compile(r"[A-Za-z0-9_-]{1,32}")
# Joiners that emoji and some scripts need; all other invisible formatting is dropped.
_KEPT_FORMAT = {"\u200c", "\u200d"}
_DROPPED = {"Cc", "Cf", "Cs", "Co"}


def one_line(text: str) -> str:
    """Text from a person on one line, without control, bidi, private or broken characters."""
    spaced = " ".join(unicodedata.normalize("NFC", text).split())
    return "".join(
        c for c in spaced if c in _KEPT_FORMAT or unicodedata.category(c) not in _DROPPED
    ).strip()


def clean(text: str) -> str:
    """Chat text as it is shown. Raises Invalid with code `empty` or `too_long`."""
    kept = one_line(text)
    if not any(unicodedata.category(c)[0] in "LNPS" for c in kept):
        raise Invalid(_("Write something first."), code="empty")
    if len(kept) > CHAT_LENGTH:
        raise Invalid(_("Use at most 200 characters."), code="too_long")
    return kept


def compose(*, user_id: int, name: str, role: str, text: str, nonce: str = "") -> dict[str, Any]:
    """The chat event. Its id begins with the author's, so nobody can take another's id."""
    if not _NONCE.fullmatch(nonce):
        nonce = secrets.token_hex(6)
    return {
        "t": "chat",
        "id": f"{user_id}.{nonce}",
        "user": {"id": user_id, "name": name, "role": role},
        "text": clean(text),
        "at": wire.millis(clock.now()),
    }


def role_in(room: Room, user: User) -> str:
    return "anchor" if room.anchor_id == user.pk else "viewer"


def post_chat(*, room: Room, user: User, text: str, nonce: str = "") -> dict[str, Any]:
    """Say something to everybody in the room; returns the event.

    Raises Conflict(chat_closed) when the show is over, Invalid for the text, TooMany.
    """
    if room.state not in CHAT_STATES:
        raise Conflict(_("The chat of this room is closed."), code="chat_closed")
    event = compose(
        user_id=user.pk, name=user.name, role=role_in(room, user), text=text, nonce=nonce
    )
    ratelimit.check("chat", user.pk, burst=CHAT_BURST, per_second=CHAT_PER_SECOND)
    line = wire.encode(event)
    pushed = push(room.pk, [{"k": "chat", "u": user.pk, "r": event["user"]["role"], "d": line}])
    if pushed:
        _remember(room.pk, line)
    return event


def _remember(room_id: int, line: str) -> None:
    def fill(pipeline: Any) -> None:
        pipeline.lpush(wire.chat_key(room_id), line)
        pipeline.ltrim(wire.chat_key(room_id), 0, wire.CHAT_HISTORY - 1)
        pipeline.expire(wire.chat_key(room_id), wire.STREAM_SECONDS)

    try:
        shards.execute(room_id, fill)
    except redis_errors.RedisError:
        return


def add_likes(*, room: Room, count: int, who: object) -> None:
    """Add a sum of taps (1–100) from outside the socket. Raises Invalid, TooMany."""
    if not 1 <= count <= LIKES_AT_ONCE:
        raise Invalid(_("Send between 1 and 100 likes at once."), code="invalid")
    ratelimit.check("likes", who, burst=5, per_second=1)
    Room.objects.filter(pk=room.pk).update(likes=F("likes") + count)
    try:
        (total,) = shards.execute(
            room.pk, lambda pipeline: pipeline.incrby(wire.likes_key(room.pk), count)
        )
    except redis_errors.RedisError:
        return
    push(room.pk, [{"k": "likes", "n": count, "total": int(total)}])
