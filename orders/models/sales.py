"""Orders, their lines, the stock promised to them, and claims on them.

Status is a fold over the lines; payment, fulfilment and after-sale are separate axes. Everything
that could change later is copied at purchase.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from catalog.pictures import url
from core.access import ActorQuerySet
from orders import states

TABS: dict[str, list[str]] = {
    "pay": ["PENDING_PAYMENT"],
    "ship": ["PAID_ON_HOLD", "PAID", "ALLOCATED"],
    "receive": ["SHIPPED", "DELIVERED"],
    "done": ["COMPLETED", "SETTLED"],
}

STATUS_ORDER = (
    "PENDING_PAYMENT",
    "PAID_ON_HOLD",
    "PAID",
    "ALLOCATED",
    "SHIPPED",
    "DELIVERED",
    "COMPLETED",
    "SETTLED",
    "RETURNED",
    "CANCELLED",
    "EXPIRED",
)


class OrderQuerySet(ActorQuerySet["Order"]):
    def for_actor(self, user: Any) -> Self:
        """Buyers see their own orders; suppliers and anchors have views of their own lines."""
        return self if user.is_staff else self.filter(buyer=user)

    def bought_by(self, user: Any) -> Self:
        """Only what `user` bought, for staff too."""
        return self.filter(buyer=user)

    def in_tab(self, tab: str) -> Self:
        """Orders with a line in one of the tab's states; an unknown tab means all."""
        if tab == "cases":
            open_cases = AfterSaleCase.objects.exclude(state__in=states.CASE_FINAL)
            return self.filter(pk__in=open_cases.values("line__order"))
        wanted = TABS.get(tab)
        if not wanted:
            return self
        return self.filter(pk__in=OrderLine.objects.filter(state__in=wanted).values("order"))


class Order(models.Model):
    number = models.CharField(max_length=20, unique=True)
    buyer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="orders"
    )
    currency = models.CharField(max_length=3)
    goods_minor = models.PositiveBigIntegerField()
    # What a coupon took off, and the coupon: total = goods - discount + shipping.
    discount_minor = models.PositiveBigIntegerField(default=0)
    coupon_claim = models.ForeignKey(
        "promotion.CouponClaim", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    shipping_minor = models.PositiveBigIntegerField(default=0)
    total_minor = models.PositiveBigIntegerField()
    ship_to = models.JSONField()
    source = models.CharField(max_length=10, default="web")
    placed_at = models.DateTimeField(db_default=Now())

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.number

    @property
    def status(self) -> str:
        """The fold over the lines: the state of the line that is furthest behind; ended lines count last."""
        present = {line.state for line in self.lines.all()}
        return next((state for state in STATUS_ORDER if state in present), "PENDING_PAYMENT")


class OrderLineQuerySet(ActorQuerySet["OrderLine"]):
    def for_actor(self, user: Any) -> Self:
        return self if user.is_staff else self.filter(order__buyer=user)

    def sold_by(self, user: Any) -> Self:
        """Lines that `user` sold as an anchor."""
        return self.filter(anchor=user)


class OrderLine(models.Model):
    """One variant in one order, with the terms that bound at purchase."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    listing_variant = models.ForeignKey(
        "catalog.ListingVariant", on_delete=models.PROTECT, related_name="+"
    )
    offer = models.ForeignKey("supply.Offer", on_delete=models.PROTECT, related_name="+")
    supplier = models.ForeignKey("supply.Supplier", on_delete=models.PROTECT, related_name="+")
    placement = models.ForeignKey(
        "promotion.Placement", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    anchor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="sold_lines",
    )
    title = models.CharField(max_length=200)
    option_label = models.CharField(max_length=120, blank=True)
    picture_key = models.CharField(max_length=40, blank=True)
    quantity = models.PositiveIntegerField()
    unit_price_minor = models.PositiveBigIntegerField()
    # This line's part of the order's coupon, which its anchor pays.
    discount_minor = models.PositiveBigIntegerField(default=0)
    flash = models.ForeignKey(
        "promotion.FlashSale", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    supply_price_minor = models.PositiveBigIntegerField()
    commission_plan_id = models.BigIntegerField(null=True, blank=True)
    commission_bps = models.PositiveIntegerField(default=0)
    platform_fee_bps = models.PositiveIntegerField()
    remorse_minutes = models.PositiveIntegerField(null=True, blank=True)
    state = models.CharField(max_length=20, choices=states.LINE.choices, default="PENDING_PAYMENT")
    # The moment on air that sold it, by the database's clock; null when bought off air.
    on_air_at = models.DateTimeField(null=True, blank=True)

    objects = OrderLineQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name = _("order line")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(quantity__gte=1), name="orders_line_quantity_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    discount_minor__lte=models.F("unit_price_minor") * models.F("quantity")
                ),
                name="orders_line_discount_at_most_price",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.title}"

    @property
    def goods_minor(self) -> int:
        """The price of the goods before any coupon."""
        return self.unit_price_minor * self.quantity

    @property
    def total_minor(self) -> int:
        """What the buyer pays for the line."""
        return self.goods_minor - self.discount_minor

    def paid_for(self, pieces: int) -> int:
        """What was paid for the next `pieces` that have not gone back yet.

        Counted over all pieces that have gone back so far, so the parts of a line that is taken
        apart sum to its total.
        """
        gone = self.quantity - self.left_quantity
        paid = self.total_minor
        return paid * (gone + pieces) // self.quantity - paid * gone // self.quantity

    @property
    def next_piece_minor(self) -> int:
        """What goes back for one piece."""
        return self.paid_for(1) if self.left_quantity else 0

    @property
    def open_case(self) -> AfterSaleCase | None:
        """The claim that stops this line's clock, if any."""
        return self.cases.exclude(state__in=states.CASE_FINAL).first()

    @property
    def latest_case(self) -> AfterSaleCase | None:
        return self.cases.first()

    @property
    def left_quantity(self) -> int:
        """How many have not been refunded and are not about to be."""
        asked = self.refunds.aggregate(total=models.Sum("quantity"))["total"]
        return self.quantity - (asked or 0)

    @property
    def claimable(self) -> str:
        """The kind of case that the buyer may open for the line now, or nothing."""
        if self.open_case or self.left_quantity < 1:
            return ""
        if self.state in states.UNSHIPPED:
            return AfterSaleCase.Kind.REFUND_BEFORE_SHIPPING
        return AfterSaleCase.Kind.RETURN_AND_REFUND if self.state in states.RETURNABLE else ""

    @property
    def picture(self) -> dict[str, Any] | None:
        """The picture that it was bought with, as the design system shows one."""
        if not self.picture_key:
            return None
        return {"src": url(self.picture_key, 160), "alt": self.title, "width": 160, "height": 160}

    def announced(self) -> dict[str, Any]:
        """The line as the events of an order tell it."""
        return {
            "line": self.pk,
            "placement_id": self.placement_id,
            "listing_variant_id": self.listing_variant_id,
            "offer_id": self.offer_id,
            "quantity": self.quantity,
            "title": self.title,
            "amount_minor": self.total_minor,
            "flash_id": self.flash_id,
        }


class Reservation(models.Model):
    """Stock promised to a line. `supply.Stock.reserved` is the sum of the open ones per offer."""

    class State(models.TextChoices):
        HELD = "held", "Held until paid"
        COMMITTED = "committed", "Paid, not shipped"
        CONSUMED = "consumed", "Shipped"
        RELEASED = "released", "Given back"

    line = models.OneToOneField(OrderLine, on_delete=models.CASCADE, related_name="reservation")
    offer = models.ForeignKey("supply.Offer", on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.HELD)
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["expires_at"],
                condition=models.Q(state="held"),
                name="orders_reservation_expiry",
            )
        ]

    def __str__(self) -> str:
        return f"{self.quantity} {self.state}"


