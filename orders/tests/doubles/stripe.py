"""As much of Stripe as our provider uses: idempotency keys, Checkout, PaymentIntents, refunds, events."""

from __future__ import annotations

import json
import re
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from orders.payments.stripe import signature
from orders.tests.doubles.server import Answer, Double, Request

SECRET_KEY = "sk_test_double"
WEBHOOK_SECRET = "whsec_double"


class Trouble(Exception):
    def __init__(self, status: int, message: str, code: str = "", kind: str = "") -> None:
        self.status = status
        self.error = {
            "type": kind or ("card_error" if status == 402 else "invalid_request_error"),
            "code": code,
            "message": message,
        }


@dataclass
class StripeDouble(Double):
    """`wishes` by our key say how a Checkout page ends: pay, async_fail, or nothing (stays open)."""

    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    intents: dict[str, dict[str, Any]] = field(default_factory=dict)
    charges: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    answered: dict[str, tuple[bytes, Answer]] = field(default_factory=dict)
    wishes: dict[str, str] = field(default_factory=dict)
    failing_refunds: set[str] = field(default_factory=set)

    def handle(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {SECRET_KEY}":
            return _error(Trouble(401, "Invalid API Key provided"))
        key = request.headers.get("idempotency-key", "")
        if key in self.answered:
            body, answer = self.answered[key]
            if body == request.body:
                return answer
            message = "Keys for idempotent requests can only be used with the same parameters."
            return _error(Trouble(400, message, kind="idempotency_error"))
        try:
            made = Answer(200, json.dumps(self._route(request)).encode())
        except Trouble as trouble:
            made = _error(trouble)
        if key:
            self.answered[key] = (request.body, made)
        return made

    def _route(self, request: Request) -> dict[str, Any]:
        address = urlsplit(request.path)
        given = _tree(request.body.decode() or address.query)
        path = f"{request.method} {address.path}"
        routes = {
            r"POST /v1/checkout/sessions": self._new_session,
            r"GET /v1/checkout/sessions/(\w+)": self._session,
            r"POST /v1/checkout/sessions/(\w+)/expire": self._expire,
            r"POST /v1/payment_intents": self._new_intent,
            r"GET /v1/payment_intents/(\w+)": self._intent,
            r"POST /v1/payment_intents/(\w+)/cancel": self._cancel,
            r"GET /v1/charges": lambda given: _page(self.charges, given),
            r"GET /v1/refunds": lambda given: _page(self.refunds, given),
            r"GET /v1/refunds/(\w+)": lambda ref, given: _found(self.refunds, ref),
            r"POST /v1/refunds": self._new_refund,
        }
        for pattern, act in routes.items():
            if match := re.fullmatch(pattern, path):
                return act(*match.groups(), given)
        raise Trouble(404, f"Unrecognized request URL ({path})")

    # Checkout -------------------------------------------------------------------------------

    def _new_session(self, given: dict[str, Any]) -> dict[str, Any]:
        line = given["line_items"]["0"]["price_data"]
        row = _row("cs_test_", "checkout.session", line["currency"], given["metadata"])
        row |= {
            "amount_total": int(line["unit_amount"]),
            "status": "open",
            "payment_status": "unpaid",
            "payment_intent": None,
            "url": f"https://checkout.stripe.example/c/{row['id']}",
        }
        row["_intent"] = given["payment_intent_data"]
        self.sessions[row["id"]] = row
        wish = self.wishes.get(given["client_reference_id"], "")
        if wish == "pay":
            self.pay(row["id"])
        elif wish == "async_fail":
            row["status"] = "complete"
            self.tell("checkout.session.async_payment_failed", row)
        return _public(row)

    def pay(self, ref: str) -> None:
        """The buyer pays at the page."""
        row = self.sessions[ref]
        intent = _row("pi_", "payment_intent", row["currency"], row["_intent"]["metadata"])
        intent |= {"amount": row["amount_total"], "status": "succeeded"}
        intent["amount_received"] = intent["amount"]
        self.intents[intent["id"]] = intent
        self.charge(intent)
        row |= {"status": "complete", "payment_status": "paid", "payment_intent": intent["id"]}
        self.tell("payment_intent.succeeded", intent)
        self.tell("checkout.session.completed", row)

    def _session(self, ref: str, given: dict[str, Any]) -> dict[str, Any]:
        return _public(_found(self.sessions, ref))

    def _expire(self, ref: str, given: dict[str, Any]) -> dict[str, Any]:
        row = _found(self.sessions, ref)
        if row["status"] != "open":
            raise Trouble(400, "Only Checkout Sessions with a status in [open] can be expired.")
        row["status"] = "expired"
        self.tell("checkout.session.expired", row)
        return _public(row)

    # PaymentIntents -------------------------------------------------------------------------

    def _new_intent(self, given: dict[str, Any]) -> dict[str, Any]:
        row = _row("pi_", "payment_intent", given["currency"], given["metadata"])
        row |= {"amount": int(given["amount"]), "amount_received": 0, "status": "succeeded"}
        self.intents[row["id"]] = row
        method = given["payment_method"]
        if method == "pm_card_visa_chargeDeclined":
            row |= {
                "status": "requires_payment_method",
                "last_payment_error": {"message": "Your card was declined."},
            }
            self.tell("payment_intent.payment_failed", row)
            raise Trouble(402, "Your card was declined.", "card_declined")
        if method == "pm_card_authenticationRequired":
            url = f"https://hooks.stripe.example/3d/{row['id']}"
            row |= {"status": "requires_action", "next_action": {"redirect_to_url": {"url": url}}}
            self.tell("payment_intent.requires_action", row)
        else:
            self._collect(row)
        return _public(row)

    def _collect(self, row: dict[str, Any]) -> None:
        row |= {"status": "succeeded", "amount_received": row["amount"], "next_action": None}
        self.charge(row)
        self.tell("payment_intent.succeeded", row)

    def authenticate(self, ref: str) -> None:
        self._collect(self.intents[ref])

    def _intent(self, ref: str, given: dict[str, Any]) -> dict[str, Any]:
        return _public(_found(self.intents, ref))

    def _cancel(self, ref: str, given: dict[str, Any]) -> dict[str, Any]:
        row = _found(self.intents, ref)
        if row["status"] in {"succeeded", "canceled"}:
            message = "You cannot cancel this PaymentIntent because of its status."
            raise Trouble(400, message, "payment_intent_unexpected_state")
        row["status"] = "canceled"
        self.tell("payment_intent.canceled", row)
        return _public(row)

    def charge(self, intent: dict[str, Any]) -> dict[str, Any]:
        """One collection of the money of `intent`."""
        row = _row("ch_", "charge", intent["currency"], intent["metadata"])
        row |= {
            "amount": intent["amount"],
            "amount_captured": intent["amount"],
            "captured": True,
            "status": "succeeded",
            "payment_intent": intent["id"],
        }
        self.charges[row["id"]] = row
        return row

    # Refunds --------------------------------------------------------------------------------

    def _new_refund(self, given: dict[str, Any]) -> dict[str, Any]:
        intent = _found(self.intents, given["payment_intent"])
        if intent["status"] != "succeeded":
            message = f"This PaymentIntent ({intent['id']}) does not have a successful charge."
            raise Trouble(400, message)
        amount = int(given["amount"])
        gone = sum(
            row["amount"]
            for row in self.refunds.values()
            if row["payment_intent"] == intent["id"] and row["status"] == "succeeded"
        )
        if gone + amount > intent["amount_received"]:
            raise Trouble(400, "Refund amount is greater than unrefunded amount on charge.")
        row = _row("re_", "refund", intent["currency"], given.get("metadata") or {})
        row |= {"amount": amount, "payment_intent": intent["id"], "status": "succeeded"}
        key = row["metadata"].get("liveshop_key", "")
        if key in self.failing_refunds:
            self.failing_refunds.discard(key)
            row |= {"status": "failed", "failure_reason": "lost_or_stolen_card"}
        self.refunds[row["id"]] = row
        failed = row["status"] == "failed"
        self.tell("refund.failed" if failed else "refund.created", row)
        return _public(row)

    # Events ---------------------------------------------------------------------------------

    def tell(self, kind: str, item: dict[str, Any]) -> None:
        self.events.append(
            {
                "id": f"evt_{secrets.token_hex(12)}",
                "object": "event",
                "type": kind,
                "created": int(time.time()),
                "data": {"object": json.loads(json.dumps(_public(item)))},
            }
        )

    def webhooks(self) -> list[tuple[dict[str, str], bytes]]:
        """Headers and body of all events told so far, signed now."""
        return [signed(event) for event in self.events]


def signed(
    event: dict[str, Any], *, secret: str = WEBHOOK_SECRET, at: float | None = None
) -> tuple[dict[str, str], bytes]:
    body = json.dumps(event, indent=2).encode()
    stamp = str(int(at if at is not None else time.time()))
    made = signature.digest(secret=secret, stamp=stamp, body=body)
    return {"stripe-signature": f"t={stamp},v1={made}"}, body


def _row(prefix: str, kind: str, currency: str, metadata: dict[str, str]) -> dict[str, Any]:
    return {
        "id": f"{prefix}{secrets.token_hex(12)}",
        "object": kind,
        "created": int(time.time()),
        "currency": currency,
        "metadata": dict(metadata),
    }


def _public(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not name.startswith("_")}


def _found(rows: dict[str, dict[str, Any]], ref: str) -> dict[str, Any]:
    if ref not in rows:
        raise Trouble(404, f"No such object: '{ref}'", "resource_missing")
    return rows[ref]


def _page(rows: dict[str, dict[str, Any]], given: dict[str, Any]) -> dict[str, Any]:
    """Newest first, at most three a page so that paging is always tried."""
    period = given.get("created") or {}
    kept = [
        row
        for row in reversed(list(rows.values()))
        if int(period.get("gte", 0)) <= row["created"] < int(period.get("lt", 1 << 40))
        and given.get("payment_intent") in (None, row.get("payment_intent"))
    ]
    if after := given.get("starting_after"):
        kept = kept[[row["id"] for row in kept].index(after) + 1 :]
    size = min(int(given.get("limit", 10)), 3)
    return {
        "object": "list",
        "data": [_public(row) for row in kept[:size]],
        "has_more": len(kept) > size,
    }


def _tree(form: str) -> dict[str, Any]:
    """Stripe's `a[b][c]=1` as nested dictionaries."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(form, keep_blank_values=True):
        first, *rest = re.findall(r"[^\[\]]+", name)
        place = tree
        for part in [first, *rest][:-1]:
            place = place.setdefault(part, {})
        place[[first, *rest][-1]] = value
    return tree


def _error(trouble: Trouble) -> Answer:
    return Answer(trouble.status, json.dumps({"error": trouble.error}).encode())
