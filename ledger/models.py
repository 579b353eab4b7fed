"""Double entry, append-only. A positive posting debits its account, a negative one credits it."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Sum
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from core.access import ActorQuerySet
from ledger import owners


class Kind(models.TextChoices):
    """What an account holds. Liabilities and income stand negative, assets positive."""

    PROVIDER_CLEARING = "provider_clearing", _("Held by the payment provider")
    SUPPLIER_PAYABLE = "supplier_payable", _("Owed to the supplier")
    COMMISSION_ESTIMATED = "commission_estimated", _("Commission estimated")
    COMMISSION_PAYABLE = "commission_payable", _("Commission owed to the anchor")
    PLATFORM_FEE = "platform_fee", _("Platform fee")
    SHIPPING_FEE = "shipping_fee", _("Shipping fee collected")
    REFUND_PAYABLE = "refund_payable", _("Owed back to the buyer")


class AccountQuerySet(ActorQuerySet["Account"]):
    def for_actor(self, user: Any) -> Self:
        """A person sees the accounts of the owners they speak for: `ledger.owners`."""
        if user.is_staff:
            return self
        mine = models.Q(pk__in=[])
        for owner_kind, owner_ref in owners.of(user):
            mine |= models.Q(owner_kind=owner_kind, owner_ref=owner_ref)
        return self.filter(mine)

    def with_balance(self) -> Self:
        """Adds `balance_minor`: debits minus credits."""
        return self.annotate(balance_minor=Coalesce(Sum("postings__amount_minor"), 0))


class Account(models.Model):
    """One owner's account of one kind in one currency. The platform is owner ("platform", "")."""

    owner_kind = models.CharField(max_length=20)
    owner_ref = models.CharField(max_length=40, blank=True, default="")
    kind = models.CharField(max_length=30, choices=Kind.choices)
    currency = models.CharField(max_length=3)

    objects = AccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
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
        verbose_name = _("entry")
        verbose_name_plural = _("entries")

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"


class PostingQuerySet(ActorQuerySet["Posting"]):
    def for_actor(self, user: Any) -> Self:
        return self.filter(account__in=Account.objects.for_actor(user))

    def of_reference(self, reference: str) -> Self:
        """Everything that happened to the money of one order, oldest first."""
        return (
            self.filter(entry__reference=reference)
            .select_related("entry", "account")
            .order_by("entry_id", "id")
        )


class Posting(models.Model):
    """One signed amount. A deferred trigger refuses an entry whose postings do not sum to zero."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="postings")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="postings")
    amount_minor = models.BigIntegerField()

    objects = PostingQuerySet.as_manager()

    class Meta:
        verbose_name = _("posting")
        verbose_name_plural = _("postings")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(amount_minor=0), name="ledger_posting_not_zero"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account}: {self.amount_minor:+}"
