"""A provider's record of money beside ours, and the differences for a person to look at."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from orders import states


class Subject(models.TextChoices):
    """Which way the money went."""

    CHARGE = "charge", _("Payment")
    REFUND = "refund", _("Refund")


class ProviderMovement(models.Model):
    """One row of a provider's own record, kept so that a key told twice is seen weeks apart too."""

    provider = models.CharField(max_length=20)
    kind = models.CharField(max_length=10, choices=Subject.choices)
    ref = models.CharField(max_length=120)
    key = models.CharField(max_length=80, blank=True)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "kind", "ref"], name="orders_provider_movement_once"
            )
        ]
        indexes = [
            models.Index(fields=["provider", "kind", "key"], name="orders_movement_key"),
            models.Index(fields=["provider", "at"], name="orders_movement_at"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.kind} {self.ref}"


class PaymentComparison(models.Model):
    """One comparison of a period, done or failed: an empty list of findings alone proves nothing."""

    provider = models.CharField(max_length=20)
    since = models.DateTimeField()
    until = models.DateTimeField()
    charges = models.PositiveIntegerField(default=0)
    refunds = models.PositiveIntegerField(default=0)
    found = models.PositiveIntegerField(default=0)
    failure = models.CharField(max_length=300, blank=True)
    done_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.provider} {self.since:%Y-%m-%d}"


class PaymentFinding(models.Model):
    """One difference, however often it is found. `key` and `ref` are the provider's words."""

    class Kind(models.TextChoices):
        MISSING_HERE = "missing_here", _("Moved there, unknown here")
        MISSING_THERE = "missing_there", _("Booked here, unknown there")
        AMOUNT_DIFFERS = "amount_differs", _("Another amount")
        CURRENCY_DIFFERS = "currency_differs", _("Another currency")
        STATE_DIFFERS = "state_differs", _("Another state")
        FEE_DIFFERS = "fee_differs", _("Another fee than agreed")
        PAID_TWICE = "paid_twice", _("Paid twice")
        REFUNDED_TWICE = "refunded_twice", _("Refunded twice")

    provider = models.CharField(max_length=20)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    subject = models.CharField(max_length=10, choices=Subject.choices)
    key = models.CharField(max_length=80, blank=True)
    ref = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=10, choices=states.FINDING.choices, default="OPEN")
    order = models.ForeignKey(
        "orders.Order",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="payment_findings",
    )
    # The amount, or the fee where that is what differs. Empty: not on that side at all.
    ours_minor = models.BigIntegerField(null=True, blank=True)
    ours_currency = models.CharField(max_length=3, blank=True)
    ours_state = models.CharField(max_length=20, blank=True)
    theirs_minor = models.BigIntegerField(null=True, blank=True)
    theirs_currency = models.CharField(max_length=3, blank=True)
    theirs_state = models.CharField(max_length=20, blank=True)
    # When the money moved, by whoever says that it did.
    occurred_at = models.DateTimeField()
    found_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("payment difference")
        verbose_name_plural = _("payment differences")
        ordering = ["-occurred_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "kind", "subject", "key", "ref"],
                name="orders_payment_finding_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["provider", "occurred_at"],
                condition=models.Q(state="OPEN"),
                name="orders_payment_finding_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.kind} {self.key or self.ref}"

    @property
    def advice(self) -> Any:
        """What a person does about it."""
        return ADVICE[self.Kind(self.kind), Subject(self.subject)]

    @property
    def can_ask(self) -> bool:
        """Whether asking the provider for its latest word may settle it."""
        return self.kind in {
            self.Kind.STATE_DIFFERS,
            self.Kind.MISSING_THERE,
        } and bool(self.key)


_SAME_AMOUNT = _(
    "Read the provider's own page of it. What was really moved decides: send the difference back "
    "or collect it there, and write down here what you did."
)
_FEE = _("Compare it with your contract, and claim the difference from the provider.")

Kind = PaymentFinding.Kind
ADVICE: dict[tuple[Kind, Subject], Any] = {
    (Kind.MISSING_HERE, Subject.CHARGE): _(
        "Somebody paid what this shop never asked for: another shop on the same account, or a "
        "payment made by hand. Find the payer on the provider's page, and send it back there if "
        "nothing is owed for it."
    ),
    (Kind.MISSING_HERE, Subject.REFUND): _(
        "Money went back that nobody here asked for, most often by hand on the provider's page. "
        "Ask who did it, and enter the refund on the order if it was meant for one."
    ),
    (Kind.MISSING_THERE, Subject.CHARGE): _(
        "Ask the provider now. If it still does not know this payment, hold the parcel and ask "
        "the provider's support: the order counts as paid."
    ),
    (Kind.MISSING_THERE, Subject.REFUND): _(
        "Ask the provider now. If it still does not know this refund, the buyer has not got the "
        "money: send it on the provider's page."
    ),
    (Kind.STATE_DIFFERS, Subject.CHARGE): _(
        "Ask the provider now: what it says is booked. Money for an order that has ended goes back "
        "by itself."
    ),
    (Kind.STATE_DIFFERS, Subject.REFUND): _(
        "Ask the provider now: what it says is booked. If the difference stays, the bank sent the "
        "money back to the shop: refund it once more on the provider's page."
    ),
    (Kind.AMOUNT_DIFFERS, Subject.CHARGE): _SAME_AMOUNT,
    (Kind.AMOUNT_DIFFERS, Subject.REFUND): _SAME_AMOUNT,
    (Kind.CURRENCY_DIFFERS, Subject.CHARGE): _SAME_AMOUNT,
    (Kind.CURRENCY_DIFFERS, Subject.REFUND): _SAME_AMOUNT,
    (Kind.FEE_DIFFERS, Subject.CHARGE): _FEE,
    (Kind.FEE_DIFFERS, Subject.REFUND): _FEE,
    (Kind.PAID_TWICE, Subject.CHARGE): _(
        "The buyer paid this order more than once. Send the second payment back on the provider's "
        "page, unless a refund of it is on its way."
    ),
    (Kind.REFUNDED_TWICE, Subject.REFUND): _(
        "More went back than was owed. Ask the provider to reverse the second refund, or the buyer "
        "to return it."
    ),
}
