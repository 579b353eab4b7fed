"""What the platform decides about a show: warn, limit, suspend, terminate, and take back."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core import clock
from core.actors import SYSTEM, Actor, acting
from core.errors import Conflict, Invalid, NotFound
from promotion import actions as promotion
from rooms import letters, wire
from rooms.actions.audit import note, tell_crew
from rooms.actions.deals import close_deals
from rooms.actions.goods import unpin
from rooms.actions.locking import locked, put_off, try_locked
from rooms.actions.polls import close_running
from rooms.actions.talk import one_line
from rooms.journal import record
from rooms.models import Letter, Room, RoomDecision
from rooms.permissions import ANCHOR
from rooms.snapshot import state_of
from rooms.states import ON_AIR, ROOM, STANDING
from streaming import actions as streaming

REASON_LENGTH = 300
# A suspension is as long as staff say, in minutes.
SHORTEST, USUAL, LONGEST = 10, 24 * 60, 30 * 24 * 60
Kind = RoomDecision.Kind
_STATES = {Kind.SUSPEND: "SUSPENDED", Kind.TERMINATE: "TERMINATED"}
# From the mildest; the gravest that stands counts.
_STANDINGS = {Kind.WARN: "WARNED", Kind.LIMIT: "LIMITED"}


@transaction.atomic
def decide(
    *, room: Room, actor: User, kind: str, reason: str, minutes: int = USUAL
) -> RoomDecision:
    """Warn, limit, suspend or terminate a show for a reason that its anchor reads.

    A warning is shown on the console; a limited show is left out of feed and search; a suspended
    one sends no picture, sells and says nothing for `minutes` or until it is resumed; a terminated
    one never again. Orders are not touched. Takes the room's lock, then its placements and its
    stream.

    Raises Invalid for the kind, the time or an empty reason, Conflict for a show that is not on
    air, IllegalMove when it has been decided before.
    """
    room = locked(room.pk)
    if kind not in Kind.values:
        raise Invalid(_("Choose what to do."), code="bad_kind")
    reason = one_line(reason)
    if not reason:
        raise Invalid(_("Write the reason; the anchor reads it."), code="empty")
    if len(reason) > REASON_LENGTH:
        raise Invalid(_("Use at most 300 characters."), code="too_long")
    if kind == Kind.SUSPEND and not SHORTEST <= minutes <= LONGEST:
        raise Invalid(_("Suspend for 10 minutes to 30 days."), code="bad_time")
    if room.state not in ON_AIR and not (room.state == "SUSPENDED" and kind == Kind.TERMINATE):
        raise Conflict(_("This show is not on air."), code="not_on_air")
    admin = acting(actor, "admin")
    until = clock.now() + timedelta(minutes=minutes) if kind == Kind.SUSPEND else None
    made = RoomDecision.objects.create(
        room=room, kind=kind, reason=reason, made_by=actor, until=until
    )
    if kind in _STATES:
        _stop(room, _STATES[Kind(kind)], admin, reason)
    else:
        if kind == Kind.LIMIT and room.standing == "LIMITED":
            raise Conflict(_("This show is limited already."), code="decided")
        _settle_standing(room, admin, reason)
    letters.owe(Letter.Kind.DECIDED, made.pk)
    _told(room, made, f"room_{kind}", admin, actor, reason)
    return made


def _stop(room: Room, state: str, admin: Actor, reason: str) -> None:
    unpin(room)
    close_running(room)
    close_deals(room)
    ended_at = room.ended_at if state == "SUSPENDED" else clock.now()
    ROOM.move(room, state, actor=admin, why=reason, interrupted_at=None, ended_at=ended_at)
    record(room, ("room.state", state_of(room)))
    promotion.hold_sales(room_ref=room.pk)
    if room.stream is None:
        return
    streaming.hold_stream(stream=room.stream)
    if state == "TERMINATED":
        Room.objects.filter(pk=room.pk).update(video_state=Room.Video.ENDED)
        room.video_state = Room.Video.ENDED
        record(room, ("video", {"state": room.video_state}))
        streaming.end_stream(stream=room.stream, actor=admin)


def _settle_standing(room: Room, actor: Actor, why: str) -> None:
    """Bring the standing to the gravest warning or limit that is not taken back."""
    kinds = set(RoomDecision.objects.standing().filter(room=room).values_list("kind", flat=True))
    standing = "GOOD"
    for kind, name in _STANDINGS.items():
        standing = name if kind in kinds else standing
    if standing != room.standing:
        STANDING.move(room, standing, actor=actor, why=why)


@transaction.atomic
def restore(*, room: Room, actor: User, reason: str = "") -> None:
    """Take back all that stands about a show; a suspended one goes on, if its anchor comes.

    Raises Conflict when nothing stands. A terminated show stays over.
    """
    room = locked(room.pk)
    standing = list(RoomDecision.objects.standing().filter(room=room))
    if not standing:
        raise Conflict(_("Nothing stands against this show."), code="nothing_stands")
    for made in standing:
        take_back(made=made, actor=actor, mover=acting(actor, "admin"), reason=reason)
    ranks = Kind.values
    letters.owe(Letter.Kind.RESTORED, max(standing, key=lambda row: ranks.index(row.kind)).pk)


@transaction.atomic
def take_back(*, made: RoomDecision, actor: User | None, mover: Actor, reason: str = "") -> None:
    """End one decision; those that remain go on. Does nothing when it was taken back before."""
    room = locked(made.room_id)
    rows = RoomDecision.objects.standing().filter(pk=made.pk)
    if not rows.update(lifted_at=clock.now()):
        return
    made.refresh_from_db(fields=["lifted_at"])
    if made.kind == Kind.SUSPEND and room.state == "SUSPENDED":
        _resume(room, mover, reason)
    _settle_standing(room, mover, reason)
    _told(room, made, "room_restore", mover, actor, reason)


def _resume(room: Room, mover: Actor, reason: str) -> None:
    promotion.release_sales(room_ref=room.pk)
    if room.stream is not None:
        streaming.release_stream(stream=room.stream)
    ROOM.move(room, "LIVE", actor=mover, why=reason)
    record(room, ("room.state", state_of(room)))
    if room.video_state != Room.Video.LIVE:
        # The anchor has the usual time to come back.
        ROOM.move(room, "INTERRUPTED", interrupted_at=clock.now())
        record(room, ("room.state", state_of(room)))


@ROOM.on_timeout("SUSPENDED")
def _suspension_is_over(room_id: int) -> None:
    room = try_locked(room_id)
    if room is None:
        put_off(ROOM, room_id)
    elif room.state == "SUSPENDED":
        for made in RoomDecision.objects.standing().filter(room=room, kind=Kind.SUSPEND):
            take_back(made=made, actor=None, mover=SYSTEM, reason="its time is over")
            letters.owe(Letter.Kind.RESTORED, made.pk)


def _told(
    room: Room, made: RoomDecision, what: str, mover: Actor, actor: User | None, reason: str
) -> None:
    note(
        what,
        anchor_id=room.anchor_id,
        room=room,
        role=mover.role,
        actor=actor,
        target_id=room.anchor_id,
        reason=reason,
        evidence={"decision": made.pk, "kind": made.kind},
    )
    tell_crew(room.pk, {"what": "standing"})


@transaction.atomic
def acknowledge(*, room: Room, decision_id: int, actor: User) -> None:
    """The anchor has read a decision. Raises NotFound for one that is not about this room."""
    found = RoomDecision.objects.filter(pk=decision_id, room=room)
    if not found.exists():
        raise NotFound(_("There is no such decision."))
    if found.filter(read_at__isnull=True).update(read_at=clock.now()):
        note(
            "room_read",
            anchor_id=room.anchor_id,
            room=room,
            role=ANCHOR,
            actor=actor,
            evidence={"decision": decision_id},
        )


def unread(room: Room) -> list[dict[str, object]]:
    """Decisions that stand and whose reading was not confirmed, as the console shows them."""
    rows = RoomDecision.objects.standing().filter(room=room, read_at__isnull=True)
    return [decision_of(row) for row in rows.order_by("id")]


def decision_of(row: RoomDecision) -> dict[str, object]:
    return {
        "id": row.pk,
        "kind": row.kind,
        "reason": row.reason,
        "at": wire.millis(row.made_at),
        "until": row.until,
    }
