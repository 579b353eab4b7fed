"""Coupons that an anchor drops into a room, paid for out of the anchor's own commission."""

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


class CouponQuerySet(ActorQuerySet["Coupon"]):
    def for_actor(self, user: Any) -> Self:
        return self if user.is_staff else self.filter(anchor=user)


class Coupon(models.Model):
    """One drop: terms that never change, `count` pieces, claimable until `closes_at`.

    `amount_minor` is what a fixed coupon takes off and the most that a percentage takes off.
    `claimed` changes by conditional UPDATEs alone. `room_ref` is the room's id.
    """

    class Kind(models.TextChoices):
        FIXED = "fixed", _("Fixed amount")
        PERCENT = "percent", _("Percentage")

    anchor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="coupons"
    )
    room_ref = models.BigIntegerField(db_index=True)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    rate_bps = models.PositiveIntegerField(default=0, validators=[MaxValueValidator(BASIS_POINTS)])
    amount_minor = models.PositiveBigIntegerField()
    threshold_minor = models.PositiveBigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    count = models.PositiveIntegerField()
    claimed = models.PositiveIntegerField(default=0)
    valid_minutes = models.PositiveIntegerField()
    closes_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=states.COUPON.choices, default="OPEN")
    created_at = models.DateTimeField(db_default=Now())

    objects = CouponQuerySet.as_manager()

    class Meta:
        verbose_name = _("coupon")
        verbose_name_plural = _("coupons")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["room_ref"],
                condition=models.Q(state="OPEN"),
                name="promotion_one_open_coupon",
            ),
            models.CheckConstraint(
                condition=models.Q(claimed__lte=models.F("count")),
                name="promotion_coupon_never_overspent",
            ),
            models.CheckConstraint(
                condition=models.Q(amount_minor__gt=0), name="promotion_coupon_of_something"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency} × {self.count}"

    @property
    def left(self) -> int:
        return self.count - self.claimed


class CouponClaimQuerySet(ActorQuerySet["CouponClaim"]):
    def for_actor(self, user: Any) -> Self:
        return self if user.is_staff else self.filter(user=user)


class CouponClaim(models.Model):
    """One viewer's piece of a coupon. `order_ref` names the order that used it."""

    coupon = models.ForeignKey(Coupon, on_delete=models.PROTECT, related_name="claims")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="coupon_claims"
    )
    claimed_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    order_ref = models.CharField(max_length=20, blank=True, default="")

    objects = CouponClaimQuerySet.as_manager()

    class Meta:
        verbose_name = _("claimed coupon")
        verbose_name_plural = _("claimed coupons")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["coupon", "user"], name="promotion_claimed_once")
        ]
        indexes = [
            models.Index(
                fields=["user", "expires_at"],
                condition=models.Q(order_ref=""),
                name="promotion_claim_usable",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.order_ref or self.expires_at}"
