"""What this floor announces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class FlashSaleMoved(Event):
    """A flash sale began, sold out, ended or was aborted; `room_ref` is where it is shown."""

    topic: ClassVar[str] = "promotion.flash_sale_moved"
    flash_id: int
    room_ref: int
    state: str


@dataclass(frozen=True)
class CouponMoved(Event):
    """A coupon drop was taken whole, ended or was withdrawn."""

    topic: ClassVar[str] = "promotion.coupon_moved"
    coupon_id: int
    room_ref: int
    state: str
