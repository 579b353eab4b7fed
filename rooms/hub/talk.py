"""What a channel knows of its conversation: recent lines, who is who, and the gate of its house."""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Mapping
from itertools import islice
from typing import Any

from rooms import wire
from rooms.actions.talk import quoted
from rooms.moderation import house
from rooms.moderation.gate import Gate

LINES_KEPT = 300
NAMES_KEPT = 3_000
OVERLAP_MS = 1_000
# No text can hold it: in JSON its quotes would be escaped.
_AT = re.compile(r',"at":(\d+)')


class Talk:
    """Lives on the hub's event loop; `heard` and `removed` are called for every entry that passes."""

    def __init__(self, room_id: int, anchor_id: int) -> None:
        self.room_id = room_id
        self.anchor_id = anchor_id
        # Line id → the encoded event, oldest first; decoded only when somebody answers it.
        self._lines: OrderedDict[str, str] = OrderedDict()
        self._names: OrderedDict[str, int] = OrderedDict()
        # What was said here since the fan book was last written: user id → lines.
        self.said: dict[int, int] = {}
        # Taps by signed-in viewers since then: user id → taps.
        self.liked: dict[int, int] = {}

    @property
    def gate(self) -> Gate:
        return house.gate(self.anchor_id)

    def met(self, user_id: int, *names: str) -> None:
        """Somebody is here under these names, so they can be mentioned."""
        for name in names:
            folded = name.casefold()
            self._names.pop(folded, None)
            self._names[folded] = user_id
        while len(self._names) > NAMES_KEPT:
            self._names.popitem(last=False)

    @property
    def people(self) -> Mapping[str, int]:
        return self._names

    def heard(self, fields: Mapping[str, str], now: float) -> None:
        """A chat entry of the room's stream, from whichever process."""
        line = fields.get("i")
        if line is None:
            return
        self._keep(line, fields["d"])
        self.gate.heard(int(fields["u"]), now)

    def _keep(self, line: str, encoded: str) -> None:
        self._lines[line] = encoded
        if len(self._lines) > LINES_KEPT:
            self._lines.popitem(last=False)

    def recall(self, encoded: list[str]) -> None:
        """The history as Redis has it, newest first: what was said before we came."""
        for text in reversed(encoded):
            event = json.loads(text)
            self._keep(event["id"], text)
            self.met(event["user"]["id"], event["user"]["name"])

    def since(self, at: int) -> list[str]:
        """Lines said since `at` (ms) of the newest that a snapshot would hold, oldest first.

        A moment before `at` too: what was said last may have come out of order, or from a server
        whose clock is behind.
        """
        newest = islice(reversed(self._lines.values()), wire.CHAT_HISTORY)
        found = [line for line in newest if _said_at(line) >= at - OVERLAP_MS]
        return found[::-1]

    def quote(self, line: str) -> dict[str, str] | None:
        """What an answer to that line shows of it; None for one that is gone."""
        encoded = self._lines.get(line)
        return quoted(json.loads(encoded)) if encoded else None

    def removed(self, event: Mapping[str, Any]) -> None:
        """A `chat.removed` event: those lines can no longer be answered."""
        for line in event.get("ids", ()):
            self._lines.pop(line, None)
        if (user_id := event.get("user")) is not None:
            prefix = f"{user_id}."
            for line in [line for line in self._lines if line.startswith(prefix)]:
                del self._lines[line]


def _said_at(encoded: str) -> int:
    found = _AT.search(encoded)
    return int(found[1]) if found else 0
