"""One short show on the first day, so that there is a recording with chapters to look at."""

from __future__ import annotations

import time
from threading import Event, Thread

from core import clock
from core.actors import acting
from demo.live.stage import broadcast
from demo.models import SeedStage
from demo.seed.rooms import cover_of, open_room
from demo.stock.people import SHORT_SHOW
from rooms import actions as rooms
from rooms.models import Room, RoomItem

STAGE = "recording"
# The demo room comes first: encoding a second picture would delay it.
PATIENCE_SECONDS = 25.0
PIN_SECONDS = 14.0
CLOSE_SECONDS = 1.5


class Recording:
    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._stop = Event()
        self._sender: Thread | None = None
        self._next = time.monotonic() + PATIENCE_SECONDS
        self._done = False

    def tend(self) -> None:
        """Open, show one product after the other, end. Call it every few seconds."""
        if self._done or time.monotonic() < self._next:
            return
        if SeedStage.objects.filter(name=STAGE, done_at__isnull=False).exists():
            self._done = True
            return
        room = open_room(SHORT_SHOW, cover_of(SHORT_SHOW.anchor))
        if room.open and self._sender is None:
            self._begin(room)
        elif room.open and room.video_state == Room.Video.LIVE and self._pin_next(room):
            self._next = time.monotonic() + PIN_SECONDS
        elif not room.open or room.video_state == Room.Video.LIVE:
            self._finish(room)

    def close(self) -> None:
        """Hang up; the next start goes on with the same room."""
        self._stop.set()
        if self._sender is not None:
            self._sender.join(CLOSE_SECONDS)

    def _begin(self, room: Room) -> None:
        room = rooms.start_show(room=room, actor=room.anchor)
        self._sender = Thread(
            target=broadcast, args=(room, self._base_url, self._stop), daemon=True
        )
        self._sender.start()

    def _pin_next(self, room: Room) -> bool:
        present = room.pinned.number if room.pinned else 0
        item = RoomItem.objects.shown().filter(room=room, number__gt=present).first()
        if item is not None:
            rooms.pin(room=room, placement_id=item.placement_id, actor=room.anchor)
        return item is not None

    def _finish(self, room: Room) -> None:
        self.close()
        if room.open:
            rooms.end_room(room=room, actor=acting(room.anchor, "anchor"))
        SeedStage.objects.update_or_create(name=STAGE, defaults={"done_at": clock.now()})
        self._done = True
