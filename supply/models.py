"""Suppliers, what they offer, how much of it there is, and what they owe to whom."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.access import ActorQuerySet
from core.money import BASIS_POINTS
from supply import states


class SupplierQuerySet(ActorQuerySet["Supplier"]):
    def for_actor(self, user: Any) -> Self:
        return self if user.is_staff else self.filter(members=user)

    def of_member(self, user: Any) -> Self:
        """The suppliers a person speaks for; staff speak for none by that alone."""
        return self.filter(members=user)


class Supplier(models.Model):
    """A company that brings goods. Admission, brand authorisation and deposits hang on `state`."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    contact_email = models.EmailField(blank=True)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="suppliers", blank=True)
    return_address = models.JSONField(default=dict, blank=True)
    state = models.CharField(
        max_length=20, choices=states.SUPPLIER.choices, default="DRAFT", editable=False
    )
    created_at = models.DateTimeField(db_default=Now())

    objects = SupplierQuerySet.as_manager()

    class Meta:
        verbose_name = _("supplier")
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def may_sell(self) -> bool:
        return self.state in states.SELLING


class OfferQuerySet(ActorQuerySet["Offer"]):
    def for_actor(self, user: Any) -> Self:
        return self if user.is_staff else self.filter(supplier__members=user)

    def selling(self) -> Self:
        """Offers that may be sold now, whatever their stock."""
        return self.filter(status=Offer.Status.ACTIVE, supplier__state__in=states.SELLING)


class Offer(models.Model):
    """One SKU that a supplier can deliver, at what price. Amounts are minor units of `currency`."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ACTIVE = "active", _("Active")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="offers")
    sku = models.CharField(_("SKU"), max_length=60)
    product_code = models.CharField(
        _("product code"), max_length=60, help_text=_("Offers that share it are one product.")
    )
    title = models.CharField(_("title"), max_length=160)
    brand = models.CharField(_("brand"), max_length=80, blank=True)
    description = models.TextField(_("description"), blank=True)
    option_values = models.JSONField(_("options"), default=dict, blank=True)
    currency = models.CharField(max_length=3, default="CNY")
    supply_price_minor = models.PositiveBigIntegerField(
        _("supply price"), validators=[MinValueValidator(1)]
    )
    suggested_price_minor = models.PositiveBigIntegerField(
        _("suggested price"), validators=[MinValueValidator(1)]
    )
    commission_bps = models.PositiveIntegerField(
        _("commission"), validators=[MaxValueValidator(BASIS_POINTS)]
    )
    dispatch_hours = models.PositiveIntegerField(
        _("dispatch time"), default=48, validators=[MinValueValidator(1), MaxValueValidator(720)]
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(auto_now=True)

    objects = OfferQuerySet.as_manager()

    class Meta:
        verbose_name = _("offer")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["supplier", "sku"], name="supply_sku_once"),
            models.CheckConstraint(
                condition=models.Q(supply_price_minor__gte=1), name="supply_price_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(suggested_price_minor__gte=models.F("supply_price_minor")),
                name="supply_suggested_covers_supply_price",
            ),
            models.CheckConstraint(
                condition=models.Q(commission_bps__lte=BASIS_POINTS),
                name="supply_commission_at_most_all",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku} {self.title}"

    @property
    def option_label(self) -> str:
        return " / ".join(str(value) for value in self.option_values.values())


class Stock(models.Model):
    """The truth about one offer's quantity. The CHECK is the last word against overselling."""

    offer = models.OneToOneField(Offer, on_delete=models.CASCADE, related_name="stock")
    on_hand = models.PositiveIntegerField(default=0)
    reserved = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "stock"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(reserved__gte=0, reserved__lte=models.F("on_hand")),
                name="supply_never_oversold",
            )
        ]

    def __str__(self) -> str:
        return f"{self.available} of {self.on_hand}"

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


