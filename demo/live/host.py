"""The demo anchor: shows one product after the other and talks with the people in the chat."""

from __future__ import annotations

import random
import time

from core.errors import DomainError
from core.money import format_money
from demo.live.board import GOOD_OF, Board
from demo.stock.people import ANSWERS, INTROS, TOPICS
from rooms import actions as rooms
from rooms.models import Room, RoomItem

PIN_SECONDS = 40.0
# A person who pins something in the studio is left alone for this long.
COURTESY_SECONDS = 180.0
ANSWER_SECONDS = 4.0


class Host:
    def __init__(self, board: Board) -> None:
        self._board = board
        self._random = random.Random()
        self._next_pin = 0.0
        self._next_answer = 0.0
        self._pinned_here: int | None = None
        self._courtesy_for: int | None = None

    def act(self, room_id: int | None) -> None:
        """Pin what is next when it is time, answer who asked."""
        room = (
            Room.objects.on_air().select_related("anchor", "pinned").filter(pk=room_id or 0).first()
        )
        if room is None:
            return
        now = time.monotonic()
        self._make_way(room, now)
        if now >= self._next_pin:
            self._show_next(room, now)
        elif self._board.heard and now >= self._next_answer:
            self._answer(room, now)

    def _make_way(self, room: Room, now: float) -> None:
        """Somebody else has the studio open: their pin stays."""
        present = room.pinned.placement_id if room.pinned else None
        stranger = present is not None and self._pinned_here is not None
        if stranger and present not in {self._pinned_here, self._courtesy_for}:
            self._courtesy_for = present
            self._next_pin = now + COURTESY_SECONDS

    def _show_next(self, room: Room, now: float) -> None:
        self._next_pin = now + PIN_SECONDS * self._random.uniform(0.85, 1.2)
        items = [
            item
            for item in RoomItem.objects.shown().filter(room=room)
            if any(variant["left"] > 0 for variant in item.card["variants"])
        ]
        if not items:
            return
        present = room.pinned.number if room.pinned else 0
        item = next((item for item in items if item.number > present), items[0])
        self._pinned_here = item.placement_id
        self._courtesy_for = None
        if room.pinned_id != item.pk:
            rooms.pin(room=room, placement_id=item.placement_id, actor=room.anchor)
        good = GOOD_OF.get(item.card["title"])
        line = self._random.choice(INTROS).format(
            title=item.card["title"], number=item.number, pitch=good.pitch if good else ""
        )
        self._say(room, line)
        self._next_answer = now + ANSWER_SECONDS

    def _answer(self, room: Room, now: float) -> None:
        question = self._board.heard.popleft()
        self._next_answer = now + ANSWER_SECONDS * self._random.uniform(1, 2)
        item, good = self._board.item, self._board.good
        if item is None or good is None:
            return
        line = self._random.choice(_answers(question["text"])).format(
            pitch=good.pitch,
            hours=good.dispatch_hours,
            price=format_money(item["price"]["minor"], item["price"]["currency"]),
            pitch_zh=good.pitch_zh,
            left=sum(variant["left"] for variant in item["variants"]),
        )
        self._say(room, f"@{question['user']['name']} {line}")

    def _say(self, room: Room, text: str) -> None:
        try:
            rooms.post_chat(room=room, user=room.anchor, text=text.strip())
        except DomainError:
            # Spoken too fast for the chat's limits: nobody misses a line.
            return


def _answers(question: str) -> list[str]:
    """What fits the question, in its own language."""
    words = question.lower()
    topic = next((name for name, hints in TOPICS.items() if any(h in words for h in hints)), "")
    chinese = any("\u4e00" <= letter <= "\u9fff" for letter in words)
    fitting = [
        line
        for line in ANSWERS[topic]
        if chinese == ("_zh" in line or any("\u4e00" <= c <= "\u9fff" for c in line))
    ]
    return fitting or ANSWERS[topic]
