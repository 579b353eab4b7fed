"""What a viewer may say over the socket, and what they are answered."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any

from django.db import DatabaseError
from django.utils import translation
from django.utils.translation import gettext as _

from core import clock
from core.errors import DomainError, Forbidden, Invalid, TooMany
from rooms import purchase, wire
from rooms.actions.talk import (
    CHAT_BURST,
    CHAT_PER_SECOND,
    CHAT_STATES,
    LIKES_AT_ONCE,
    compose,
)
from rooms.hub import Hub, RoomChannel, Viewer, store
from rooms.hub.viewer import text as frame
from rooms.limits import Bucket, Buckets

log = logging.getLogger(__name__)

FRAME_BYTES = 4096
OBJECTS = 20
ABUSE = 4009

# By account in this process, so that a second tab does not double what one may say.
_chat_limits = Buckets(CHAT_BURST, CHAT_PER_SECOND)
_buy_limits = Buckets(10, 2.0)
_buying = 0


class Conversation:
    """The incoming side of one socket."""

    def __init__(self, hub: Hub, channel: RoomChannel, viewer: Viewer) -> None:
        self.hub = hub
        self.channel = channel
        self.viewer = viewer
        self._tasks: set[asyncio.Task[None]] = set()
        self._messages = Bucket(40, 20.0)
        self._errors = Bucket(20, 0.2)
        self._hellos = Bucket(4, 0.5)
        self._likes = Bucket(5, 2.0)
        self._warned = False

    async def begin(self, since: int | None) -> None:
        """Greet; with `since` (the handshake's `?s=`) also send what was missed."""
        if since is None:
            self.viewer.push(self._welcome(self.channel.head))
        else:
            await self._resume(since)

    def end(self) -> None:
        """Stop answering. A purchase that runs is completed; its answer is found by its key."""
        for task in self._tasks:
            task.cancel()

    async def take(self, raw: str | None) -> None:
        """One frame from the client."""
        with translation.override(self.viewer.language):
            try:
                if self._messages.take():
                    raise TooMany(_("You send too much. Slow down."), retry_after=1)
                for message in _parsed(raw):
                    await self._answer(message)
            except DomainError as error:
                self._refuse(error)

    async def _answer(self, message: Any) -> None:
        if not isinstance(message, dict):
            self._refuse(Invalid(_("Send JSON objects."), code="bad_message"))
            return
        kind = message.get("t")
        handler = self._HANDLERS.get(kind) if isinstance(kind, str) else None
        try:
            if handler is None:
                raise Invalid(
                    _("Known types: %s.") % ", ".join(self._HANDLERS), code="unknown_type"
                )
            await handler(self, message)
        except DomainError as error:
            self._refuse(error, message)

    def _refuse(self, error: DomainError, message: dict[str, Any] | None = None) -> None:
        answer: dict[str, Any] = {
            "t": "error",
            "code": error.code,
            "detail": str(error.detail) or str(error.title),
        }
        for name in ("key", "id"):
            value = (message or {}).get(name)
            if isinstance(value, str) and len(value) <= 64 and value.isascii():
                answer[name] = value
        if "retry_after" in error.extra:
            answer["retry_after"] = error.extra["retry_after"]
        if self._errors.take():
            self.viewer.close(ABUSE)
        else:
            self.viewer.push(answer)

    # Knowing the room --------------------------------------------------------------------

    def _welcome(self, seq: int) -> dict[str, Any]:
        who = self.viewer.identity
        you = who and {"id": who.user_id, "name": who.name, "role": self._role(who.user_id)}
        return {"t": "welcome", "s": seq, "now": wire.millis(clock.now()), "you": you}

    def _role(self, user_id: int) -> str:
        return "anchor" if user_id == self.channel.anchor_id else "viewer"

    async def _hello(self, message: dict[str, Any]) -> None:
        since = message.get("s")
        if since is not None and not _is_count(since, 0, 2**62):
            raise Invalid(_("`s` must be a number or null."), code="bad_message")
        if wait := self._hellos.take():
            raise TooMany(_("Wait a moment before you resume again."), retry_after=round(wait + 1))
        await self._resume(since)

    async def _resume(self, since: int | None) -> None:
        """`welcome` and what came after `since`, in one frame; or `welcome` and `reset`."""
        try:
            missed = None
            if since is not None:
                missed = await self.hub.missed_by(self.channel, since)
            if missed is None:
                await self._reset()
                return
        except DatabaseError:
            log.warning("resume without database", exc_info=True)
            raise Invalid(_("Try again in a moment."), code="unavailable") from None
        last = missed[-1][0] if missed else self.channel.head
        self.viewer.deliver(
            frame(wire.encode(self._welcome(last)), *(encoded for _seq, encoded in missed)),
            last,
            essential=True,
        )

    async def _reset(self) -> None:
        whole = await self.hub.snapshot(self.channel)
        later = self.channel.missed_by(whole["s"]) or []
        last = later[-1][0] if later else whole["s"]
        self.viewer.deliver(
            frame(
                wire.encode(self._welcome(last)),
                wire.encode({"t": "reset", "snapshot": whole}),
                *(encoded for _seq, encoded in later),
            ),
            last,
            essential=True,
        )

    def catch_up_soon(self) -> None:
        """After a jam: bring the durable events that were not written."""
        self._start(self._catch_up())

    async def _catch_up(self) -> None:
        try:
            missed = await self.hub.missed_by(self.channel, self.viewer.seq)
            if missed is None:
                await self._reset()
            elif missed:
                self.viewer.deliver(
                    frame(*(encoded for _seq, encoded in missed)), missed[-1][0], essential=True
                )
        except DatabaseError:
            # The viewer sees the gap in the numbers and asks by `hello`.
            log.warning("catch-up without database", exc_info=True)

    def _start(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Taking part -------------------------------------------------------------------------

    def _signed_in(self, what: str) -> Any:
        if self.viewer.identity is None:
            raise Forbidden(what, code="sign_in")
        return self.viewer.identity

    def _must_be_open(self) -> None:
        if self.channel.state not in CHAT_STATES:
            raise Invalid(_("The chat of this room is closed."), code="chat_closed")

    async def _chat(self, message: dict[str, Any]) -> None:
        who = self._signed_in(_("Sign in to chat."))
        if not _is_text(message.get("text")) or not _is_text(message.get("id", "")):
            raise Invalid(_("Send `id` and `text` as text."), code="bad_message")
        self._must_be_open()
        role = self._role(who.user_id)
        event = compose(
            user_id=who.user_id,
            name=who.name,
            role=role,
            text=message["text"],
            nonce=message.get("id", ""),
        )
        if wait := _chat_limits.take(who.user_id):
            raise TooMany(_("Wait a moment before you write again."), retry_after=round(wait + 1))
        line = wire.encode(event)
        entry = {"k": "chat", "u": who.user_id, "r": role, "d": line}
        self.hub.emit(self.channel, entry, remember=line)

    async def _like(self, message: dict[str, Any]) -> None:
        count = message.get("n", 1)
        if not _is_count(count, 1, LIKES_AT_ONCE):
            raise Invalid(_("`n` must be a number from 1 to 100."), code="bad_message")
        self._must_be_open()
        if self._likes.take():
            raise TooMany(_("Send your likes once a second."), retry_after=1)
        self.channel.likes_here += count

    async def _buy(self, message: dict[str, Any]) -> None:
        global _buying
        who = self._signed_in(_("Sign in to buy."))
        wish = purchase.checked(message)
        if _buying >= purchase.MOST_WAITING or _buy_limits.take(who.user_id):
            self.viewer.push({"t": "busy", "key": wish["key"], "retry_after": 1})
            return
        _buying += 1
        self._start(self._run_purchase(who.user_id, wish))

    async def _run_purchase(self, user_id: int, wish: dict[str, Any]) -> None:
        running = asyncio.ensure_future(
            store.run_in(purchase.THREADS, purchase.buy, user_id, wish, self.viewer.language)
        )
        running.add_done_callback(_purchase_done)
        # Who leaves in between does not stop the purchase, so the key always has an answer.
        self.viewer.push(await asyncio.shield(running))

    async def _ping(self, message: dict[str, Any]) -> None:
        self.viewer.push({"t": "pong", "now": wire.millis(clock.now())})

    _HANDLERS: dict[str, Callable[[Conversation, dict[str, Any]], Any]] = {
        "hello": _hello,
        "chat": _chat,
        "like": _like,
        "buy": _buy,
        "ping": _ping,
    }


def _purchase_done(_: object) -> None:
    global _buying
    _buying -= 1


def _parsed(raw: str | None) -> list[Any]:
    """The objects of a frame. Raises Invalid with the code that says what is wrong with it."""
    if raw is None:
        raise Invalid(_("Send text frames."), code="binary")
    if len(raw) > FRAME_BYTES or len(raw.encode("utf-8", "surrogatepass")) > FRAME_BYTES:
        raise Invalid(_("Send at most 4096 bytes a frame."), code="too_long")
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        raise Invalid(_("Send JSON."), code="bad_json") from None
    if isinstance(value, dict):
        return [value]
    if not isinstance(value, list) or not 1 <= len(value) <= OBJECTS:
        raise Invalid(_("Send an object, or an array of 1 to 20 objects."), code="bad_message")
    return value


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_count(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
