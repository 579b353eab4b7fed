"""The sandbox's side of the contract. Its books are tables that only this folder touches."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_noop

from core import clock
from core.money import Money
from orders.models import SandboxCharge, SandboxRefund, SandboxWebhook
from orders.payments import signing
from orders.payments.contract import (
    WAIT,
    BadSignature,
    Capabilities,
    Charge,
    Declined,
    EventKind,
    Movement,
    MovementKind,
    NextAction,
    ProviderEvent,
    Started,
)
from orders.payments.sandbox.scenarios import Scenario, choose

DELAY = timedelta(seconds=20)
MOMENT = timedelta(seconds=1)


class SandboxProvider:
    code = "sandbox"
    capabilities = Capabilities(currencies=frozenset({"CNY", "USD", "EUR", "JPY"}))
    acknowledgement = ""

    def start(self, charge: Charge) -> Started:
        """See `PaymentProvider.start`; the scenario decides what the webhooks will say."""
        scenario = choose(charge.amount.minor, charge.options)
        if scenario is Scenario.REFUSE_AT_ONCE:
            raise Declined(gettext_noop("The bank refuses this payment."))
        with transaction.atomic():
            row, created = SandboxCharge.objects.get_or_create(
                key=charge.key,
                defaults={
                    "ref": f"sc_{secrets.token_hex(10)}",
                    "amount_minor": charge.amount.minor,
                    "currency": charge.amount.currency,
                    "scenario": scenario,
                },
            )
            if created:
                _play(row)
        return Started(row.ref, _action(row))

    def capture(self, ref: str, amount: Money, *, key: str) -> None:
        """Nothing: the sandbox collects at once."""

    def cancel(self, ref: str) -> None:
        """See `PaymentProvider.cancel`."""
        with transaction.atomic():
            row = SandboxCharge.objects.select_for_update().get(ref=ref)
            if row.status in {"pending", "action_required"}:
                _decide(row, "cancelled", EventKind.CANCELLED)

    def confirm(self, ref: str, *, approve: bool) -> None:
        """What the buyer answers on the sandbox's own 3-D Secure page."""
        with transaction.atomic():
            row = SandboxCharge.objects.select_for_update().get(ref=ref)
            if row.status != "action_required":
                return
            if approve:
                _decide(row, "succeeded", EventKind.SUCCEEDED)
            else:
                _decide(
                    row,
                    "failed",
                    EventKind.FAILED,
                    reason=gettext_noop("The payment was not confirmed."),
                )

    def refund(self, ref: str, amount: Money, *, key: str) -> str:
        """See `PaymentProvider.refund`."""
        with transaction.atomic():
            charge = SandboxCharge.objects.select_for_update().get(ref=ref)
            known = SandboxRefund.objects.filter(key=key).first()
            if known and known.status != "failed":
                return known.ref
            if charge.status != "succeeded":
                raise Declined("The charge was never collected.")
            if charge.refunded_minor + amount.minor > charge.amount_minor:
                raise Declined("More than the charge cannot be refunded.")
            fails = charge.scenario == Scenario.FAILED_REFUND and known is None
            row = known or SandboxRefund(charge=charge, key=key, ref=f"sr_{secrets.token_hex(10)}")
            row.amount_minor = amount.minor
            row.status = "failed" if fails else "succeeded"
            row.save()
            if not fails:
                charge.refunded_minor += amount.minor
                charge.save(update_fields=["refunded_minor"])
            _tell(
                kind=EventKind.REFUND_FAILED if fails else EventKind.REFUND_SUCCEEDED,
                key=key,
                ref=row.ref,
                amount=amount,
                reason=gettext_noop("The bank did not answer.") if fails else "",
            )
        return row.ref

    def fetch(self, ref: str) -> ProviderEvent | None:
        """See `PaymentProvider.fetch`."""
        row = SandboxCharge.objects.filter(ref=ref).first()
        if row is None:
            raise Declined("There is no such charge.")
        kinds = {
            "succeeded": EventKind.SUCCEEDED,
            "failed": EventKind.FAILED,
            "cancelled": EventKind.CANCELLED,
        }
        if row.status not in kinds:
            return None
        return ProviderEvent(
            id=f"fetch:{row.ref}:{row.status}",
            kind=kinds[row.status],
            key=row.key,
            ref=row.ref,
            amount=Money(row.amount_minor, row.currency),
            occurred_at=clock.now(),
        )

    def fetch_refund(self, ref: str) -> ProviderEvent | None:
        """See `PaymentProvider.fetch_refund`."""
        row = SandboxRefund.objects.select_related("charge").filter(ref=ref).first()
        if row is None:
            raise Declined("There is no such refund.")
        succeeded = row.status == "succeeded"
        return ProviderEvent(
            id=f"fetch:{row.ref}:{row.status}",
            kind=EventKind.REFUND_SUCCEEDED if succeeded else EventKind.REFUND_FAILED,
            key=row.key,
            ref=row.ref,
            amount=Money(row.amount_minor, row.charge.currency),
            occurred_at=clock.now(),
        )

    def parse_webhook(
        self, headers: Mapping[str, str], body: bytes, *, now: datetime
    ) -> list[ProviderEvent]:
        """See `PaymentProvider.parse_webhook`."""
        event_id = signing.verify(
            secret=settings.SANDBOX_WEBHOOK_SECRET, headers=headers, body=body, now=now
        )
        try:
            events = self.read_body(body.decode())
        except (ValueError, KeyError, TypeError) as error:
            raise BadSignature(f"the body is not a sandbox event: {error!r}") from None
        if any(event.id != event_id for event in events):
            raise BadSignature("the body belongs to another event id")
        return events

    def read_body(self, body: str) -> list[ProviderEvent]:
        """See `PaymentProvider.read_body`."""
        event = json.loads(body)
        data = event["data"]
        return [
            ProviderEvent(
                id=event["id"],
                kind=EventKind(event["type"]),
                key=data["key"],
                ref=data["ref"],
                amount=Money(int(data["amount_minor"]), data["currency"]),
                occurred_at=datetime.fromisoformat(event["created"]),
                reason=data.get("reason", ""),
            )
        ]

    def movements(self, since: datetime, until: datetime) -> Iterator[Movement]:
        """See `PaymentProvider.movements`."""
        period = {"status": "succeeded", "created_at__gte": since, "created_at__lt": until}
        for charge in SandboxCharge.objects.filter(**period).order_by("id").iterator():
            amount = Money(charge.amount_minor, charge.currency)
            yield Movement(MovementKind.CHARGE, charge.key, charge.ref, amount, charge.created_at)
        refunds = SandboxRefund.objects.filter(**period).select_related("charge").order_by("id")
        for refund in refunds.iterator():
            amount = Money(refund.amount_minor, refund.charge.currency)
            yield Movement(MovementKind.REFUND, refund.key, refund.ref, amount, refund.created_at)


