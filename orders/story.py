"""An order told to a person: what comes next and by when, what happened, where the money went."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.utils.translation import gettext as _

from core.models import StateChange
from ledger.models import Kind, Posting
from orders import states
from orders.actions.payments import OPEN
from orders.models import AfterSaleCase, Order, OrderLine
from supply.models import PurchaseOrder, ReturnParcel, Shipment


@dataclass(frozen=True)
class NextStep:
    """What happens now, and when it happens by itself. `buttons` name what the buyer may do."""

    text: str
    deadline: datetime | None = None
    buttons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Movement:
    """One movement of the buyer's money; `minor` > 0 was paid, < 0 came back."""

    text: str
    minor: int
    currency: str
    at: datetime


def next_steps(order: Order, lines: list[OrderLine]) -> list[NextStep]:
    """One step for each stage that some line of the order stands at."""
    present = {line.state for line in lines}
    makers = {
        "PENDING_PAYMENT": _to_pay,
        "PAID_ON_HOLD": _on_hold,
        "PAID": _packing,
        "ALLOCATED": _packing,
        "SHIPPED": _on_the_way,
        "DELIVERED": _arrived,
    }
    made = [maker for state, maker in makers.items() if state in present]
    return [maker(order, lines) for maker in dict.fromkeys(made)]


def _to_pay(order: Order, lines: list[OrderLine]) -> NextStep:
    held = min(
        (line.reservation.expires_at for line in lines if line.state == "PENDING_PAYMENT"),
        default=None,
    )
    attempt = order.payments.last()
    if attempt and attempt.state == "FAILED":
        text = _("The payment did not go through. Pay again before the reservation ends.")
    elif attempt and attempt.state == "ACTION_REQUIRED":
        text = _("Your bank wants you to confirm the payment.")
    elif attempt and attempt.state in OPEN:
        return NextStep(_("The payment is being confirmed."), held, ("cancel",))
    else:
        text = _("Pay before the reservation ends.")
    return NextStep(text, held, ("pay", "cancel"))


def _on_hold(order: Order, lines: list[OrderLine]) -> NextStep:
    line = next(line for line in lines if line.state == "PAID_ON_HOLD")
    return NextStep(
        _(
            "Paid. Until then you can cancel free of charge; after it the order goes out to be packed."
        ),
        states.LINE.deadline_of(line),
        ("ship_now", "cancel"),
    )


def _packing(order: Order, lines: list[OrderLine]) -> NextStep:
    due = (
        PurchaseOrder.objects.filter(order_ref=order.number, state="RELEASED")
        .order_by("dispatch_due_at")
        .values_list("dispatch_due_at", flat=True)
        .first()
    )
    return NextStep(_("The supplier is packing it and has to ship by then."), due)


def _on_the_way(order: Order, lines: list[OrderLine]) -> NextStep:
    return NextStep(_("On its way to you."), None, ("confirm",))


def _arrived(order: Order, lines: list[OrderLine]) -> NextStep:
    delivered = [line for line in lines if line.state == "DELIVERED"]
    clocks = [at for line in delivered if (at := states.LINE.deadline_of(line))]
    if not clocks:
        return NextStep(_("Delivered. The time to accept it stands still while a case is open."))
    return NextStep(
        _("Delivered. It counts as accepted then, unless you ask for a return."),
        min(clocks),
        ("confirm",),
    )


def parcels(order: Order) -> list[Shipment]:
    """Every parcel of the order with its tracking number."""
    rows = Shipment.objects.filter(purchase_order__order_ref=order.number)
    return list(rows.select_related("purchase_order__supplier").order_by("id"))


def return_parcel(case: AfterSaleCase) -> ReturnParcel | None:
    return ReturnParcel.objects.select_related("supplier").filter(case_ref=case.number).first()


def timeline(order: Order, lines: list[OrderLine]) -> list[StateChange]:
    """What happened to payments, lines, cases and refunds, the newest first.

    Lines of one order mostly move together; the same move of several is told once.
    """
    objects: list[tuple[Any, Iterable[int]]] = [
        (states.PAYMENT, order.payments.values_list("pk", flat=True)),
        (states.LINE, [line.pk for line in lines]),
        (states.CASE, AfterSaleCase.objects.filter(line__in=lines).values_list("pk", flat=True)),
        (states.REFUND, order.refunds.values_list("pk", flat=True)),
    ]
    rows: list[StateChange] = []
    for machine, ids in objects:
        seen = set()
        changes = StateChange.objects.filter(machine=machine.name, object_id__in=ids)
        for row in changes.order_by("id"):
            told = (row.to_state, row.actor_role, row.at.replace(microsecond=0))
            if machine is not states.LINE or told not in seen:
                rows.append(row)
            seen.add(told)
    return sorted(rows, key=attrgetter("at", "id"), reverse=True)


def money_story(order: Order) -> list[Movement]:
    """What the buyer paid and got back, as the ledger has it."""
    texts = {
        "order.paid": _("Paid"),
        "payment.unapplied": _("Paid, and owed back to you"),
        "order.refunded": _("Refunded"),
    }
    rows = Posting.objects.of_reference(order.number).filter(
        account__kind=Kind.PROVIDER_CLEARING, account__owner_kind="platform"
    )
    return [
        Movement(
            text=texts.get(row.entry.kind, row.entry.kind),
            minor=row.amount_minor,
            currency=row.account.currency,
            at=row.entry.occurred_at,
        )
        for row in rows
    ]


def is_moving(order: Order) -> bool:
    """Whether a provider's answer is awaited, so that the page should look again soon."""
    waiting = order.payments.filter(state="STARTED").exists()
    return waiting or order.refunds.filter(state__in=["REQUESTED", "SUBMITTED"]).exists()
