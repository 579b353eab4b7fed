"""Commission plans, and placements that freeze their terms when goods enter a room."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.access import ActorQuerySet
from core.money import BASIS_POINTS
from promotion import states


class CommissionPlan(models.Model):
    """A rate for one offer. A change is a new version; orders keep the version they were sold under."""

    class Kind(models.TextChoices):
        OPEN = "open", _("Open to every anchor")

    offer = models.ForeignKey(
        "supply.Offer", on_delete=models.CASCADE, related_name="commission_plans"
    )
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.OPEN)
    version = models.PositiveIntegerField(default=1)
    rate_bps = models.PositiveIntegerField(validators=[MaxValueValidator(BASIS_POINTS)])
    starts_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["offer", "kind", "version"], name="promotion_plan_version_once"
            ),
            models.UniqueConstraint(
                fields=["offer"],
                condition=models.Q(kind="open", ended_at__isnull=True),
                name="promotion_one_open_plan",
            ),
            models.CheckConstraint(
                condition=models.Q(rate_bps__lte=BASIS_POINTS), name="promotion_rate_at_most_all"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rate_bps / 100:g}% v{self.version}"


class PlacementQuerySet(ActorQuerySet["Placement"]):
    def for_actor(self, user: Any) -> Self:
        return self if user.is_staff else self.filter(anchor=user)


class Placement(models.Model):
    """A listing taken into a room by an anchor. `room_ref` is the room's id; nothing here reads rooms."""

    anchor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="placements"
    )
    listing = models.ForeignKey(
        "catalog.Listing", on_delete=models.PROTECT, related_name="placements"
    )
    room_ref = models.BigIntegerField(db_index=True)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True, blank=True)
    pulled_at = models.DateTimeField(null=True, blank=True)
    # While the platform has stopped the room's sales.
    held_at = models.DateTimeField(null=True, blank=True)

    objects = PlacementQuerySet.as_manager()

    class Meta:
        verbose_name = _("placement")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["room_ref", "listing"],
                condition=models.Q(pulled_at__isnull=True),
                name="promotion_listing_once_a_room",
            )
        ]

    def __str__(self) -> str:
        return f"{self.listing} in room {self.room_ref}"


class PlacementTerm(models.Model):
    """The frozen price, supply price and commission of one variant in one placement."""

    placement = models.ForeignKey(Placement, on_delete=models.CASCADE, related_name="terms")
    listing_variant = models.ForeignKey(
        "catalog.ListingVariant", on_delete=models.PROTECT, related_name="+"
    )
    plan = models.ForeignKey(CommissionPlan, on_delete=models.PROTECT, related_name="+")
    price_minor = models.PositiveBigIntegerField()
    supply_price_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    commission_bps = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["placement", "listing_variant"], name="promotion_term_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.listing_variant}: {self.price_minor} {self.currency}"


class CommissionQuerySet(ActorQuerySet["Commission"]):
    def for_actor(self, user: Any) -> Self:
        return self if user.is_staff else self.filter(anchor=user)


class Commission(models.Model):
    """What an anchor earns on one order line, in minor units; the ledger holds the same sums."""

    anchor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="commissions"
    )
    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="+")
    order_line_ref = models.BigIntegerField(unique=True)
    rate_bps = models.PositiveIntegerField()
    amount_minor = models.BigIntegerField()
    reversed_minor = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=12, choices=states.COMMISSION.choices, default="ESTIMATED")
    created_at = models.DateTimeField(db_default=Now())

    objects = CommissionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    reversed_minor__gte=0, reversed_minor__lte=models.F("amount_minor")
                ),
                name="promotion_reversal_at_most_commission",
            )
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency} to {self.anchor_id}"

    @property
    def left_minor(self) -> int:
        """What no refund has taken back."""
        return self.amount_minor - self.reversed_minor
