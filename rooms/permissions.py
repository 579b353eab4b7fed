"""Who may do what in a room: one table for pages, sockets and the API.

Roles belong to the anchor, not to the room: an anchor's crew helps in all of their rooms.
"""

from __future__ import annotations

from typing import Any, Final

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core.errors import Forbidden, NotFound
from rooms.models import CrewMember, Room
from rooms.states import OPEN

ANCHOR: Final = "anchor"
ASSISTANT: Final = CrewMember.Role.ASSISTANT.value
MODERATOR: Final = CrewMember.Role.MODERATOR.value
VIEWER: Final = "viewer"
CREW: Final = frozenset({ANCHOR, ASSISTANT, MODERATOR})

_HELD = frozenset({ANCHOR, ASSISTANT})

# Action → the roles that may do it.
TABLE: Final[dict[str, frozenset[str]]] = {
    # The show itself.
    "console": CREW,
    "schedule": _HELD,
    "run_show": frozenset({ANCHOR}),
    "numbers": _HELD,
    # Goods.
    "goods": _HELD,
    "pin": _HELD,
    # Tools: what hangs on the board.
    "announce": CREW,
    "poll": _HELD,
    "flash_sale": _HELD,
    "coupon": _HELD,
    "requests": _HELD,
    # Conversation.
    "chat": CREW,
    "moderate": CREW,
    "rules": CREW,
    "words": _HELD,
    "log": CREW,
    # People.
    "crew": frozenset({ANCHOR}),
}


def role_in(anchor_id: int, user_id: int | None) -> str:
    """`anchor`, `assistant`, `moderator` or `viewer` in the rooms of that anchor; one query."""
    if user_id is None:
        return VIEWER
    if user_id == anchor_id:
        return ANCHOR
    found = CrewMember.objects.at_work().filter(anchor_id=anchor_id, user_id=user_id)
    return found.values_list("role", flat=True).first() or VIEWER


def may(role: str, action: str) -> bool:
    """Whether `role` may do `action`. Raises KeyError for an action that the table does not have."""
    return role in TABLE[action]


def allowed(role: str) -> frozenset[str]:
    """All actions of a role, for showing and hiding."""
    return frozenset(action for action, roles in TABLE.items() if role in roles)


def rooms_helped(user: Any) -> QuerySet[Room]:
    """Open rooms of the anchors in whose crew `user` is."""
    anchors = CrewMember.objects.at_work().filter(user=user).values("anchor")
    open_rooms = Room.objects.filter(anchor__in=anchors, state__in=OPEN)
    return open_rooms.select_related("anchor").order_by("-started_at", "id")


def room_for(user: Any, slug: str, action: str) -> Room:
    """The room for `action`, with `room.my_role` set.

    Raises NotFound for a room that one is not in the crew of, Forbidden when one's role may not.
    """
    room = Room.objects.select_related("anchor", "stream").filter(slug=slug).first()
    anonymous = isinstance(user, AnonymousUser) or user is None
    role = VIEWER if room is None or anonymous else role_in(room.anchor_id, user.pk)
    if room is None or role == VIEWER:
        raise NotFound(_("There is no such room."))
    if not may(role, action):
        raise Forbidden(_("Your role in this room does not include this. Ask the anchor."))
    room.my_role = role
    return room
