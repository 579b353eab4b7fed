"""An order told to a person: what comes next and by when, what happened, where the money went."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter

from django.db.models import Model
from django.utils.translation import gettext as _

from core.states import StateMachine
from ledger.models import Kind, Posting
from orders import states
from orders.actions.payments import OPEN
from orders.models import STATUS_ORDER, AfterSaleCase, Order, OrderLine
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


@dataclass(frozen=True)
class Told:
    """One line of a timeline."""

    to_state: str
    at: datetime
    actor_role: str
    why: str


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
        text = _("The payment did not go through. Pay again before the reservation ends:")
    elif attempt and attempt.state == "ACTION_REQUIRED":
        text = _("Your bank wants you to confirm the payment before the reservation ends:")
    elif attempt and attempt.state in OPEN:
        return NextStep(_("The payment is being confirmed."), None, ("cancel",))
    else:
        text = _("Pay before the reservation ends:")
    return NextStep(text, held, ("pay", "cancel"))


def _on_hold(order: Order, lines: list[OrderLine]) -> NextStep:
    line = next(line for line in lines if line.state == "PAID_ON_HOLD")
    return NextStep(
        _("Paid. You can cancel free of charge until the order goes out to be packed:"),
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
    return NextStep(_("The supplier is packing it and has to ship it:"), due)


def _on_the_way(order: Order, lines: list[OrderLine]) -> NextStep:
    return NextStep(_("On its way to you."), None, ("confirm",))


def _arrived(order: Order, lines: list[OrderLine]) -> NextStep:
    delivered = [line for line in lines if line.state == "DELIVERED"]
    clocks = [at for line in delivered if (at := states.LINE.deadline_of(line))]
    if not clocks:
        return NextStep(_("Delivered. The time to accept it stands still while a case is open."))
    return NextStep(
        _("Delivered. Unless you ask for a return, it counts as accepted:"),
        min(clocks),
        ("confirm",),
    )


def parcels(order: Order) -> list[Shipment]:
    """Every parcel of the order with its tracking number."""
    rows = Shipment.objects.filter(purchase_order__order_ref=order.number)
    return list(rows.select_related("purchase_order__supplier").order_by("id"))


def return_parcel(case: AfterSaleCase) -> ReturnParcel | None:
    return ReturnParcel.objects.select_related("supplier").filter(case_ref=case.number).first()


def timeline(order: Order, lines: list[OrderLine]) -> list[Told]:
    """What happened to the order, the newest first; for `includes/timeline.html`.

    Lines of one order mostly move together; the same move of several is told once. Of payments and
    refunds only what is not told by a line or a case already.
    """
    rows = [told for line in lines for told in _told(states.LINE, line, set(STATUS_ORDER))]
    rows = list({(row.to_state, row.at.replace(microsecond=0)): row for row in rows}.values())
    for intent in order.payments.all():
        rows += _told(states.PAYMENT, intent, {"FAILED", "ACTION_REQUIRED"}, why=intent.failure)
    for case in AfterSaleCase.objects.filter(line__in=lines):
        rows += case_timeline(case)
    for refund in order.refunds.filter(case=None):
        for row in _told(states.REFUND, refund, {"SUCCEEDED", "FAILED"}):
            state = "REFUNDED" if row.to_state == "SUCCEEDED" else "REFUND_FAILED"
            rows.append(replace(row, to_state=state))
    return sorted(rows, key=attrgetter("at"), reverse=True)


def case_timeline(case: AfterSaleCase) -> list[Told]:
    """What happened in a case, the newest first."""
    return _told(states.CASE, case, set(states.CASE.states))[::-1]


def _told(machine: StateMachine, obj: Model, wanted: set[str], *, why: str = "") -> list[Told]:
    """Moves into `wanted` states. Only what a person wrote is quoted; the rest is our own shorthand."""
    return [
        Told(
            to_state=row.to_state,
            at=row.at,
            actor_role=row.actor_role,
            why=_(why) if why else row.why if row.actor_role in {"supplier", "admin"} else "",
        )
        for row in machine.history(obj)
        if row.to_state in wanted
    ]


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
