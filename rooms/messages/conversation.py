"""The incoming side of one socket: what it may say, and how the room is made known to it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Iterable
from typing import Any

from django.db import DatabaseError
from django.utils import translation
from django.utils.translation import gettext as _

from core import clock
from core.errors import DomainError, Forbidden, Invalid, TooMany
from rooms import wire
from rooms.actions.talk import CHAT_STATES
from rooms.hub import Hub, RoomChannel, Viewer
from rooms.hub.frames import frame
from rooms.hub.viewer import Identity
from rooms.limits import Bucket
from rooms.messages.topics import HANDLERS

log = logging.getLogger(__name__)

FRAME_BYTES = 4096
OBJECTS = 20
ABUSE = 4009
# Snapshots taken for one reset before the room is given up as too busy, or its database as too old.
RESETS = 3


class Conversation:
    """The incoming side of one socket."""

    def __init__(self, hub: Hub, channel: RoomChannel, viewer: Viewer) -> None:
        self.hub = hub
        self.channel = channel
        self.viewer = viewer
        self._tasks: set[asyncio.Task[None]] = set()
        self._messages = Bucket(40, 20.0)
        self._errors = Bucket(20, 0.2)
        self.hellos = Bucket(4, 0.5)
        self.likes = Bucket(5, 2.0)
        self.asks = Bucket(5, 0.5)

    async def begin(self, since: int | None, heard: int | None = None) -> None:
        """Greet; with `since` (the handshake's `?s=`) also send what was missed.

        `heard` as in `resume`. Raises Invalid(unavailable) without database.
        """
        if since is None:
            self._bring([self._welcome(self.channel.head)], self.channel.head, heard)
        else:
            await self.resume(since, heard)

    def end(self) -> None:
        """Stop answering. A purchase that runs is completed; its answer is found by its key."""
        for task in self._tasks:
            task.cancel()

    async def take(self, raw: str | None) -> None:
        """One frame from the client."""
        if self.viewer.closed:
            # The rest of a flood whose sender is being closed.
            return
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
        handler = HANDLERS.get(kind) if isinstance(kind, str) else None
        try:
            if handler is None:
                raise Invalid(_("Known types: %s.") % ", ".join(HANDLERS), code="unknown_type")
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

    def answer_later(
        self, message: dict[str, Any], work: Awaitable[Any], answer: dict[str, Any]
    ) -> None:
        """Push `answer` when `work` is done, or the refusal it raises; others are heard meanwhile."""
        self.start(self._answer_after(message, work, answer))

    async def _answer_after(
        self, message: dict[str, Any], work: Awaitable[Any], answer: dict[str, Any]
    ) -> None:
        with translation.override(self.viewer.language):
            try:
                await work
            except DomainError as error:
                self._refuse(error, message)
            except DatabaseError:
                log.warning("not done without database", exc_info=True)
                self._refuse(Invalid(_("Try again in a moment."), code="unavailable"), message)
            else:
                self.viewer.push(answer)

    # Knowing the room --------------------------------------------------------------------

    def _welcome(self, seq: int) -> dict[str, Any]:
        who = self.viewer.identity
        you = who and {"id": who.user_id, "name": who.name, "role": self.role_of(who.user_id)}
        return {"t": "welcome", "s": seq, "now": wire.millis(clock.now()), "you": you}

    def role_of(self, user_id: int) -> str:
        return self.channel.talk.gate.house.role(user_id)

    async def resume(self, since: int | None, heard: int | None = None) -> None:
        """`welcome` and what came after `since`, in one frame; or `welcome` and `reset`.

        `heard`: time (ms) of the last chat line that the viewer knows; then what was said since
        comes too. Raises Invalid(unavailable) without database.
        """
        try:
            missed = None
            if since is not None:
                missed = await self.hub.missed_by(self.channel, since)
            if missed is None:
                await self._reset(heard)
                return
        except DatabaseError:
            log.warning("resume without database", exc_info=True)
            raise _unavailable() from None
        last = missed[-1][0] if missed else self.channel.head
        self._bring([self._welcome(last)], last, heard, missed)

    async def _reset(self, heard: int | None = None) -> None:
        for _attempt in range(RESETS):
            whole = await self.hub.snapshot(self.channel)
            later: list[tuple[int, str]] | None = []
            if whole["s"] < self.channel.head:
                # A shared snapshot may be older than what the ring still holds.
                later = await self.hub.missed_by(self.channel, whole["s"])
            if later is None:
                continue
            last = later[-1][0] if later else whole["s"]
            reset = {"t": "reset", "snapshot": whole}
            # Of the chat nothing is known to the viewer but what the snapshot holds.
            known = None if heard is None else whole["now"]
            self._bring([self._welcome(last), reset], last, known, later)
            return
        raise _unavailable()

    def _bring(
        self,
        answer: list[dict[str, Any]],
        last: int,
        heard: int | None,
        missed: Iterable[tuple[int, str]] = (),
    ) -> None:
        """One frame that brings the viewer to the event `last`, which is the newest that we have.

        Between finding `missed` and this nothing may be awaited, or there would be a gap.
        """
        events = [*map(wire.encode, answer), *(encoded for _seq, encoded in missed)]
        if heard is not None:
            # After the removals, which do not concern what was said later.
            events += self.channel.talk.since(heard)
        if self.viewer.lost:
            events += self.channel.counts()
            self.viewer.lost = False
        self.viewer.deliver(frame(*events), last, essential=True)

    def catch_up_soon(self) -> None:
        """After a jam: bring the durable events that were not written."""
        self.start(self._catch_up())

    async def _catch_up(self) -> None:
        try:
            missed = await self.hub.missed_by(self.channel, self.viewer.seq)
            if missed is None:
                await self._reset()
            elif missed:
                self._bring([], missed[-1][0], None, missed)
        except (DatabaseError, Invalid):
            # The viewer sees the gap in the numbers and asks by `hello`.
            log.warning("catch-up without database", exc_info=True)
        self.viewer.missed = False

    def start(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # What topics ask ---------------------------------------------------------------------

    def signed_in(self, otherwise: str) -> Identity:
        """Who speaks. Raises Forbidden(sign_in) with the sentence `otherwise` for a guest."""
        if self.viewer.identity is None:
            raise Forbidden(otherwise, code="sign_in")
        return self.viewer.identity

    def must_be_open(self) -> None:
        """Raises Invalid(chat_closed) before and after the show."""
        if self.channel.state not in CHAT_STATES:
            raise Invalid(_("The chat of this room is closed."), code="chat_closed")


def _unavailable() -> Invalid:
    return Invalid(_("Try again in a moment."), code="unavailable")


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