def _action(row: SandboxCharge) -> NextAction:
    if row.status == "action_required":
        return NextAction("redirect", reverse("orders:sandbox_pay", args=[row.ref]))
    return WAIT


def _play(row: SandboxCharge) -> None:
    """Decide a new charge and queue what will be told about it."""
    now = clock.now()
    if row.scenario == Scenario.THREE_DS:
        _decide(row, "action_required", EventKind.ACTION_REQUIRED)
    elif row.scenario == Scenario.DECLINE:
        _decide(row, "failed", EventKind.FAILED, reason=gettext_noop("The card was declined."))
    elif row.scenario == Scenario.DELAY:
        _decide(row, "succeeded", EventKind.SUCCEEDED, due_at=now + DELAY)
    elif row.scenario == Scenario.DUPLICATE:
        event_id = _decide(row, "succeeded", EventKind.SUCCEEDED)
        first = SandboxWebhook.objects.filter(event_id=event_id).get()
        SandboxWebhook.objects.create(event_id=event_id, body=first.body, due_at=now)
    elif row.scenario == Scenario.DISORDER:
        _decide(row, "succeeded", EventKind.SUCCEEDED)
        _tell_of(row, EventKind.ACTION_REQUIRED, occurred_at=now - MOMENT, due_at=now + MOMENT)
    else:
        _decide(row, "succeeded", EventKind.SUCCEEDED)


def _decide(
    row: SandboxCharge,
    status: str,
    kind: EventKind,
    *,
    reason: str = "",
    due_at: datetime | None = None,
) -> str:
    row.status = status
    row.save(update_fields=["status"])
    return _tell_of(row, kind, reason=reason, due_at=due_at)


def _tell_of(row: SandboxCharge, kind: EventKind, **changes: Any) -> str:
    amount = Money(row.amount_minor, row.currency)
    return _tell(kind=kind, key=row.key, ref=row.ref, amount=amount, **changes)


def _tell(
    *,
    kind: EventKind,
    key: str,
    ref: str,
    amount: Money,
    reason: str = "",
    occurred_at: datetime | None = None,
    due_at: datetime | None = None,
) -> str:
    from orders.payments.sandbox.sender import wake_up

    event_id = f"evt_{secrets.token_hex(10)}"
    now = clock.now()
    SandboxWebhook.objects.create(
        event_id=event_id,
        due_at=due_at or now,
        body={
            "id": event_id,
            "type": kind,
            "created": (occurred_at or now).isoformat(),
            "data": {
                "key": key,
                "ref": ref,
                "amount_minor": amount.minor,
                "currency": amount.currency,
                "reason": reason,
            },
        },
    )
    transaction.on_commit(wake_up)
    return event_id
