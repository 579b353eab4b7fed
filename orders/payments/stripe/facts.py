"""What Stripe's objects and events mean in the words of the contract."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from core.money import Money
from orders.payments.contract import EventKind, ProviderEvent

# Our key on everything we ask Stripe for; what has none is not ours and says nothing.
KEY = "liveshop_key"
# Marks the PaymentIntent behind a Checkout page, whose facts the session tells.
FLOW = "liveshop_flow"
CHECKOUT = "checkout"

SESSION_KINDS = {
    "checkout.session.async_payment_succeeded": EventKind.SUCCEEDED,
    "checkout.session.async_payment_failed": EventKind.FAILED,
    "checkout.session.expired": EventKind.CANCELLED,
}
INTENT_KINDS = {
    "payment_intent.succeeded": EventKind.SUCCEEDED,
    "payment_intent.payment_failed": EventKind.FAILED,
    "payment_intent.canceled": EventKind.CANCELLED,
    "payment_intent.requires_action": EventKind.ACTION_REQUIRED,
}
REFUND_TYPES = frozenset(
    {"refund.created", "refund.updated", "refund.failed", "charge.refund.updated"}
)
REFUND_KINDS = {
    "succeeded": EventKind.REFUND_SUCCEEDED,
    "failed": EventKind.REFUND_FAILED,
    "canceled": EventKind.REFUND_FAILED,
}


def key_of(item: Mapping[str, Any]) -> str:
    """Our key on an object, empty when it is not ours."""
    return str((item.get("metadata") or {}).get(KEY) or "")


def moment(seconds: Any) -> datetime:
    return datetime.fromtimestamp(int(seconds), tz=UTC)


def money(item: Mapping[str, Any], *fields: str) -> Money:
    """The first of `fields` that is set. Stripe counts in the same minor units as we do."""
    minor = next(item[name] for name in fields if item.get(name) is not None)
    return Money(int(minor), str(item["currency"]).upper())


def of_webhook(event: Mapping[str, Any]) -> list[ProviderEvent]:
    """The facts in a webhook; none when it is about something else. Raises KeyError and the like."""
    kind, item = str(event["type"]), event["data"]["object"]
    if not key_of(item):
        return []
    fact: ProviderEvent | None = None
    event_id, at = str(event["id"]), moment(event["created"])
    if kind == "checkout.session.completed":
        # A delayed method completes the session first and is paid, or fails, later.
        if item.get("payment_status") == "paid":
            fact = session_fact(item, EventKind.SUCCEEDED, event_id, at)
    elif kind in SESSION_KINDS:
        fact = session_fact(item, SESSION_KINDS[kind], event_id, at)
    elif kind in INTENT_KINDS:
        # On a Checkout page a declined card is no end: the buyer tries another one there.
        if (item.get("metadata") or {}).get(FLOW) != CHECKOUT:
            fact = intent_fact(item, INTENT_KINDS[kind], event_id, at)
    elif kind in REFUND_TYPES:
        fact = refund_fact(item, event_id, at)
    return [fact] if fact else []


def session_fact(
    item: Mapping[str, Any], kind: EventKind, event_id: str, at: datetime
) -> ProviderEvent:
    return ProviderEvent(
        id=event_id,
        kind=kind,
        key=key_of(item),
        ref=str(item["id"]),
        amount=money(item, "amount_total"),
        occurred_at=at,
        reason="The payment did not go through." if kind == EventKind.FAILED else "",
    )


def intent_fact(
    item: Mapping[str, Any], kind: EventKind, event_id: str, at: datetime
) -> ProviderEvent:
    collected = ["amount_received"] if kind == EventKind.SUCCEEDED else []
    error = item.get("last_payment_error") or {}
    return ProviderEvent(
        id=event_id,
        kind=kind,
        key=key_of(item),
        ref=str(item["id"]),
        amount=money(item, *collected, "amount"),
        occurred_at=at,
        reason=str(error.get("message") or "") if kind == EventKind.FAILED else "",
    )


def refund_fact(item: Mapping[str, Any], event_id: str, at: datetime) -> ProviderEvent | None:
    """None while the refund is on its way."""
    kind = REFUND_KINDS.get(str(item.get("status")))
    if kind is None:
        return None
    return ProviderEvent(
        id=event_id,
        kind=kind,
        key=key_of(item),
        ref=str(item["id"]),
        amount=money(item, "amount"),
        occurred_at=at,
        reason=str(item.get("failure_reason") or "") if kind == EventKind.REFUND_FAILED else "",
    )
