"""The show itself: a live room with a picture, opened anew when it has ended."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from threading import Event, Thread
from zlib import crc32

from django.conf import settings

from catalog import pictures
from demo.seed.rooms import live_room
from rooms import actions as rooms
from rooms.models import Room, RoomItem
from streaming import actions as streaming
from streaming.broadcast import loop
from streaming.broadcast.sender import Sender
from streaming.models import Stream

log = logging.getLogger(__name__)

PICTURES = 6
PICTURE_WIDTH = 640
# A person who took the stream over with a camera keeps it until it has been silent for this long.
PATIENCE_SECONDS = 45.0
CLOSE_SECONDS = 1.5


class Stage:
    def __init__(self, base_url: str) -> None:
        self.room_id: int | None = None
        self._base_url = base_url
        self._stop = Event()
        self._sender: Thread | None = None
        self._stream_id: int | None = None
        self._taken_over = False
        self._silent_since = 0.0

    def tend(self) -> None:
        """See that the room is live and that somebody sends a picture. Call it every few seconds."""
        room = Room.objects.filter(pk=self.room_id or 0).select_related("stream", "anchor").first()
        if room is None or not room.on_air:
            room = live_room()
            room = rooms.start_show(room=room, actor=room.anchor)
            self.room_id = room.pk
        if self._sender is not None and self._sender.is_alive():
            return
        assert room.stream is not None
        if self._stream_id == room.stream.pk and self._taken_over and not self._silent(room.stream):
            return
        self._taken_over, self._silent_since = False, 0.0
        self._stream_id = room.stream.pk
        self._sender = Thread(target=self._broadcast, args=(room,), name="broadcast", daemon=True)
        self._sender.start()

    def close(self) -> None:
        """Hang up; the room waits for its next picture."""
        self._stop.set()
        if self._sender is not None:
            self._sender.join(CLOSE_SECONDS)

    def _silent(self, stream: Stream) -> bool:
        if streaming.status(stream) == "live":
            self._silent_since = 0.0
            return False
        self._silent_since = self._silent_since or time.monotonic()
        return time.monotonic() - self._silent_since > PATIENCE_SECONDS

    def _broadcast(self, room: Room) -> None:
        reason = broadcast(room, self._base_url, self._stop)
        self._taken_over = reason == "superseded"


def broadcast(room: Room, base_url: str, stop: Event) -> str:
    """Send the drawn loop with the room's own goods until `stop`; says why it ended."""
    assert room.stream is not None
    drawn = loop.load(pictures=_pictures(room), seed=crc32(room.anchor.username.encode()))
    sender = Sender(stream=room.stream, user=room.anchor, loop=drawn, base_url=base_url, stop=stop)
    reason = sender.run()
    log.info("broadcast ended", extra={"why": reason, "room": room.slug})
    return reason


def _pictures(room: Room) -> list[Path]:
    """Files of the first goods on the shelf."""
    found = []
    for item in (
        RoomItem.objects.shown().filter(room=room).select_related("placement__listing__product")
    ):
        picture = item.placement.listing.product.pictures.first()
        if picture is not None:
            name = pictures.url(picture.key, PICTURE_WIDTH).removeprefix(settings.MEDIA_URL)
            path = Path(settings.MEDIA_ROOT) / name
            if path.is_file():
                found.append(path)
    return found[:PICTURES]
