"""Flash sales: a better price for some pieces of a placement, for some seconds."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.access import ActorQuerySet
from promotion import states


class FlashSaleQuerySet(ActorQuerySet["FlashSale"]):
    def for_actor(self, user: Any) -> Self:
        return self if user.is_staff else self.filter(placement__anchor=user)

    def open(self) -> Self:
        """Those that are announced or run; their clock may be over already."""
        return self.filter(state__in=states.FLASH_OPEN)

    def current(self, at: datetime) -> Self:
        """Those whose time has come at `at`, whatever state a late job left them in."""
        return self.open().filter(starts_at__lte=at, ends_at__gt=at)


class FlashSale(models.Model):
    """A sale of one placement between two moments, `ends_at` excluded.

    The clock decides who gets the price, not `state`, which follows by deadlines. `sold` counts
    the pieces of orders that hold stock; it changes by conditional UPDATEs alone.
    """

    placement = models.ForeignKey(
        "promotion.Placement", on_delete=models.PROTECT, related_name="flash_sales"
    )
    quantity = models.PositiveIntegerField()
    per_buyer = models.PositiveIntegerField()
    sold = models.PositiveIntegerField(default=0)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    # Orders of a sale without remorse go to be packed as soon as they are paid.
    remorse = models.BooleanField(default=True)
    state = models.CharField(max_length=10, choices=states.FLASH.choices, default="SCHEDULED")
    created_at = models.DateTimeField(db_default=Now())

    objects = FlashSaleQuerySet.as_manager()

    class Meta:
        verbose_name = _("flash sale")
        verbose_name_plural = _("flash sales")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["placement"],
                condition=models.Q(state__in=sorted(states.FLASH_OPEN)),
                name="promotion_one_open_flash",
            ),
            models.CheckConstraint(
                condition=models.Q(sold__lte=models.F("quantity")),
                name="promotion_flash_never_oversold",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                name="promotion_flash_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sold}/{self.quantity} {self.state}"

    @property
    def left(self) -> int:
        return self.quantity - self.sold


class FlashPrice(models.Model):
    """The price of one variant in a flash sale, and what it costs otherwise, both for one piece."""

    sale = models.ForeignKey(FlashSale, on_delete=models.CASCADE, related_name="prices")
    term = models.ForeignKey("promotion.PlacementTerm", on_delete=models.PROTECT, related_name="+")
    price_minor = models.PositiveBigIntegerField()
    was_minor = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sale", "term"], name="promotion_flash_price_once"),
            models.CheckConstraint(
                condition=models.Q(price_minor__gt=0, price_minor__lt=models.F("was_minor")),
                name="promotion_flash_price_lower",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.was_minor} → {self.price_minor}"


class FlashBuyer(models.Model):
    """How many pieces one buyer has of one sale; the row decides the limit of each buyer."""

    sale = models.ForeignKey(FlashSale, on_delete=models.CASCADE, related_name="buyers")
    buyer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    quantity = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sale", "buyer"], name="promotion_flash_buyer_once")
        ]

    def __str__(self) -> str:
        return f"{self.buyer_id}: {self.quantity}"
