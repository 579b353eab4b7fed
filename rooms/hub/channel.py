"""One room with viewers in this process: its ring, its tick, its sums."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rooms import presence, wire
from rooms.hub import metrics
from rooms.hub.crowd import Crowd
from rooms.hub.frames import Frame, frame, shared
from rooms.hub.sampling import Sampling
from rooms.hub.sums import Sums
from rooms.hub.talk import Talk
from rooms.hub.viewer import Identity, Viewer, deliver_to_all

# Durable events kept for those who come back: what is older is read from PostgreSQL.
RING = 512
RING_CHARACTERS = 2_000_000
# Viewers written to before other work of the loop gets a turn.
SLICE = 1000
NAMES_SHOWN = 3
# Somebody who was here this long ago comes back, and is not announced.
WELCOME_SECONDS = 600.0
WELCOMES_KEPT = 5_000


class RoomChannel:
    """Everything happens on the hub's event loop; nothing here waits."""

    def __init__(
        self,
        room_id: int,
        *,
        head: int,
        state: str,
        anchor_id: int,
        last_id: str,
        likes: int,
        crowd: Crowd | None = None,
    ) -> None:
        self.id = room_id
        # Shared by all rooms of the process.
        self.crowd = crowd or Crowd()
        self.state = state
        self.anchor_id = anchor_id
        self.head = head
        self.last_id = last_id
        self.ring: deque[tuple[int, str]] = deque()
        self._ring_characters = 0
        self.viewers: dict[Viewer, None] = {}
        self.people = presence.People()
        self.headcount = presence.Headcount()
        self._by_user: dict[int, dict[Viewer, None]] = {}
        self._welcomed: dict[int, float] = {}
        self.empty_since: float | None = None
        # Sums of this process that the hub has not passed on yet.
        self.likes_here = 0
        self.likes_unsaved = 0
        self.joins_here = 0
        self.names_here: list[str] = []
        self.peak = 0
        self.peak_saved = 0
        self.likes_total = likes
        self.watching = 0
        self.sums = Sums()
        self.talk = Talk(room_id, anchor_id)
        self.sampling = Sampling()
        self.on_gap: Callable[[RoomChannel], None] = lambda channel: None
        self.on_removed: Callable[[RoomChannel, dict[str, Any]], None] = lambda channel, event: None
        self._durable: list[str] = []
        self._soft: list[str] = []
        self._own: dict[Viewer, list[str]] = {}
        self._likes_new = 0
        self._joins_new = 0
        self._names_new: list[str] = []
        self._watching_shown = -1
        self._likes_shown = 0
        self._timer: asyncio.TimerHandle | None = None
        self._fanning: asyncio.Task[None] | None = None
        self._flushed_at = 0.0
        self._dirty = False

    # Viewers -----------------------------------------------------------------------------

    @property
    def count(self) -> int:
        """People here: an account with two tabs is one of them."""
        return len(self.people)

    def add(self, viewer: Viewer) -> None:
        self.viewers[viewer] = None
        self.crowd.count(direct=viewer.direct, change=1)
        self.people.add(viewer.person)
        self.empty_since = None
        viewer.seq = self.head
        if viewer.identity:
            self._by_user.setdefault(viewer.identity.user_id, {})[viewer] = None
            self.talk.met(viewer.identity.user_id, viewer.identity.name, viewer.identity.username)

    def remove(self, viewer: Viewer, now: float) -> None:
        del self.viewers[viewer]
        self.crowd.count(direct=viewer.direct, change=-1)
        self.people.remove(viewer.person)
        self._own.pop(viewer, None)
        if viewer.identity:
            same = self._by_user.get(viewer.identity.user_id, {})
            same.pop(viewer, None)
            if not same:
                self._by_user.pop(viewer.identity.user_id, None)
        if not self.viewers:
            self.empty_since = now

    @property
    def signed_in(self) -> Iterable[int]:
        """Accounts that are here."""
        return self._by_user.keys()

    def viewers_of(self, user_id: int) -> list[Viewer]:
        """That account's sockets here."""
        return list(self._by_user.get(user_id, {}))

    def welcome(self, who: Identity, now: float) -> None:
        """Announce somebody who comes in, as part of a sum; not again when they reconnect."""
        last = self._welcomed.pop(who.user_id, None)
        self._welcomed[who.user_id] = now
        if len(self._welcomed) > WELCOMES_KEPT:
            self._welcomed.pop(next(iter(self._welcomed)))
        if last is not None and now - last < WELCOME_SECONDS:
            return
        self.joins_here += 1
        if len(self.names_here) < NAMES_SHOWN:
            self.names_here.append(who.name)

    def missed_by(self, seq: int) -> list[tuple[int, str]] | None:
        """Events after `seq` from the ring; None when the ring does not reach back that far."""
        if seq >= self.head:
            return []
        if not self.ring or self.ring[0][0] > seq + 1:
            return None
        return [entry for entry in self.ring if entry[0] > seq]

    def counts(self) -> list[str]:
        """What was last shown of likes and viewers, for somebody who may have missed it."""
        return [
            wire.encode({"t": "likes", "n": 0, "total": self._likes_shown or self.likes_total}),
            wire.encode({"t": "viewers", "n": self.watching}),
        ]

    # Coming in ---------------------------------------------------------------------------

    def take(self, entry_id: str, fields: Mapping[str, str]) -> None:
        """One entry of the room's stream."""
        if "s" in fields:
            self.take_durable(int(fields["s"]), fields["d"])
            return
        kind = fields.get("k", "")
        if kind == "chat":
            self._take_chat(entry_id, fields)
        elif kind == "to":
            for viewer in self._by_user.get(int(fields["u"]), {}):
                viewer.deliver(frame(fields["d"]), essential=True)
        elif kind == "crew":
            for user_id in (self.anchor_id, *self.talk.gate.house.roles):
                for viewer in self._by_user.get(user_id, {}):
                    viewer.deliver(frame(fields["d"]), essential=True)
        elif kind == "likes":
            self._likes_new += int(fields["n"])
            self.likes_total = max(self.likes_total, int(fields["total"]))
            self._schedule()
        elif kind == "joins":
            self._joins_new += int(fields["n"])
            self._names_new = (self._names_new + json.loads(fields["names"]))[:NAMES_SHOWN]
            self._schedule()
        else:
            self.sums.take(kind, fields)

    def take_durable(self, seq: int, encoded: str) -> bool:
        """Accept the next event; False when it shows that events before it are missing."""
        if seq <= self.head:
            return True
        if seq > self.head + 1:
            self.on_gap(self)
            return False
        metrics.EVENTS.labels("durable").inc()
        self.head = seq
        self._remember(seq, encoded)
        if encoded.startswith('{"t":"room.state"'):
            self.state = json.loads(encoded)["state"]
        elif encoded.startswith('{"t":"chat.removed"'):
            event = json.loads(encoded)
            self.talk.removed(event)
            self.on_removed(self, event)
        self._durable.append(encoded)
        self._schedule()
        return True

    def _remember(self, seq: int, encoded: str) -> None:
        self.ring.append((seq, encoded))
        self._ring_characters += len(encoded)
        while len(self.ring) > RING or self._ring_characters > RING_CHARACTERS:
            self._ring_characters -= len(self.ring.popleft()[1])

    def _take_chat(self, entry_id: str, fields: Mapping[str, str]) -> None:
        metrics.EVENTS.labels("chat").inc()
        at = int(entry_id.partition("-")[0]) / 1000
        self.talk.heard(fields, at)
        if self.sampling.shows(at, crew=fields.get("r") != "viewer"):
            self._soft.append(fields["d"])
            self._schedule()
        else:
            self.show_own(int(fields["u"]), fields["d"])

    def show_own(self, user_id: int, encoded: str) -> None:
        """A line that only its author sees."""
        metrics.SAMPLED.inc()
        for viewer in self._by_user.get(user_id, {}):
            self._own.setdefault(viewer, []).append(encoded)
        self._schedule()

    def second_passed(self, watching: int) -> None:
        """Once a second: how many watch, how much of the chat was shown, what else was summed."""
        if watching != self.watching:
            self.watching = watching
            self.peak = max(self.peak, watching)
            self._schedule()
        shown, of = self.sampling.second_passed()
        if of > shown:
            self._soft.append(wire.encode({"t": "sampled", "shown": shown, "of": of}))
            self._schedule()
        if due := self.sums.due():
            self._soft += due
            self._schedule()

    # Going out ---------------------------------------------------------------------------

    def _schedule(self) -> None:
        """Write soon when the room was quiet, else at the end of the tick."""
        if not self.viewers:
            self._durable, self._soft, self._own = [], [], {}
            return
        self._dirty = True
        if self._timer is not None or self._fanning is not None:
            return
        loop = asyncio.get_running_loop()
        due = max(0.0, self._flushed_at + self.crowd.tick - loop.time())
        # Even the leading edge waits for the end of this turn, to take what came with it along.
        self._timer = loop.call_later(due, self.flush)

    def flush(self) -> None:
        """One frame with everything of the tick to each viewer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._dirty = False
        self._flushed_at = asyncio.get_running_loop().time()
        parts = [*self._durable, *self._soft, *self._sums()]
        own, self._own = self._own, {}
        self._durable = []
        self._soft = []
        viewers = list(self.viewers)
        if not parts and not own:
            return
        whole = shared(*parts)
        if len(viewers) <= SLICE:
            self._write(viewers, whole, parts, own, self.head)
        else:
            self._fanning = asyncio.ensure_future(
                self._write_sliced(viewers, whole, parts, own, self.head)
            )

    def _sums(self) -> list[str]:
        sums: list[dict[str, Any]] = []
        if self._likes_new or self.likes_total != self._likes_shown:
            sums.append({"t": "likes", "n": self._likes_new, "total": self.likes_total})
            self._likes_new, self._likes_shown = 0, self.likes_total
        if self.watching != self._watching_shown:
            sums.append({"t": "viewers", "n": self.watching})
            self._watching_shown = self.watching
        if self._joins_new:
            sums.append({"t": "joins", "n": self._joins_new, "names": self._names_new})
            self._joins_new, self._names_new = 0, []
        return [wire.encode(event) for event in sums]

    def _write(
        self,
        viewers: list[Viewer],
        whole: Frame,
        parts: list[str],
        own: dict[Viewer, list[str]],
        head: int,
    ) -> None:
        metrics.FRAMES.inc(len(viewers))
        if not own:
            deliver_to_all(viewers, whole, head)
            return
        for viewer in viewers:
            if viewer in own:
                viewer.deliver(frame(*parts, *own[viewer]), head)
            elif parts:
                viewer.deliver(whole, head)

    async def _write_sliced(
        self,
        viewers: list[Viewer],
        whole: Frame,
        parts: list[str],
        own: dict[Viewer, list[str]],
        head: int,
    ) -> None:
        try:
            for start in range(0, len(viewers), SLICE):
                self._write(viewers[start : start + SLICE], whole, parts, own, head)
                await asyncio.sleep(0)
        finally:
            self._fanning = None
        if self._dirty:
            self._schedule()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._fanning is not None:
            self._fanning.cancel()
