"""What commissions, flash sales and coupons may become (design, section 4)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from core import clock
from core.states import Move, StateMachine

COMMISSION = StateMachine(
    "promotion.commission",
    model="promotion.Commission",
    moves=[
        Move("ESTIMATED", "CONFIRMED", by={"system"}),
        Move("ESTIMATED", "VOIDED", by={"system"}),
        Move("ESTIMATED", "HELD", by={"system", "admin"}),
        Move("HELD", "ESTIMATED", by={"system", "admin"}),
        Move("HELD", "VOIDED", by={"system", "admin"}),
        Move("CONFIRMED", "PAYABLE", by={"system"}),
        Move("CONFIRMED", "VOIDED", by={"system"}),
        Move("PAYABLE", "VOIDED", by={"system"}),
        Move("PAYABLE", "PAID", by={"system", "admin"}),
    ],
)


def _until(moment: datetime) -> timedelta:
    return max(timedelta(0), moment - clock.now())


def _to_start(sale: Any) -> timedelta:
    return _until(sale.starts_at)


def _to_end(sale: Any) -> timedelta:
    return _until(sale.ends_at)


def _to_close(coupon: Any) -> timedelta:
    return _until(coupon.closes_at)


# The clock alone decides who gets the price; these states say what the house has noticed.
FLASH = StateMachine(
    "promotion.flash",
    model="promotion.FlashSale",
    moves=[
        Move("SCHEDULED", "RUNNING", by={"system"}, after=_to_start),
        # Sold faster than anybody noticed that it began, or over while nobody looked.
        Move("SCHEDULED", "SOLD_OUT", by={"system"}),
        Move("SCHEDULED", "ENDED", by={"system"}),
        Move("SCHEDULED", "ABORTED", by={"anchor", "assistant", "admin", "system"}),
        Move("RUNNING", "SOLD_OUT", by={"system"}),
        Move("RUNNING", "ENDED", by={"system"}, after=_to_end),
        Move("RUNNING", "ABORTED", by={"anchor", "assistant", "admin", "system"}),
        # An order that was not paid gives its pieces back while the sale runs.
        Move("SOLD_OUT", "RUNNING", by={"system"}),
        Move("SOLD_OUT", "ENDED", by={"system"}, after=_to_end),
        Move("SOLD_OUT", "ABORTED", by={"anchor", "assistant", "admin", "system"}),
    ],
)
FLASH_OPEN = frozenset({"SCHEDULED", "RUNNING", "SOLD_OUT"})

COUPON = StateMachine(
    "promotion.coupon",
    model="promotion.Coupon",
    moves=[
        Move("OPEN", "TAKEN", by={"system"}),
        Move("OPEN", "ENDED", by={"system"}, after=_to_close),
        Move("OPEN", "WITHDRAWN", by={"anchor", "assistant", "admin", "system"}),
    ],
)
