"""Moving an after-sale case: history, deadline and announcement in one step."""

from __future__ import annotations

from typing import Any

from core.actors import SYSTEM, Actor
from core.events import publish
from orders import states
from orders.events import CaseMoved
from orders.models import AfterSaleCase


def move_case(
    case: AfterSaleCase,
    to: str,
    *,
    actor: Actor = SYSTEM,
    why: str = "",
    evidence: dict[str, Any] | None = None,
) -> None:
    """`states.CASE.move` plus the event; an ended case lets the line's clock run again.

    Must run under the order's lock. Raises IllegalMove, Forbidden.
    """
    states.CASE.move(case, to, actor=actor, why=why, evidence=evidence)
    announce(case)
    if to in states.CASE_FINAL:
        item = case.line
        item.refresh_from_db(fields=["state"])
        states.LINE.pause(item, paused=False)


def announce(case: AfterSaleCase) -> None:
    """Publish where the case stands now."""
    item = case.line
    publish(
        CaseMoved(
            case=case.number,
            order=item.order.number,
            buyer_id=item.order.buyer_id,
            supplier_id=item.supplier_id,
            state=case.state,
        )
    )
