"""What everybody in the demo room knows: the shelf, the pin, and what strangers said."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from demo.stock.goods import BY_CODE, Good
from demo.stock.people import BUYERS, QUESTIONS

GOOD_OF = {good.title: good for good in BY_CODE.values()}
BOTS = frozenset(name for _username, name, _city in BUYERS)


@dataclass
class Board:
    items: dict[int, dict[str, Any]] = field(default_factory=dict)
    pinned: int | None = None
    # Questions of the bots and whatever people say, for the host to answer.
    heard: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=8))

    def reset(self, snapshot: dict[str, Any]) -> None:
        self.items = {item["placement"]: item for item in snapshot["items"]}
        self.pinned = snapshot["pinned"]

    def see(self, event: dict[str, Any]) -> None:
        """Fold what matters here of one event."""
        kind = event["t"]
        if kind == "pin":
            self.pinned = event["placement"]
        elif kind == "item.listed":
            self.items[event["item"]["placement"]] = event["item"]
        elif kind == "item.pulled":
            self.items.pop(event["placement"], None)
        elif kind == "stock":
            for variant in self.items.get(event["placement"], {}).get("variants", []):
                if variant["id"] == event["variant"]:
                    variant["left"] = event["left"]
        elif kind == "chat" and event["user"]["role"] == "viewer":
            self._listen(event)

    def _listen(self, event: dict[str, Any]) -> None:
        if event["user"]["name"] not in BOTS or event["text"] in QUESTIONS:
            self.heard.append(event)

    @property
    def item(self) -> dict[str, Any] | None:
        return self.items.get(self.pinned) if self.pinned is not None else None

    @property
    def good(self) -> Good | None:
        return GOOD_OF.get(self.item["title"]) if self.item else None

    @property
    def thing(self) -> str:
        """The pinned product as people call it: “Dune stoneware mug”."""
        return self.item["title"].split(",")[0] if self.item else ""