class StockAdjustment(models.Model):
    """A count by hand, or goods that came back: who set the quantity, from what, to what, and why."""

    offer = models.ForeignKey(Offer, on_delete=models.CASCADE, related_name="adjustments")
    before = models.PositiveIntegerField()
    after = models.PositiveIntegerField()
    why = models.CharField(max_length=200)
    actor_user_id = models.BigIntegerField(null=True, blank=True)
    actor_label = models.CharField(max_length=150, blank=True, default="")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.before} → {self.after}: {self.why}"


class PurchaseOrderQuerySet(ActorQuerySet["PurchaseOrder"]):
    def for_actor(self, user: Any) -> Self:
        return self if user.is_staff else self.filter(supplier__members=user)


class PurchaseOrder(models.Model):
    """One supplier's part of a paid order. `order_ref` is the order's public number."""

    number = models.CharField(max_length=20, unique=True)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="purchase_orders")
    order_ref = models.CharField(max_length=20, db_index=True)
    ship_to = models.JSONField()
    state = models.CharField(
        max_length=20, choices=states.PURCHASE_ORDER.choices, default="RELEASED"
    )
    dispatch_due_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())

    objects = PurchaseOrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("purchase order")
        ordering = ["-id"]
        constraints = [
            # Lines of an order that are released later join the open one, or a new one once it left.
            models.UniqueConstraint(
                fields=["supplier", "order_ref"],
                condition=models.Q(state="RELEASED"),
                name="supply_one_open_purchase_order",
            )
        ]

    def __str__(self) -> str:
        return self.number


class PurchaseOrderLine(models.Model):
    """`order_line_ref` is the order line's id; nothing here knows more about orders."""

    purchase_order = models.ForeignKey(
        PurchaseOrder, on_delete=models.CASCADE, related_name="lines"
    )
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="+")
    order_line_ref = models.BigIntegerField(unique=True)
    title = models.CharField(max_length=200)
    quantity = models.PositiveIntegerField()
    supply_price_minor = models.PositiveBigIntegerField()
    cancelled = models.BooleanField(default=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(quantity__gte=1), name="supply_line_quantity_positive"
            )
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.title}"


class ShipmentQuerySet(ActorQuerySet["Shipment"]):
    def for_actor(self, user: Any) -> Self:
        return self if user.is_staff else self.filter(purchase_order__supplier__members=user)


class Shipment(models.Model):
    """One parcel on its way to a buyer."""

    purchase_order = models.ForeignKey(
        PurchaseOrder, on_delete=models.PROTECT, related_name="shipments"
    )
    carrier = models.CharField(_("carrier"), max_length=40)
    tracking_number = models.CharField(_("tracking number"), max_length=60)
    shipped_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)

    objects = ShipmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("shipment")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["carrier", "tracking_number"], name="supply_tracking_number_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.carrier} {self.tracking_number}"


class ReturnParcelQuerySet(ActorQuerySet["ReturnParcel"]):
    def for_actor(self, user: Any) -> Self:
        return self if user.is_staff else self.filter(supplier__members=user)


class ReturnParcel(models.Model):
    """Goods that a buyer sends back to a supplier; `case_ref` is the after-sale case's number."""

    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="returns")
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="+")
    case_ref = models.CharField(max_length=20, unique=True)
    order_ref = models.CharField(max_length=20, db_index=True)
    title = models.CharField(max_length=200)
    quantity = models.PositiveIntegerField()
    reason = models.CharField(max_length=200, blank=True)
    carrier = models.CharField(max_length=40, blank=True)
    tracking_number = models.CharField(max_length=60, blank=True)
    state = models.CharField(
        max_length=20, choices=states.RETURN_PARCEL.choices, default="EXPECTED"
    )
    restocked = models.BooleanField(default=False)
    inspection_note = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = ReturnParcelQuerySet.as_manager()

    class Meta:
        verbose_name = _("return parcel")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.case_ref} {self.title}"
