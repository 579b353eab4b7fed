"""What is collected and sent back, and what providers told us about it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from orders import states


class PaymentIntent(models.Model):
    """One attempt to collect an order's total. Its state is a fold of its events."""

    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="payments")
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    provider = models.CharField(max_length=20)
    provider_ref = models.CharField(max_length=80, blank=True, db_index=True)
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=20, choices=states.PAYMENT.choices, default="STARTED")
    failure = models.CharField(max_length=200, blank=True)
    # What the provider wants from the buyer: {"kind": …, "url": …}.
    next_action = models.JSONField(default=dict, blank=True)
    # Provider-specific wishes, for example {"scenario": "decline"} for the sandbox.
    options = models.JSONField(default=dict, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=models.Q(state__in=["STARTED", "ACTION_REQUIRED"]),
                name="orders_payment_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.provider_ref or self.key}"


class PaymentEvent(models.Model):
    """What a provider told us, once per provider event. Append-only."""

    provider = models.CharField(max_length=20)
    provider_event_id = models.CharField(max_length=120)
    intent = models.ForeignKey(
        PaymentIntent, null=True, on_delete=models.PROTECT, related_name="events"
    )
    refund = models.ForeignKey("Refund", null=True, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=40)
    amount_minor = models.BigIntegerField(null=True)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "provider_event_id"], name="orders_payment_event_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.kind}"


class WebhookInbox(models.Model):
    """A verified webhook as it came, kept before it is acted on."""

    provider = models.CharField(max_length=20)
    body = models.TextField()
    received_at = models.DateTimeField(db_default=Now())
    processed_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
    last_error = models.TextField(blank=True, default="")

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhook inbox")
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=models.Q(processed_at__isnull=True),
                name="orders_webhook_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider} #{self.pk}"


class Refund(models.Model):
    """Money on its way back. `key` is sent to the provider, so a retry is never a second refund."""

    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="refunds")
    intent = models.ForeignKey(PaymentIntent, on_delete=models.PROTECT, related_name="refunds")
    line = models.ForeignKey(
        "orders.OrderLine", null=True, blank=True, on_delete=models.PROTECT, related_name="refunds"
    )
    case = models.ForeignKey(
        "orders.AfterSaleCase",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="refunds",
    )
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    quantity = models.PositiveIntegerField(default=0)
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=12, choices=states.REFUND.choices, default="REQUESTED")
    reason = models.CharField(max_length=120, blank=True)
    provider_ref = models.CharField(max_length=80, blank=True, db_index=True)
    failure = models.CharField(max_length=200, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    checked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount_minor__gt=0), name="orders_refund_of_something"
            )
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=models.Q(state__in=["REQUESTED", "SUBMITTED"]),
                name="orders_refund_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency}"
