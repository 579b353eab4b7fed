"""The picture of a room in lists, on its page before the show, and where it is shared."""

from __future__ import annotations

from django.core.files import File
from django.db import transaction

from catalog import pictures
from rooms.actions.locking import locked
from rooms.models import Room


def set_cover(*, room: Room, picture: File | bytes) -> Room:
    """Give the room this cover instead of its former one, whatever its state.

    Encoded before the room is locked. Raises Invalid as `catalog.pictures.store`, and keeps the
    former cover then.
    """
    return _replace(room, pictures.store(picture).key)


def remove_cover(*, room: Room) -> Room:
    """Show what the room sells instead of a cover."""
    return _replace(room, "")


@transaction.atomic
def _replace(room: Room, key: str) -> Room:
    room = locked(room.pk)
    former, room.cover_key = room.cover_key, key
    room.save(update_fields=["cover_key"])
    # Several rooms of an anchor may show one picture.
    if former and not Room.objects.filter(cover_key=former).exists():
        transaction.on_commit(lambda: pictures.discard(former))
    return room
