"""Stripe's side of the contract."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_noop

from core import clock
from core.money import Money
from orders.payments.contract import (
    WAIT,
    BadSignature,
    Capabilities,
    Charge,
    Declined,
    EventKind,
    Misconfigured,
    Movement,
    MovementKind,
    NextAction,
    ProviderEvent,
    Started,
)
from orders.payments.stripe import client, facts, signature

SESSION, INTENT = "cs_", "pi_"
# The buyer's fault or luck; any other refusal of a new charge is a mistake of ours.
BUYERS = frozenset({"amount_too_small", "amount_too_large", "resource_missing"})


class StripeProvider:
    code = "stripe"
    # Currencies whose minor unit is the same to Stripe and to ISO 4217.
    capabilities = Capabilities(
        currencies=frozenset({"CNY", "USD", "EUR", "GBP", "HKD", "SGD", "AUD", "CAD", "JPY"})
    )
    acknowledgement = ""

    def start(self, charge: Charge) -> Started:
        """See `PaymentProvider.start`.

        A payment method in `options["method"]` ("pm_…") is charged at once; else the buyer goes to
        Stripe's own Checkout page.
        """
        method = charge.options.get("method")
        by_method = isinstance(method, str) and method.startswith("pm_")
        path, data = (
            ("/v1/payment_intents", _intent(charge, str(method)))
            if by_method
            else ("/v1/checkout/sessions", _session(charge))
        )
        try:
            made = client.post(path, data, key=f"{charge.key}:start")
        except client.Refused as error:
            if error.status == 402 or error.code in BUYERS:
                raise
            raise Misconfigured(str(error)) from error
        return Started(str(made["id"]), _action(made))

    def capture(self, ref: str, amount: Money, *, key: str) -> None:
        """Nothing: Stripe collects at once."""

    def cancel(self, ref: str) -> None:
        """See `PaymentProvider.cancel`."""
        verb = "expire" if ref.startswith(SESSION) else "cancel"
        try:
            client.post(f"{_path(ref)}/{verb}", {}, key=f"{ref}:{verb}")
        except client.Refused as error:
            # 400 says that the charge is past being stopped.
            if error.status != 400:
                raise

    def refund(self, ref: str, amount: Money, *, key: str) -> str:
        """See `PaymentProvider.refund`.

        Stripe never revives a failed refund and answers a used idempotency key with the old
        answer, so a further try is a new refund, counted in its key.
        """
        intent = self._intent_of(ref)
        known = [
            item
            for item in client.pages("/v1/refunds", {"payment_intent": intent})
            if facts.key_of(item) == key
        ]
        failed = [item for item in known if item["status"] in {"failed", "canceled"}]
        for item in known:
            if item not in failed:
                return str(item["id"])
        wish = {
            "payment_intent": intent,
            "amount": amount.minor,
            "metadata": {facts.KEY: key},
        }
        return str(client.post("/v1/refunds", wish, key=f"{key}:refund:{len(failed)}")["id"])

    def fetch(self, ref: str) -> ProviderEvent | None:
        """See `PaymentProvider.fetch`."""
        item = client.get(_path(ref))
        kind = _session_kind(item) if ref.startswith(SESSION) else _intent_kind(item)
        if kind is None:
            return None
        event_id = f"fetch:{ref}:{kind}"
        read = facts.session_fact if ref.startswith(SESSION) else facts.intent_fact
        return read(item, kind, event_id, clock.now())

    def fetch_refund(self, ref: str) -> ProviderEvent | None:
        """See `PaymentProvider.fetch_refund`."""
        item = client.get(f"/v1/refunds/{ref}")
        return facts.refund_fact(item, f"fetch:{ref}:{item['status']}", clock.now())

    def parse_webhook(
        self, headers: Mapping[str, str], body: bytes, *, now: datetime
    ) -> list[ProviderEvent]:
        """See `PaymentProvider.parse_webhook`."""
        named = {name.lower(): value for name, value in headers.items()}
        signature.verify(
            secrets=settings.STRIPE_WEBHOOK_SECRETS,
            header=named.get(signature.HEADER, ""),
            body=body,
            now=now,
        )
        try:
            return self.read_body(body.decode())
        except (ValueError, KeyError, TypeError, StopIteration, AttributeError) as error:
            raise BadSignature(f"the body is not an event of Stripe: {error!r}") from None

    def read_body(self, body: str) -> list[ProviderEvent]:
        """See `PaymentProvider.read_body`."""
        return facts.of_webhook(json.loads(body))

    def movements(self, since: datetime, until: datetime) -> Iterator[Movement]:
        """See `PaymentProvider.movements`."""
        period = {"created": {"gte": int(since.timestamp()), "lt": int(until.timestamp())}}
        for item in client.pages("/v1/charges", {**period, "expand": ["data.payment_intent"]}):
            if item.get("status") == "succeeded" and item.get("captured", True):
                intent = item.get("payment_intent")
                intent = intent if isinstance(intent, dict) else {"id": intent}
                yield Movement(
                    MovementKind.CHARGE,
                    facts.key_of(item) or facts.key_of(intent),
                    str(item["id"]),
                    facts.money(item, "amount_captured", "amount"),
                    facts.moment(item["created"]),
                )
        for item in client.pages("/v1/refunds", period):
            if item.get("status") == "succeeded":
                yield Movement(
                    MovementKind.REFUND,
                    facts.key_of(item),
                    str(item["id"]),
                    facts.money(item, "amount"),
                    facts.moment(item["created"]),
                )

    def _intent_of(self, ref: str) -> str:
        """The PaymentIntent behind a charge. Raises Declined when nobody paid at the page."""
        if not ref.startswith(SESSION):
            return ref
        intent = client.get(_path(ref)).get("payment_intent")
        if not intent:
            raise Declined(gettext_noop("The charge was never collected."))
        return str(intent["id"] if isinstance(intent, dict) else intent)


def _path(ref: str) -> str:
    kind = "checkout/sessions" if ref.startswith(SESSION) else "payment_intents"
    return f"/v1/{kind}/{ref}"


def _intent(charge: Charge, method: str) -> dict[str, Any]:
    return {
        "amount": charge.amount.minor,
        "currency": charge.amount.currency.lower(),
        "payment_method": method,
        "confirm": True,
        "description": charge.description,
        "return_url": charge.return_url,
        "metadata": {facts.KEY: charge.key},
    }


def _session(charge: Charge) -> dict[str, Any]:
    # No time may stand in it: a repeated call must be the same to the letter.
    return {
        "mode": "payment",
        "success_url": charge.return_url,
        "cancel_url": charge.return_url,
        "client_reference_id": charge.key,
        "metadata": {facts.KEY: charge.key},
        "payment_intent_data": {
            "description": charge.description,
            "metadata": {facts.KEY: charge.key, facts.FLOW: facts.CHECKOUT},
        },
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": charge.amount.currency.lower(),
                    "unit_amount": charge.amount.minor,
                    "product_data": {"name": charge.description},
                },
            }
        ],
    }


def _action(made: Mapping[str, Any]) -> NextAction:
    to_do = made.get("next_action") or {}
    url = made.get("url") or (to_do.get("redirect_to_url") or {}).get("url")
    return NextAction("redirect", str(url)) if url else WAIT


def _session_kind(item: Mapping[str, Any]) -> EventKind | None:
    if item.get("payment_status") == "paid":
        return EventKind.SUCCEEDED
    return EventKind.CANCELLED if item.get("status") == "expired" else None


def _intent_kind(item: Mapping[str, Any]) -> EventKind | None:
    status = item.get("status")
    if status == "requires_payment_method" and item.get("last_payment_error"):
        return EventKind.FAILED
    return {"succeeded": EventKind.SUCCEEDED, "canceled": EventKind.CANCELLED}.get(str(status))
