"""What lines, cases and refunds do when their time is up.

The sweeper holds the Deadline row while these run, and others hold an order while they touch its
deadlines; so an order that is busy is left for a few seconds later instead of being waited for.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.db import models

from core import clock
from core.actors import SYSTEM
from core.models import Deadline
from core.states import StateMachine
from orders import states
from orders.actions.after_sale.returns import to_inspection
from orders.actions.after_sale.steps import accept_return, approve
from orders.actions.cases import move_case
from orders.actions.fulfilment import complete, end_hold
from orders.actions.locks import try_lock_order
from orders.actions.refunds import retry_refund
from orders.models import AfterSaleCase, Order, OrderLine, Refund
from supply.actions import cancel_return

BUSY_PAUSE = timedelta(seconds=5)


def _locked(machine: StateMachine, obj: models.Model, order_id: int) -> Order | None:
    order = try_lock_order(order_id)
    if order is None:
        Deadline.objects.filter(machine=machine.name, object_id=obj.pk).update(
            due_at=clock.now() + BUSY_PAUSE
        )
        return None
    obj.refresh_from_db()
    return order


@states.LINE.on_timeout("PAID_ON_HOLD")
def hold_over(line_id: int) -> None:
    """The remorse window ended: the whole order goes to its suppliers."""
    item = OrderLine.objects.get(pk=line_id)
    if order := _locked(states.LINE, item, item.order_id):
        end_hold(order, actor=SYSTEM, why="the hold ended")


@states.LINE.on_timeout("DELIVERED")
def confirmation_over(line_id: int) -> None:
    """Nobody complained in time: the goods are accepted."""
    item = OrderLine.objects.select_related("order", "supplier").get(pk=line_id)
    if _locked(states.LINE, item, item.order_id) and item.state == "DELIVERED":
        complete(item, actor=SYSTEM, why="not objected to in time")


@states.REFUND.on_timeout("FAILED")
def refund_pause_over(refund_id: int) -> None:
    refund = Refund.objects.select_related("case").get(pk=refund_id)
    if _locked(states.REFUND, refund, refund.order_id) and refund.state == "FAILED":
        retry_refund(refund=refund, actor=SYSTEM)


def _case_deadline(state: str, act: Callable[[AfterSaleCase], None]) -> None:
    @states.CASE.on_timeout(state)
    def over(case_id: int) -> None:
        case = AfterSaleCase.objects.select_related("line__order", "line__supplier").get(pk=case_id)
        if _locked(states.CASE, case, case.line.order_id) and case.state == state:
            act(case)


def _never_sent(case: AfterSaleCase) -> None:
    move_case(case, "CLOSED", why="not sent back in time")
    cancel_return(case_ref=case.number)


_case_deadline(
    "REQUESTED", lambda case: approve(case, SYSTEM, "the supplier did not answer in time")
)
_case_deadline("REJECTED", lambda case: move_case(case, "CLOSED", why="not escalated in time"))
_case_deadline("AWAITING_RETURN", _never_sent)
_case_deadline("RETURN_IN_TRANSIT", to_inspection)
_case_deadline("INSPECTING", lambda case: accept_return(case, why="not inspected in time"))
