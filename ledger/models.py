"""Double entry, append-only. A positive posting debits its account, a negative one credits it."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Kind(models.TextChoices):
    """What an account holds. Liabilities and income stand negative, assets positive."""

    PROVIDER_CLEARING = "provider_clearing", "Held by the payment provider"
    SUPPLIER_PAYABLE = "supplier_payable", "Owed to the supplier"
    COMMISSION_ESTIMATED = "commission_estimated", "Commission estimated"
    COMMISSION_PAYABLE = "commission_payable", "Commission owed to the anchor"
    PLATFORM_FEE = "platform_fee", "Platform fee"
    SHIPPING_FEE = "shipping_fee", "Shipping fee collected"


class Account(models.Model):
    """One owner's account of one kind in one currency. The platform is owner ("platform", "")."""

    owner_kind = models.CharField(max_length=20)
    owner_ref = models.CharField(max_length=40, blank=True, default="")
    kind = models.CharField(max_length=30, choices=Kind.choices)
    currency = models.CharField(max_length=3)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner_kind", "owner_ref", "kind", "currency"], name="ledger_account_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.owner_kind}:{self.owner_ref} {self.kind} {self.currency}"


class Entry(models.Model):
    """One thing that happened to money. `key` makes the writer idempotent."""

    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=120, unique=True)
    reference = models.CharField(max_length=60, db_index=True)
    reverses = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="reversals"
    )
    memo = models.CharField(max_length=200, blank=True, default="")
    occurred_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"


class Posting(models.Model):
    """One signed amount. A deferred trigger refuses an entry whose postings do not sum to zero."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="postings")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="postings")
    amount_minor = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(amount_minor=0), name="ledger_posting_not_zero"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account}: {self.amount_minor:+}"
