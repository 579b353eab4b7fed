"""The live board of one room."""

from __future__ import annotations

from dataclasses import dataclass, field

import redis as redis_errors
from django.db.models import Count, Sum

from core import redis
from insights.sales import Sales, paid_lines, sales, sales_by
from promotion.models import Placement
from rooms import presence, wire
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
    viewers, likes = _from_redis(room)
    by_placement = sales_by(lines, "placement_id")
    # Orders and buyers may span currencies, so they are counted over all lines.
    total = lines.aggregate(
        orders=Count("order", distinct=True),
        buyers=Count("order__buyer", distinct=True),
        pieces=Sum("quantity"),
    )
    return RoomNumbers(
        viewers=viewers,
        peak_viewers=max(room.peak_viewers, viewers),
        likes=max(room.likes, likes),
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
    if not room_ids:
        return {}
    pipeline = redis.client().pipeline(transaction=False)
    for room_id in room_ids:
        pipeline.hgetall(wire.presence_key(room_id))
    try:
        answers = pipeline.execute()
    except redis_errors.RedisError:
        return dict.fromkeys(room_ids, 0)
    return {
        room_id: presence.total(answer) for room_id, answer in zip(room_ids, answers, strict=True)
    }


def _from_redis(room: Room) -> tuple[int, int]:
    pipeline = redis.client().pipeline(transaction=False)
    pipeline.hgetall(wire.presence_key(room.pk))
    pipeline.get(wire.likes_key(room.pk))
    try:
        counts, likes = pipeline.execute()
    except redis_errors.RedisError:
        return 0, 0
    return presence.total(counts), int(likes or 0)
