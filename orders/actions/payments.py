"""Collecting an order's money: start, follow what the provider says, try again."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from core import clock
from core.actors import SYSTEM, Actor, acting
from core.errors import Conflict, Invalid
from core.events import publish
from core.money import Money
from orders import states
from orders.actions import refunds, settling
from orders.actions.locks import lock_order
from orders.events import PaymentFailed
from orders.models import Order, PaymentEvent, PaymentIntent, Refund
from orders.payments.contract import (
    REFUND_KINDS,
    WAIT,
    Charge,
    Declined,
    EventKind,
    Misconfigured,
    NextAction,
    ProviderEvent,
    Retryable,
)
from orders.payments.registry import default_code, provider

log = logging.getLogger(__name__)

OPEN = frozenset({"STARTED", "ACTION_REQUIRED"})
STATE_OF = {
    EventKind.ACTION_REQUIRED: "ACTION_REQUIRED",
    EventKind.FAILED: "FAILED",
    EventKind.CANCELLED: "CANCELLED",
    EventKind.SUCCEEDED: "SUCCEEDED",
}


def start_payment(*, intent: PaymentIntent) -> NextAction:
    """Tell the provider to collect; safe to repeat at any time under the intent's own key.

    Call it outside a transaction: the provider may be slow. Never raises for a provider's trouble:
    what nobody knows yet is found out by `repair_payments`, what was declined fails the intent.
    """
    order = intent.order
    try:
        started = provider(intent.provider).start(
            Charge(
                key=str(intent.key),
                amount=Money(intent.amount_minor, intent.currency),
                description=order.number,
                return_url=settings.BASE_URL + reverse("orders:detail", args=[order.number]),
                options=intent.options,
            )
        )
    except Declined as error:
        _decline(intent, str(error))
        return NextAction("failed")
    except (Retryable, Misconfigured):
        log.warning("payment not started yet", extra={"intent": intent.pk}, exc_info=True)
        return WAIT
    action = {"kind": started.action.kind, "url": started.action.url}
    PaymentIntent.objects.filter(pk=intent.pk).update(provider_ref=started.ref, next_action=action)
    intent.provider_ref, intent.next_action = started.ref, action
    return started.action


def next_action_of(intent: PaymentIntent) -> NextAction:
    """What the buyer has to do now for a payment that was started."""
    if intent.state == "FAILED":
        return NextAction("failed")
    if intent.state not in OPEN:
        return NextAction("done")
    return NextAction(intent.next_action.get("kind", "wait"), intent.next_action.get("url", ""))


def pay_again(*, order: Order, buyer: Any, options: dict[str, Any] | None = None) -> NextAction:
    """A new attempt for an order that waits for payment; an attempt still open is continued.

    Raises Conflict when the order no longer waits for money. Locks the order.
    """
    with transaction.atomic():
        locked = lock_order(order.pk)
        if not locked.lines.filter(state="PENDING_PAYMENT").exists():
            raise Conflict(_("This order does not wait for a payment."))
        intent = locked.payments.filter(state__in=OPEN).last()
        if intent is None:
            intent = PaymentIntent.objects.create(
                order=locked,
                provider=default_code(),
                amount_minor=locked.total_minor,
                currency=locked.currency,
                options=options or {},
                created_at=clock.now(),
            )
            states.PAYMENT.start(intent, actor=acting(buyer, "buyer"))
    return next_action_of(intent) if intent.provider_ref else start_payment(intent=intent)


def settle_payment(*, code: str, event: ProviderEvent) -> bool:
    """Apply one fact that a provider told; returns False when it was known already.

    The fact is stored once, then the state is folded anew from all facts of the payment, so their
    order does not matter. Locks the order. Raises Conflict when the payment or refund is not (or
    not yet) ours to know, Invalid when the amount is another one: the inbox tries again.
    """
    with transaction.atomic():
        if event.kind in REFUND_KINDS:
            return _settle_refund(code, event)
        found = PaymentIntent.objects.filter(provider=code, key=event.key).first()
        if found is None:
            raise Conflict(_("There is no payment with the key %s.") % event.key)
        order = lock_order(found.order_id)
        intent = PaymentIntent.objects.select_for_update(no_key=True).get(pk=found.pk)
        _same_amount(event, Money(intent.amount_minor, intent.currency))
        if not _remember(code, event, intent=intent):
            return False
        if not intent.provider_ref:
            # The webhook overtook the answer to `start`.
            PaymentIntent.objects.filter(pk=intent.pk).update(provider_ref=event.ref)
            intent.provider_ref = event.ref
        target = fold(intent.events.all())
        if target == intent.state or target not in states.PAYMENT.targets(intent.state):
            return True
        actor = Actor("provider", None, code)
        states.PAYMENT.move(intent, target, actor=actor, why=event.kind, failure=event.reason[:200])
        if target == "SUCCEEDED":
            settling.money_arrived(order=order, intent=intent, actor=actor)
        elif target == "FAILED":
            publish(PaymentFailed(order=order.number, buyer_id=order.buyer_id, reason=event.reason))
    return True


def fold(events: Iterable[PaymentEvent]) -> str:
    """The state that a payment's facts add up to, whatever order they came in.

    Money which arrived has arrived, and a cancelled payment stays so; of the rest the newest counts,
    and of two within the same second, as fine as some providers tell time, the one nearer the end.
    """
    told = [(event.occurred_at, STATE_OF[EventKind(event.kind)]) for event in events]
    states_told = {state for _at, state in told}
    for final in ("SUCCEEDED", "CANCELLED"):
        if final in states_told:
            return final
    return max(told, key=lambda one: (one[0], one[1] == "FAILED"), default=(None, "STARTED"))[1]


def cancel_intents(*, order: Order, why: str) -> None:
    """Call off every open attempt of a locked order; the providers are told after the commit."""
    for intent in order.payments.select_for_update(no_key=True).filter(state__in=OPEN):
        states.PAYMENT.move(intent, "CANCELLED", actor=SYSTEM, why=why)
        if intent.provider_ref:
            transaction.on_commit(
                partial(_call_off, intent.provider, intent.provider_ref), robust=True
            )


def _call_off(code: str, ref: str) -> None:
    try:
        provider(code).cancel(ref)
    except (Declined, Retryable, Misconfigured):
        # Money that comes in spite of it is sent back by `settling`.
        log.warning("provider did not cancel", extra={"ref": ref}, exc_info=True)


def _decline(intent: PaymentIntent, reason: str) -> None:
    with transaction.atomic():
        order = lock_order(intent.order_id)
        intent.refresh_from_db()
        if intent.state not in OPEN:
            return
        now = clock.now()
        PaymentEvent.objects.get_or_create(
            provider=intent.provider,
            provider_event_id=f"start:{intent.key}",
            defaults={
                "intent": intent,
                "kind": EventKind.FAILED,
                "amount_minor": intent.amount_minor,
                "occurred_at": now,
            },
        )
        states.PAYMENT.move(
            intent,
            "FAILED",
            actor=Actor("provider", None, intent.provider),
            why="declined at the start",
            failure=reason[:200],
        )
        publish(PaymentFailed(order=order.number, buyer_id=order.buyer_id, reason=reason))


def _settle_refund(code: str, event: ProviderEvent) -> bool:
    found = Refund.objects.filter(intent__provider=code, key=event.key).first()
    if found is None:
        raise Conflict(_("There is no refund with the key %s.") % event.key)
    order = lock_order(found.order_id)
    refund = (
        Refund.objects.select_for_update(no_key=True, of=("self",))
        .select_related("intent")
        .get(pk=found.pk)
    )
    _same_amount(event, Money(refund.amount_minor, refund.currency))
    if not _remember(code, event, refund=refund):
        return False
    if not refund.provider_ref:
        Refund.objects.filter(pk=refund.pk).update(provider_ref=event.ref)
        refund.provider_ref = event.ref
    actor = Actor("provider", None, code)
    if event.kind == EventKind.REFUND_SUCCEEDED:
        refunds.refund_succeeded(order=order, refund=refund, actor=actor)
    else:
        refunds.refund_failed(refund=refund, actor=actor, reason=event.reason)
    return True


def _same_amount(event: ProviderEvent, expected: Money) -> None:
    if event.amount != expected:
        raise Invalid(
            f"{event.id} is about {event.amount}, not {expected}; ask the provider.",
            code="amount_differs",
        )


def _remember(
    code: str,
    event: ProviderEvent,
    *,
    intent: PaymentIntent | None = None,
    refund: Refund | None = None,
) -> bool:
    _row, created = PaymentEvent.objects.get_or_create(
        provider=code,
        provider_event_id=event.id,
        defaults={
            "intent": intent,
            "refund": refund,
            "kind": event.kind,
            "amount_minor": event.amount.minor,
            "occurred_at": event.occurred_at,
        },
    )
    return created
