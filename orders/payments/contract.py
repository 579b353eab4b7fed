"""What every payment provider does, in the words of no provider in particular.

A provider knows charges and refunds by the *key* that we made up and stored before the first call,
so a call that is repeated after a crash is the same call. It tells what happened by webhooks, which
`parse_webhook` verifies; `fetch` and `fetch_refund` ask for the same facts when none came.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from core.money import Money


class PaymentError(Exception):
    """Base of what a provider call can end in besides success."""


class Declined(PaymentError):
    """The provider says no, for good. The text may be shown to the buyer."""


class Retryable(PaymentError):
    """Nobody knows what happened; repeat the same call with the same key."""


class Misconfigured(PaymentError):
    """Our own credentials or set-up are wrong; a person has to look."""


class BadSignature(PaymentError):
    """A webhook that the provider did not sign, or signed too long ago."""


class EventKind(StrEnum):
    """The facts that a provider can tell."""

    ACTION_REQUIRED = "payment.action_required"
    SUCCEEDED = "payment.succeeded"
    FAILED = "payment.failed"
    CANCELLED = "payment.cancelled"
    REFUND_SUCCEEDED = "refund.succeeded"
    REFUND_FAILED = "refund.failed"


REFUND_KINDS = frozenset({EventKind.REFUND_SUCCEEDED, EventKind.REFUND_FAILED})


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do; an action checks before it asks."""

    currencies: frozenset[str]
    refunds: bool = True
    partial_refunds: bool = True
    separate_capture: bool = False


@dataclass(frozen=True, slots=True)
class NextAction:
    """What the buyer does next: nothing, wait, visit `url` ("redirect") or scan it as a code ("qr")."""

    kind: str
    url: str = ""

    @property
    def is_redirect(self) -> bool:
        return self.kind == "redirect"


WAIT = NextAction("wait")
DONE = NextAction("done")


@dataclass(frozen=True, slots=True)
class Charge:
    """A request to collect `amount`. `options` are wishes that only the chosen provider reads."""

    key: str
    amount: Money
    description: str
    return_url: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Started:
    """The provider's name for the charge, and what the buyer does next."""

    ref: str
    action: NextAction


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """One fact. `id` is the provider's own and makes a repeated telling harmless."""

    id: str
    kind: EventKind
    key: str
    ref: str
    amount: Money
    occurred_at: datetime
    reason: str = ""


class MovementKind(StrEnum):
    """Which way money went."""

    CHARGE = "charge"
    REFUND = "refund"


@dataclass(frozen=True, slots=True)
class Movement:
    """Money that moved by the provider's own record. `key` is empty for what we never asked for."""

    kind: MovementKind
    key: str
    ref: str
    amount: Money
    at: datetime


class PaymentProvider(Protocol):
    """Every call may raise Declined, Retryable or Misconfigured, and is safe to repeat.

    `acknowledgement` is the text that the provider wants to read in the answer to a webhook.
    """

    code: str
    capabilities: Capabilities
    acknowledgement: str

    def start(self, charge: Charge) -> Started:
        """Begin to collect. The same key returns the same charge and moves no money twice."""
        ...

    def capture(self, ref: str, amount: Money, *, key: str) -> None:
        """Take what was authorised; nothing to do where `separate_capture` is False."""
        ...

    def cancel(self, ref: str) -> None:
        """Stop a charge that has not succeeded; does nothing to one that has."""
        ...

    def refund(self, ref: str, amount: Money, *, key: str) -> str:
        """Send `amount` of charge `ref` back; returns the provider's name for the refund.

        Repeating a key whose refund failed tries it again, perhaps under another name; any other
        repetition changes nothing. Raises Declined for more than was collected.
        """
        ...

    def fetch(self, ref: str) -> ProviderEvent | None:
        """The charge's present state as an event, None while it is undecided."""
        ...

    def fetch_refund(self, ref: str) -> ProviderEvent | None:
        """The refund's present state as an event, None while it is undecided."""
        ...

    def parse_webhook(
        self, headers: Mapping[str, str], body: bytes, *, now: datetime
    ) -> list[ProviderEvent]:
        """Verify and read a webhook; pure. Raises BadSignature or Misconfigured."""
        ...

    def read_body(self, body: str) -> list[ProviderEvent]:
        """Read the body of a webhook that was verified when it came."""
        ...

    def movements(self, since: datetime, until: datetime) -> Iterable[Movement]:
        """All money that moved in `since <= at < until` by the provider's record, for reconciliation."""
        ...
