"""What a room and an item in a room may become (design, section 4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from core import clock
from core.states import Move, StateMachine

# An anchor who lost the network has this long to come back before the show is over.
GRACE = timedelta(minutes=10)


def _rest_of_suspension(room: Any) -> timedelta | None:
    until = room.decisions.standing().filter(kind="suspend").values_list("until", flat=True).first()
    return None if until is None else until - clock.now()


ROOM = StateMachine(
    "rooms.room",
    model="rooms.Room",
    moves=[
        Move("DRAFT", "SCHEDULED", by={"anchor"}),
        Move("SCHEDULED", "DRAFT", by={"anchor"}),
        Move("DRAFT", "LIVE", by={"anchor"}),
        Move("SCHEDULED", "LIVE", by={"anchor"}),
        Move("LIVE", "INTERRUPTED", by={"system"}),
        Move("INTERRUPTED", "LIVE", by={"system", "anchor"}),
        Move("INTERRUPTED", "ENDED", by={"system", "anchor", "admin"}, after=GRACE),
        Move("LIVE", "ENDED", by={"anchor", "admin", "system"}),
        Move("DRAFT", "ARCHIVED", by={"anchor"}),
        Move("SCHEDULED", "ARCHIVED", by={"anchor"}),
        Move("ENDED", "REPLAY", by={"system"}),
        Move("ENDED", "ARCHIVED", by={"anchor", "admin", "system"}),
        Move("REPLAY", "ARCHIVED", by={"anchor", "admin", "system"}),
        # The platform steps in; `system` is a suspension whose time is over, or an appeal that
        # nobody answered in time.
        *(
            Move(state, target, by={"admin"})
            for state in ("LIVE", "INTERRUPTED")
            for target in ("SUSPENDED", "TERMINATED")
        ),
        Move("SUSPENDED", "LIVE", by={"admin", "system"}, after=_rest_of_suspension),
        Move("SUSPENDED", "TERMINATED", by={"admin"}),
    ],
)

# An axis of its own, because a warning and a limit hold while the picture comes and goes.
STANDING = StateMachine(
    "rooms.standing",
    model="rooms.Room",
    column="standing",
    moves=[
        Move("GOOD", "WARNED", by={"admin"}),
        Move("GOOD", "LIMITED", by={"admin"}),
        Move("WARNED", "LIMITED", by={"admin"}),
        Move("LIMITED", "WARNED", by={"admin", "system"}),
        Move("LIMITED", "GOOD", by={"admin", "system"}),
        Move("WARNED", "GOOD", by={"admin", "system"}),
    ],
)


def _rest_of_pin(item: Any) -> timedelta | None:
    """A pin with a countdown is taken off by itself, also when the item sold out meanwhile."""
    return None if item.pinned_until is None else item.pinned_until - clock.now()


ROOM_ITEM = StateMachine(
    "rooms.item",
    model="rooms.RoomItem",
    moves=[
        Move("LISTED", "PINNED", by={"anchor"}),
        Move("PINNED", "EXPLAINED", by={"anchor", "system"}, after=_rest_of_pin),
        Move("EXPLAINED", "PINNED", by={"anchor"}),
        *(Move(state, "SOLD_OUT", by={"system"}) for state in ("LISTED", "PINNED", "EXPLAINED")),
        # Stock that comes back (an unpaid order lapsed, a supplier restocked) puts it on sale again.
        *(Move("SOLD_OUT", state, by={"system"}) for state in ("LISTED", "PINNED")),
        Move("SOLD_OUT", "EXPLAINED", by={"system"}, after=_rest_of_pin),
        *(
            Move(state, "PULLED", by={"anchor", "system", "admin"})
            for state in ("LISTED", "PINNED", "EXPLAINED", "SOLD_OUT")
        ),
    ],
)

POLL = StateMachine(
    "rooms.poll",
    model="rooms.Poll",
    moves=[
        Move(
            "RUNNING",
            "CLOSED",
            by={"anchor", "system"},
            after=lambda poll: poll.ends_at - clock.now(),
        ),
    ],
)

# The platform answers an appeal within this time, or the sanction is lifted.
APPEAL_ANSWER = timedelta(hours=72)

APPEAL = StateMachine(
    "rooms.appeal",
    model="rooms.Appeal",
    moves=[
        Move("OPEN", "LIFTED", by={"admin", "system"}, after=APPEAL_ANSWER),
        Move("OPEN", "UPHELD", by={"admin"}),
    ],
)

ON_AIR = frozenset({"LIVE", "INTERRUPTED"})
# States in which goods may be prepared or shown.
OPEN = ON_AIR | {"DRAFT", "SCHEDULED"}
# Closed by the platform: nothing is shown, said or sold; the page says so.
STOPPED = frozenset({"SUSPENDED", "TERMINATED"})
# States whose shelf is kept in step with stock and listings.
SHELF_KEPT = OPEN | {"SUSPENDED"}
# What anyone may look at.
PUBLIC = ON_AIR | STOPPED | {"SCHEDULED", "ENDED", "REPLAY"}
