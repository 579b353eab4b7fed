"""What a commission may become."""

from __future__ import annotations

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
