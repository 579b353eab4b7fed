"""The live board of one room."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Count, Sum

from insights.sales import Sales, paid_lines, sales, sales_by
from promotion.models import Placement
from rooms import presence
from rooms.models import Room, RoomItem


@dataclass(frozen=True, slots=True)
class ItemNumbers:
    """One item of the shelf: how much of it was sold here and how much is left."""

    number: int
    placement: int
    title: str
    state: str
    left: int
    sales: list[Sales]

    @property
    def sold(self) -> int:
        return sum(part.pieces for part in self.sales)


@dataclass(frozen=True, slots=True)
class RoomNumbers:
    """`viewers` are there now; `conversion_bps` is buyers for each viewer of the fullest moment."""

    viewers: int
    peak_viewers: int
    likes: int
    buyers: int
    orders: int
    pieces: int
    sales: list[Sales] = field(default_factory=list)
    items: list[ItemNumbers] = field(default_factory=list)

    @property
    def conversion_bps(self) -> int | None:
        return self.buyers * 10_000 // self.peak_viewers if self.peak_viewers else None


def room_numbers(room: Room) -> RoomNumbers:
    """Viewers, likes and sales of a room, read fresh: five statements, one Redis round trip."""
    placements = Placement.objects.filter(room_ref=room.pk)
    lines = paid_lines().filter(placement__in=placements.values("pk"))
    now = presence.counts([room.pk])[room.pk]
    by_placement = sales_by(lines, "placement_id")
    # Orders and buyers may span currencies, so they are counted over all lines.
    total = lines.aggregate(
        orders=Count("order", distinct=True),
        buyers=Count("order__buyer", distinct=True),
        pieces=Sum("quantity"),
    )
    return RoomNumbers(
        viewers=now.watching,
        peak_viewers=max(room.peak_viewers, now.watching),
        likes=max(room.likes, now.likes),
        buyers=total["buyers"],
        orders=total["orders"],
        pieces=total["pieces"] or 0,
        sales=sales(lines),
        items=[
            ItemNumbers(
                number=item.number,
                placement=item.placement_id,
                title=item.card.get("title", ""),
                state=item.state,
                left=sum(variant["left"] for variant in item.card.get("variants", [])),
                sales=by_placement.get(item.placement_id, []),
            )
            for item in RoomItem.objects.shown().filter(room=room)
        ],
    )


def watching(room_ids: list[int]) -> dict[int, int]:
    """How many watch each of these rooms now; nobody while Redis is away."""
    return {room_id: found.watching for room_id, found in presence.counts(room_ids).items()}
