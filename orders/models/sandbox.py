"""The sandbox provider's own books, which only `orders.payments.sandbox` touches."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class SandboxCharge(models.Model):
    """The sandbox provider's own books: what a real provider would hold on its side."""

    ref = models.CharField(max_length=40, unique=True)
    key = models.CharField(max_length=64, unique=True)
    amount_minor = models.PositiveBigIntegerField()
    refunded_minor = models.PositiveBigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    # Empty for charges from before the sandbox took any.
    fee_minor = models.PositiveBigIntegerField(null=True)
    scenario = models.CharField(max_length=20)
    status = models.CharField(max_length=20, default="pending")
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.ref} {self.status}"


class SandboxRefund(models.Model):
    """A refund in the sandbox's books. The same key is the same refund, however often it is asked."""

    charge = models.ForeignKey(SandboxCharge, on_delete=models.PROTECT, related_name="refunds")
    ref = models.CharField(max_length=40, unique=True)
    key = models.CharField(max_length=64, unique=True)
    amount_minor = models.PositiveBigIntegerField()
    status = models.CharField(max_length=20, default="pending")
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.ref} {self.status}"


class SandboxWebhook(models.Model):
    """A webhook that the sandbox still has to send."""

    event_id = models.CharField(max_length=40)
    body = models.JSONField()
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(sent_at__isnull=True),
                name="orders_sandbox_webhook_due",
            )
        ]

    def __str__(self) -> str:
        return self.event_id
