"""Offers: what a supplier can deliver, and at what price. Amounts are minor units."""

from __future__ import annotations

from typing import Any

from babel.core import get_global
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from core.errors import Conflict, Invalid
from core.events import publish
from core.money import BASIS_POINTS
from supply.actions.stock import MAX_ON_HAND, set_stock
from supply.events import OfferChanged, OfferWithdrawn
from supply.models import Offer, Stock, Supplier

# A hundred million yuan: above every real price, and far below where sums could overflow.
MAX_PRICE_MINOR = 10_000_000_000
MAX_OPTIONS = 5
EDITABLE = frozenset(
    {
        "sku",
        "product_code",
        "title",
        "brand",
        "description",
        "option_values",
        "supply_price_minor",
        "suggested_price_minor",
        "commission_bps",
        "dispatch_hours",
    }
)


@transaction.atomic
def create_offer(
    *,
    supplier: Supplier,
    actor: Any,
    sku: str,
    product_code: str,
    title: str,
    description: str = "",
    brand: str = "",
    option_values: dict[str, str] | None = None,
    currency: str = "CNY",
    supply_price_minor: int,
    suggested_price_minor: int,
    commission_bps: int,
    dispatch_hours: int = 48,
    on_hand: int = 0,
) -> Offer:
    """A new SKU with its stock, as a draft: `catalog.actions.list_offer` puts it on sale.

    Raises Invalid with `fields` naming what is wrong, Conflict when the supplier has that SKU.
    """
    offer = Offer(
        supplier=supplier,
        sku=sku.strip(),
        product_code=product_code.strip(),
        title=title.strip(),
        brand=brand.strip(),
        description=description.strip(),
        option_values=_options(option_values or {}),
        currency=currency,
        supply_price_minor=supply_price_minor,
        suggested_price_minor=suggested_price_minor,
        commission_bps=commission_bps,
        dispatch_hours=dispatch_hours,
    )
    _check(offer)
    if not 0 <= on_hand <= MAX_ON_HAND:
        raise _wrong("on_hand", _("Enter a number of units, 0 or more."))
    _save(offer)
    Stock.objects.create(offer=offer)
    if on_hand:
        offer.stock = set_stock(offer=offer, on_hand=on_hand, actor=actor, why="first stock")
    return offer


@transaction.atomic
def update_offer(*, offer: Offer, actor: Any, **changes: Any) -> Offer:
    """Change fields of `EDITABLE`. Publishes OfferChanged when anything is different.

    What is on sale already keeps the terms it was placed with. Raises Invalid, Conflict as
    `create_offer`. Locks the offer's row.
    """
    if unknown := changes.keys() - EDITABLE:
        raise Invalid(_("These cannot be changed: %s.") % ", ".join(sorted(unknown)))
    rows = Offer.objects.select_for_update(no_key=True, of=("self",)).select_related("supplier")
    offer = rows.get(pk=offer.pk)
    before = {name: getattr(offer, name) for name in EDITABLE}
    for name, value in changes.items():
        if name == "option_values":
            value = _options(value or {})
        setattr(offer, name, value.strip() if isinstance(value, str) else value)
    _check(offer)
    changed = sorted(name for name in EDITABLE if before[name] != getattr(offer, name))
    if changed:
        _save(offer)
        publish(OfferChanged(offer_id=offer.pk, fields=changed))
    return offer


@transaction.atomic
def withdraw_offer(*, offer: Offer, actor: Any) -> Offer:
    """Take it off sale everywhere. Orders already placed stay. Publishes OfferWithdrawn once."""
    changed = (
        Offer.objects.filter(pk=offer.pk)
        .exclude(status=Offer.Status.WITHDRAWN)
        .update(status=Offer.Status.WITHDRAWN)
    )
    offer.status = Offer.Status.WITHDRAWN
    if changed:
        publish(OfferWithdrawn(offer_id=offer.pk))
    return offer


@transaction.atomic
def offer_again(*, offer: Offer, actor: Any) -> Offer:
    """Make a draft or withdrawn offer active. Publishes OfferChanged when it was not.

    Raises Conflict while the supplier may not sell.
    """
    if not offer.supplier.may_sell:
        raise Conflict(
            _("%s is not admitted to sell yet. An admin has to admit it first.") % offer.supplier,
            code="not_admitted",
        )
    changed = (
        Offer.objects.filter(pk=offer.pk)
        .exclude(status=Offer.Status.ACTIVE)
        .update(status=Offer.Status.ACTIVE)
    )
    offer.status = Offer.Status.ACTIVE
    if changed:
        publish(OfferChanged(offer_id=offer.pk, fields=["status"]))
    return offer


def _check(offer: Offer) -> None:
    if offer.currency not in get_global("all_currencies"):
        raise _wrong("currency", _("Use a currency code such as CNY."))
    for name in ("supply_price_minor", "suggested_price_minor"):
        if not 1 <= getattr(offer, name) <= MAX_PRICE_MINOR:
            raise _wrong(name, _("Enter a price above zero."))
    if offer.suggested_price_minor < offer.supply_price_minor:
        raise _wrong(
            "suggested_price_minor", _("The price to the buyer must cover the supply price.")
        )
    if not 0 <= offer.commission_bps <= BASIS_POINTS:
        raise _wrong("commission_bps", _("The commission must be between 0 and 100 %."))
    try:
        offer.clean_fields()
    except ValidationError as error:
        fields = {name: messages[0] for name, messages in error.message_dict.items()}
        raise Invalid(next(iter(fields.values())), code="bad_offer", fields=fields) from error


def _save(offer: Offer) -> None:
    try:
        with transaction.atomic():
            offer.save()
    except IntegrityError as error:
        if "supply_sku_once" not in str(error):
            raise
        raise Conflict(
            _("You have an offer with the SKU %s already.") % offer.sku,
            code="sku_taken",
            fields={"sku": _("You have an offer with this SKU already.")},
        ) from error


def _options(values: dict[str, str]) -> dict[str, str]:
    clean = {str(name).strip(): str(value).strip() for name, value in values.items()}
    if len(clean) > MAX_OPTIONS or any(
        not name or not value or len(name) > 40 or len(value) > 60 for name, value in clean.items()
    ):
        raise _wrong(
            "option_values",
            _("Give each option a name and a value, at most %d of them.") % MAX_OPTIONS,
        )
    return clean


def _wrong(field: str, message: str) -> Invalid:
    return Invalid(message, code="bad_offer", fields={field: message})
