"""Best-effort news that is told once a second however often it comes: votes of a poll, sales."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rooms import wire


class Sums:
    """What one room's stream said since the last second."""

    __slots__ = ("_bought", "_poll", "_shown", "_votes")

    def __init__(self) -> None:
        self._poll = 0
        self._votes: list[int] = []
        self._shown: list[int] = []
        self._bought = 0

    def take(self, kind: str, fields: Mapping[str, str]) -> None:
        """One entry of the stream; others than `poll` and `bought` are none of ours."""
        if kind == "bought":
            self._bought += int(fields["n"])
        elif kind == "poll":
            poll, votes = int(fields["p"]), json.loads(fields["v"])
            if poll > self._poll:
                self._poll, self._votes, self._shown = poll, [], []
            # Processes count at different moments; a sum never goes back.
            if poll == self._poll and sum(votes) > sum(self._votes):
                self._votes = votes

    def due(self) -> list[str]:
        """Events to send now, encoded."""
        events: list[dict[str, Any]] = []
        if self._votes != self._shown:
            events.append({"t": "poll.votes", "poll": self._poll, "votes": self._votes})
            self._shown = self._votes
        if self._bought:
            events.append({"t": "bought", "n": self._bought})
            self._bought = 0
        return [wire.encode(event) for event in events]
