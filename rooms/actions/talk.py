"""Chat and likes: best effort, never waiting for a database."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import redis as redis_errors
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import User
from core import clock, ratelimit
from core.errors import Conflict, Invalid
from rooms import fans, history, shards, wire
from rooms.journal import push
from rooms.models import ChatMessage, Room
from rooms.moderation import house
from rooms.moderation.gate import CHAT_BURST, CHAT_PER_SECOND
from rooms.states import ON_AIR

CHAT_LENGTH = 200
QUOTE_LENGTH = 80
NAME_LENGTH = 40
MENTIONS = 5
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


def compose(
    *,
    user_id: int,
    name: str,
    role: str,
    text: str,
    nonce: str = "",
    level: int = 0,
    reply: dict[str, Any] | None = None,
    mentions: list[int] | None = None,
) -> dict[str, Any]:
    """The chat event. Its id begins with the author's, so nobody can take another's id."""
    if not _NONCE.fullmatch(nonce):
        nonce = secrets.token_hex(6)
    event: dict[str, Any] = {
        "t": "chat",
        "id": f"{user_id}.{nonce}",
        "user": {"id": user_id, "name": name, "role": role, "level": level},
        "text": clean(text),
        "at": wire.millis(clock.now()),
    }
    if reply:
        event["reply"] = reply
    if mentions:
        event["mentions"] = mentions
    return event


def quoted(line: dict[str, Any]) -> dict[str, str]:
    """What an answer shows of the line it answers."""
    return {"id": line["id"], "name": line["user"]["name"], "text": line["text"][:QUOTE_LENGTH]}


def mentioned(text: str, people: Mapping[str, int]) -> list[int]:
    """Whom `@name` means, of `people` (name or user name, case-folded → id), in order, at most 5."""
    if "@" not in text:
        return []
    folded = text.casefold()
    found: dict[int, None] = {}
    for at in (index for index, letter in enumerate(folded) if letter == "@"):
        rest = folded[at + 1 : at + 1 + NAME_LENGTH]
        # Names may have spaces: the longest that fits is meant.
        for end in range(len(rest), 0, -1):
            whole = end == len(rest) or not rest[end].isalnum() or not rest[end - 1].isascii()
            if whole and (user_id := people.get(rest[:end])):
                found[user_id] = None
                break
    return list(found)[:MENTIONS]


def log_row(room_id: int, event: dict[str, Any], *, held: str = "") -> ChatMessage:
    """The line for the log. `held`: the word for which it waits."""
    user = event["user"]
    return ChatMessage(
        room_id=room_id,
        line=event["id"],
        user_id=user["id"],
        name=user["name"][:40],
        role=user["role"],
        level=user["level"],
        text=event["text"],
        extra={name: event[name] for name in ("reply", "mentions") if name in event},
        state=ChatMessage.State.HELD if held else ChatMessage.State.SHOWN,
        why=held,
        at=datetime.fromtimestamp(event["at"] / 1000, UTC),
    )


def line_of(row: ChatMessage) -> dict[str, Any]:
    """A logged line as a chat event."""
    return {"t": "chat", **history.public_form(row)}


def say(room_id: int, event: dict[str, Any]) -> None:
    """Send a line that may be seen to everybody, and remember it for who comes later."""
    line = wire.encode(event)
    user = event["user"]
    entry = {"k": "chat", "u": user["id"], "r": user["role"], "i": event["id"], "d": line}
    if push(room_id, [entry]):
        history.remember(room_id, line)


def held_notice(event: dict[str, Any]) -> dict[str, Any]:
    """What the author of a held line is told."""
    return {
        "t": "chat.held",
        "id": event["id"],
        "text": event["text"],
        "detail": _("A moderator looks at your message before it is shown."),
    }


def held_for_crew(event: dict[str, Any], word: str) -> dict[str, Any]:
    """What the crew is told of it."""
    return {"what": "held", "line": {k: v for k, v in event.items() if k != "t"}, "why": word}


def post_chat(
    *, room: Room, user: User, text: str, nonce: str = "", reply_to: str = ""
) -> dict[str, Any]:
    """Say something to everybody in the room; returns the event, `chat` or `chat.held`.

    The same gate as the socket's. Raises Conflict(chat_closed) when the show is over, Invalid for
    the text, Forbidden and TooMany as docs/realtime.md lists them.
    """
    if room.state not in CHAT_STATES:
        raise Conflict(_("The chat of this room is closed."), code="chat_closed")
    text = clean(text)
    gate = house.fresh_gate(room.anchor_id)
    role = gate.house.role(user.pk)
    if role == "viewer":
        gate.must_not_be_banned(user.pk, clock.now().timestamp())
        ratelimit.check("chat", user.pk, burst=CHAT_BURST, per_second=CHAT_PER_SECOND)
    pair = (room.anchor_id, user.pk)
    standing = fans.standings([pair])[pair]
    held = gate.judge(user.pk, text, clock.now().timestamp(), follows=standing.follows)
    lines = history.recent(room.pk) if reply_to or "@" in text else []
    answered = next((line for line in lines if line["id"] == reply_to), None)
    event = compose(
        user_id=user.pk,
        name=user.name,
        role=role,
        text=text,
        nonce=nonce,
        level=standing.level,
        reply=quoted(answered) if answered else None,
        mentions=mentioned(
            text, {said["user"]["name"].casefold(): said["user"]["id"] for said in lines}
        ),
    )
    log_row(room.pk, event, held=held).save(force_insert=True)
    if held:
        push(
            room.pk,
            [{"k": "crew", "d": wire.encode({"t": "mod", **held_for_crew(event, held)})}],
        )
        return held_notice(event)
    say(room.pk, event)
    return event


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
