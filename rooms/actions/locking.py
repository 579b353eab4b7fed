"""The row lock of a room: taken first by every action, so a room's events are in commit order."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext as _

from core import clock
from core.errors import Conflict, NotFound
from core.models import Deadline
from core.states import StateMachine
from rooms.models import Room

BUSY_PAUSE = timedelta(seconds=2)


def locked(room_id: int) -> Room:
    """The room as it is now, locked until the transaction ends. Raises NotFound.

    Several rooms are locked in ascending id; placements and stock come after rooms.
    """
    # First the lock, then a statement of its own: after a wait, one statement would join the new
    # room with what its snapshot saw of the old pin.
    Room.objects.select_for_update(no_key=True).filter(pk=room_id).values("pk").first()
    room = Room.objects.select_related("anchor", "stream", "pinned").filter(pk=room_id).first()
    if room is None:
        raise NotFound(_("There is no such room."))
    return room


def try_locked(room_id: int) -> Room | None:
    """As `locked`, but None instead of waiting: for deadlines, which hold a row that others delete
    under the room's lock."""
    rows = Room.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=room_id)
    return locked(room_id) if rows.values("pk").first() else None


def put_off(machine: StateMachine, object_id: int) -> None:
    """Fire the deadline again in a moment, because what it needs is locked now."""
    rows = Deadline.objects.filter(machine=machine.name, object_id=object_id)
    rows.update(due_at=clock.now() + BUSY_PAUSE)


def must_be_open(room: Room) -> None:
    if not room.open:
        raise Conflict(_("This show is over. Start a new one."), code="room_over")
