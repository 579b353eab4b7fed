"""Taking part in what the anchor's tools offer: voting, and asking for an item to be explained."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import redis as redis_errors
from django.db import DatabaseError
from django.utils import translation
from django.utils.translation import gettext as _

from core.errors import Invalid, TooMany
from rooms import asks, votes, wire
from rooms.hub import Hub, RoomChannel, store
from rooms.messages.checks import is_count
from rooms.votes import Vote

if TYPE_CHECKING:
    from rooms.messages.conversation import Conversation

# Votes of this long are written together; results are counted this often.
GATHER_SECONDS = 0.1
COUNT_SECONDS = 1.0
MOST_AT_ONCE = 2_000
MOST_WAITING = 20_000

_redis_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="room-asks")


class Ballots:
    """The votes that came to one process and are not written yet."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._waiting: list[tuple[Vote, Conversation]] = []
        self._writing: asyncio.Task[None] | None = None
        self._counting: dict[int, asyncio.Task[None]] = {}

    def add(self, vote: Vote, talk: Conversation) -> None:
        """Raises TooMany when votes come faster than they can be written."""
        if len(self._waiting) >= MOST_WAITING:
            raise TooMany(_("Many are voting at this moment. Try again."), retry_after=1)
        self._waiting.append((vote, talk))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all(), name="room-votes")

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(GATHER_SECONDS)
                batch = self._waiting[:MOST_AT_ONCE]
                del self._waiting[:MOST_AT_ONCE]
                await self._write(batch)
        finally:
            self._writing = None

    async def _write(self, batch: list[tuple[Vote, Conversation]]) -> None:
        try:
            outcomes = await store.ask(votes.cast, [vote for vote, _talk in batch])
        except DatabaseError:
            outcomes = {}
        answered: set[tuple[int, int]] = set()
        for vote, talk in batch:
            key = (vote.poll, vote.user)
            outcome: str = outcomes.get(key, "away")
            if outcome == "counted" and key in answered:
                outcome = "voted"
            answered.add(key)
            _tell(talk, vote, outcome)
            if outcome == "counted":
                self._count_soon(talk.channel, vote.poll)

    def _count_soon(self, channel: RoomChannel, poll_id: int) -> None:
        if poll_id in self._counting:
            return
        task = asyncio.create_task(self._count(channel, poll_id), name="room-poll-count")
        self._counting[poll_id] = task
        task.add_done_callback(lambda _: self._counting.pop(poll_id, None))

    async def _count(self, channel: RoomChannel, poll_id: int) -> None:
        await asyncio.sleep(COUNT_SECONDS)
        try:
            counts = await store.ask(votes.tally, poll_id)
        except DatabaseError:
            # The next vote counts them all.
            return
        self._hub.emit(channel, {"k": "poll", "p": poll_id, "v": wire.encode(counts)})


_ballots: WeakKeyDictionary[Hub, Ballots] = WeakKeyDictionary()


def _tell(talk: Conversation, vote: Vote, outcome: str) -> None:
    if outcome == "counted":
        talk.viewer.push({"t": "voted", "poll": vote.poll, "option": vote.option})
        return
    with translation.override(talk.viewer.language):
        code, detail = {
            "voted": ("already_voted", _("You have voted already.")),
            "closed": ("poll_closed", _("This poll is over.")),
            "away": ("unavailable", _("Try again in a moment.")),
        }[outcome]
    talk.viewer.push({"t": "error", "code": code, "detail": detail, "poll": vote.poll})


async def vote(talk: Conversation, message: dict[str, Any]) -> None:
    who = talk.signed_in(_("Sign in to vote."))
    poll, option = message.get("poll"), message.get("option")
    if not is_count(poll, 1, 2**62) or not is_count(option, 0, 5):
        raise Invalid(_("Send `poll` and `option` as numbers."), code="bad_message")
    ballots = _ballots.setdefault(talk.hub, Ballots(talk.hub))
    ballots.add(Vote(poll, talk.channel.id, who.user_id, option), talk)  # type: ignore[arg-type]


async def ask(talk: Conversation, message: dict[str, Any]) -> None:
    placement = message.get("placement")
    if not is_count(placement, 1, 2**62):
        raise Invalid(_("`placement` must be a number."), code="bad_message")
    talk.must_be_open()
    if talk.asks.take():
        raise TooMany(_("You send too much. Slow down."), retry_after=2)
    talk.start(_ask(talk, placement))  # type: ignore[arg-type]


async def _ask(talk: Conversation, placement: int) -> None:
    """Answers `asked` whether it was counted or said before: both mean that the anchor knows."""
    running = asyncio.get_running_loop()
    try:
        known = await store.ask(asks.is_shown, talk.channel.id, placement)
        if known:
            person = talk.viewer.person
            await running.run_in_executor(
                _redis_threads, asks.ask, talk.channel.id, placement, person
            )
    except (redis_errors.RedisError, DatabaseError):
        known = False
    if known:
        talk.viewer.push({"t": "asked", "placement": placement})
        return
    with translation.override(talk.viewer.language):
        detail = _("This item is not in the room.")
    talk.viewer.push({"t": "error", "code": "not_found", "detail": detail})


HANDLERS = {"vote": vote, "ask": ask}
