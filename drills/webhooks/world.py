"""Buyers, orders and the provider's truth; and at the end, whether the shop agrees with it."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from core import clock
from drills.webhooks.deliveries import STRANGERS

BUYERS = 20
STOCK = 1_000_000
# What the provider decides about a payment that it asked the buyer to confirm.
VERDICTS = {
    "succeeded": 60,
    "failed": 15,
    "cancelled": 10,
    "pending": 5,
    "second_try": 6,
    "twice": 4,
}
CANCELLED_SHARE = 0.35
FAILING_REFUNDS = 0.1
TURNS = 40


class World:
    """Plays buyers and provider; the deliveries are somebody else's."""

    def __init__(self, payments: int, dice: random.Random) -> None:
        from catalog.models import ListingVariant
        from rooms.tests import factories as make

        self.dice = dice
        self.listing = ListingVariant.objects.get(listing=make.listing(on_hand=STOCK)).pk
        self.buyers = [make.buyer() for _ in range(BUYERS)]
        self.cancelled: set[int] = set()
        self.orders: list[int] = []
        self._told = 0
        self.verdicts: Counter[str] = Counter()
        for number in range(payments):
            self._decide(number)

    # Before and between the deliveries ------------------------------------------------------

    def _decide(self, number: int) -> None:
        """One order, and what the provider makes of its payment."""
        from orders.models import Order
        from orders.payments.sandbox import SandboxProvider

        verdicts = list(VERDICTS)
        # Each at least once, in the shortest drill too.
        (verdict,) = (
            [verdicts[number]]
            if number < len(verdicts)
            else self.dice.choices(verdicts, weights=list(VERDICTS.values()))
        )
        self.verdicts[verdict] += 1
        placed = self._place(number)
        order = Order.objects.get(pk=placed)
        self.orders.append(placed)
        first = order.payments.get().provider_ref
        provider = SandboxProvider()
        if verdict in {"failed", "succeeded"}:
            provider.confirm(first, approve=verdict == "succeeded")
        elif verdict == "cancelled":
            provider.cancel(first)
        elif verdict in {"second_try", "twice"}:
            self._second_try(order, first, twice=verdict == "twice")

    def _place(self, number: int) -> int:
        from orders import actions

        buyer = self.buyers[number % BUYERS]
        placed = actions.place_order(
            buyer=buyer,
            address=None,
            lines=[actions.Wanted(quantity=1 + number % 3, listing_variant_id=self.listing)],
            key=str(uuid.uuid4()),
            source="drill",
            payment_options={"scenario": "three_ds"},
        )
        return placed.order_id

    def _second_try(self, order: Any, first: str, *, twice: bool) -> None:
        """The buyer pays by another card, and with `twice` by the first one after all."""
        from core.actors import SYSTEM
        from orders import actions, states
        from orders.models import PaymentIntent
        from orders.payments.sandbox import SandboxProvider

        second = PaymentIntent.objects.create(
            order=order,
            provider="sandbox",
            amount_minor=order.total_minor,
            currency=order.currency,
            options={"scenario": "three_ds"},
        )
        states.PAYMENT.start(second, actor=SYSTEM)
        actions.start_payment(intent=second)
        SandboxProvider().confirm(second.provider_ref, approve=True)
        SandboxProvider().confirm(first, approve=twice)

    def news(self) -> list[dict[str, Any]]:
        """The provider's events since the last call; its own sender never sends them."""
        from orders.models import SandboxWebhook

        rows = SandboxWebhook.objects.filter(pk__gt=self._told).order_by("pk")
        found = list(rows.values_list("pk", "body"))
        if found:
            self._told = found[-1][0]
        rows.update(sent_at=clock.now())
        return [body for _pk, body in found]

    def claims(self) -> list[dict[str, Any]]:
        """Events that would pay somebody and never happened."""
        from orders.models import SandboxCharge, SandboxRefund

        unpaid = SandboxCharge.objects.exclude(status="succeeded")
        unreturned = SandboxRefund.objects.exclude(status="succeeded").select_related("charge")
        return [
            *(_claim("payment", row, row.currency) for row in unpaid),
            *(_claim("refund", row, row.charge.currency) for row in unreturned),
        ]

    def expire(self) -> None:
        """The time for paying passes; what is told later comes too late."""
        from orders import actions

        later = clock.now() + timedelta(hours=1)
        while actions.expire_unpaid(limit=500, now=later):
            pass

    def cancel_some(self) -> None:
        """Buyers cancel what they paid; a part of the refunds fails at the first try."""
        from core.actors import acting
        from orders import actions
        from orders.models import Order, SandboxCharge

        paid = Order.objects.filter(pk__in=self.orders, lines__state="PAID_ON_HOLD")
        for order in paid.select_related("buyer").order_by("pk"):
            if self.dice.random() > CANCELLED_SHARE:
                continue
            if self.dice.random() < FAILING_REFUNDS:
                charges = SandboxCharge.objects.filter(
                    ref__in=order.payments.values_list("provider_ref", flat=True)
                )
                charges.update(scenario="failed_refund")
            actions.cancel_order(order=order, actor=acting(order.buyer, "buyer"))
            self.cancelled.add(order.pk)

    # Afterwards -----------------------------------------------------------------------------

    def read_inbox(self) -> None:
        """What the worker does, until nothing but what is not ours is left."""
        from orders import actions
        from orders.models import WebhookInbox

        for _ in range(TURNS):
            with clock.travel(timedelta(hours=1)):
                actions.process_webhooks(limit=1000)
            if WebhookInbox.objects.filter(processed_at=None).count() <= STRANGERS * 4:
                return

    def retry_refunds(self) -> None:
        """What the deadlines and the repair do with refunds that failed or were not asked for."""
        from core import deadlines
        from orders import actions

        with clock.travel(timedelta(minutes=15)):
            for _ in range(TURNS):
                if not deadlines.fire_due(limit=200):
                    break
        with clock.travel(timedelta(seconds=10)):
            for _ in range(TURNS):
                actions.repair_payments()
                if not _unasked():
                    return