class AfterSaleCaseQuerySet(ActorQuerySet["AfterSaleCase"]):
    def for_actor(self, user: Any) -> Self:
        if user.is_staff:
            return self
        return self.filter(
            models.Q(line__order__buyer=user) | models.Q(line__supplier__members=user)
        ).distinct()

    def against(self, user: Any) -> Self:
        """Cases against a supplier that `user` works for; all of them for staff."""
        return self if user.is_staff else self.filter(line__supplier__members=user).distinct()


class AfterSaleCase(models.Model):
    """A buyer's claim on one line, from request to refund."""

    class Kind(models.TextChoices):
        REFUND_BEFORE_SHIPPING = "refund_before_shipping", _("Refund before shipping")
        RETURN_AND_REFUND = "return_and_refund", _("Return and refund")

    class Fault(models.TextChoices):
        BUYER = "buyer", _("Buyer")
        ANCHOR = "anchor", _("Anchor")
        SUPPLIER = "supplier", _("Supplier")
        CARRIER = "carrier", _("Carrier")
        PLATFORM = "platform", _("Platform")

    class Reason(models.TextChoices):
        CHANGED_MIND = "changed_mind", _("I changed my mind")
        NOT_AS_SHOWN = "not_as_shown", _("Not as shown on air")
        DAMAGED = "damaged", _("Arrived damaged")
        WRONG_ITEM = "wrong_item", _("Wrong item")
        WRONG_SIZE = "wrong_size", _("Does not fit")
        LATE = "late", _("Not shipped in time")

    number = models.CharField(max_length=20, unique=True)
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="cases")
    kind = models.CharField(max_length=30, choices=Kind.choices)
    reason = models.CharField(max_length=20, choices=Reason.choices)
    description = models.TextField(blank=True)
    quantity = models.PositiveIntegerField()
    amount_minor = models.PositiveBigIntegerField()
    fault = models.CharField(max_length=10, choices=Fault.choices, default=Fault.BUYER)
    state = models.CharField(max_length=20, choices=states.CASE.choices, default="REQUESTED")
    opened_at = models.DateTimeField(db_default=Now())

    objects = AfterSaleCaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("after-sale case")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["line"],
                condition=~models.Q(state__in=sorted(states.CASE_FINAL)),
                name="orders_one_open_case_a_line",
            )
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def deadline(self) -> datetime | None:
        """When the case moves by itself."""
        return states.CASE.deadline_of(self)


class CaseNote(models.Model):
    """What one side writes to the other, and to whoever rules on the case. Never edited."""

    case = models.ForeignKey(AfterSaleCase, on_delete=models.PROTECT, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=10)
    text = models.TextField(max_length=2000)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text[:40]