def _unasked() -> bool:
    from orders.models import Refund

    return Refund.objects.filter(state="REQUESTED").exists()


def _claim(kind: str, row: Any, currency: str) -> dict[str, Any]:
    return {
        "id": "",
        "type": f"{kind}.succeeded",
        "created": clock.now().isoformat(),
        "data": {
            "key": row.key,
            "ref": row.ref,
            "amount_minor": row.amount_minor,
            "currency": currency,
            "reason": "",
        },
    }


def lost(taken: set[str]) -> int:
    """Events that were answered with 2xx and of which no row of ours knows."""
    from orders.models import PaymentEvent

    known = set(
        PaymentEvent.objects.filter(provider="sandbox").values_list("provider_event_id", flat=True)
    )
    return len(taken - known)


STATE_THERE = {
    "succeeded": "SUCCEEDED",
    "failed": "FAILED",
    "cancelled": "CANCELLED",
    "action_required": "ACTION_REQUIRED",
}


def wrong_states(world: World) -> Iterator[str]:
    """Every payment, refund, order and ledger account that is not what the provider's books imply."""
    from orders.models import Order, PaymentIntent, Refund, SandboxCharge, SandboxRefund

    charges = {row.key: row for row in SandboxCharge.objects.all()}
    returns = {row.key: row for row in SandboxRefund.objects.select_related("charge")}
    for intent in PaymentIntent.objects.all():
        there = STATE_THERE[charges.pop(str(intent.key)).status]
        called_off = intent.state == "CANCELLED" and there != "SUCCEEDED"
        if intent.state != there and not called_off:
            yield f"payment {intent.pk} is {intent.state}, there {there}"
    for refund in Refund.objects.all():
        sent = returns.pop(str(refund.key), None)
        if sent is None or sent.status != refund.state.lower():
            yield f"refund {refund.pk} is {refund.state}, there {sent and sent.status}"
        elif sent.amount_minor != refund.amount_minor:
            yield f"refund {refund.pk} is of another amount"
    yield from (f"charge {key} is nobody's" for key in charges)
    yield from (f"refund {key} is nobody's" for key in returns)
    collected, held = _there(), _here()
    for order in Order.objects.prefetch_related("lines"):
        kept = collected[order.number]
        (line,) = order.lines.all()
        if order.pk in world.cancelled:
            wanted, whole = "CANCELLED", 0
        elif kept:
            wanted, whole = "PAID_ON_HOLD", order.total_minor
        else:
            wanted, whole = "EXPIRED", 0
        if line.state != wanted or kept != whole:
            yield f"order {order.number} is {line.state} with {kept}, not {wanted} with {whole}"
        if held[order.number] != kept:
            yield f"order {order.number}: the ledger holds {held[order.number]}, not {kept}"


def _there() -> Counter[str]:
    """What the provider kept, by order number."""
    from orders.models import PaymentIntent, SandboxCharge

    number_of = {
        str(key): number
        for key, number in PaymentIntent.objects.values_list("key", "order__number")
    }
    kept: Counter[str] = Counter()
    for charge in SandboxCharge.objects.filter(status="succeeded").prefetch_related("refunds"):
        back = sum(one.amount_minor for one in charge.refunds.all() if one.status == "succeeded")
        kept[number_of[charge.key]] += charge.amount_minor - back
    return kept


def _here() -> Counter[str]:
    """What the ledger says that the provider holds, by order number."""
    from ledger.models import Kind, Posting

    held: Counter[str] = Counter()
    rows = Posting.objects.filter(account__kind=Kind.PROVIDER_CLEARING)
    for number, minor in rows.values_list("entry__reference", "amount_minor"):
        held[number] += minor
    return held
