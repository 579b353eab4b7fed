"""The verbs of the catalogue: put offers on sale, picture them, take them off."""

from __future__ import annotations

import secrets
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.db.models import Max
from django.utils.text import slugify
from django.utils.translation import gettext as _

from catalog import pictures, search
from catalog.events import ListingChanged, ListingUnlisted
from catalog.models import Category, Listing, ListingVariant, Picture, Product, Variant
from core.errors import Conflict, Invalid
from core.events import publish
from supply import actions as supply
from supply.models import Offer, Supplier

MAX_PICTURES = 12
MAX_VARIANTS = 200


@transaction.atomic
def list_offer(
    *,
    offer: Offer,
    actor: Any,
    category: Category | None = None,
    price_minor: int | None = None,
) -> Listing:
    """Put an offer on sale in one step; a second call brings the listing up to date.

    Offers of one supplier with the same product code become variants of one listing. Without
    `price_minor` (minor units) a new variant takes the suggested price, a listed one keeps its
    own. Publishes ListingChanged. Raises Conflict when the supplier is not admitted or another
    SKU of the product has the same options, Invalid for a price below the supply price. Locks the
    supplier's row, so that two variants listed at once meet in one listing.
    """
    listing = draft_listing(offer=offer, category=category, price_minor=price_minor)
    supply.offer_again(offer=offer, actor=actor)
    if listing.status != Listing.Status.PUBLISHED:
        listing.status = Listing.Status.PUBLISHED
        listing.save(update_fields=["status"])
    return listing


@transaction.atomic
def draft_listing(
    *, offer: Offer, category: Category | None = None, price_minor: int | None = None
) -> Listing:
    """The listing that `list_offer` would put on sale, which may be pictured before it is.

    As `list_offer`, for suppliers who are not admitted too; what is on sale stays on sale.
    """
    offer.supplier = Supplier.objects.select_for_update(no_key=True).get(pk=offer.supplier_id)
    item = (
        ListingVariant.objects.select_related("listing__product", "variant")
        .filter(offer=offer)
        .first()
    )
    listing = item.listing if item else _listing_for(offer, category)
    if item is None:
        item = _add_variant(listing, offer)
    elif item.variant.option_values != offer.option_values:
        _free_options(listing.product, offer, item.variant)
        Variant.objects.filter(pk=item.variant_id).update(option_values=offer.option_values)
    if price_minor is not None:
        _check_price(offer, price_minor)
        ListingVariant.objects.filter(pk=item.pk).update(price_minor=price_minor)
    _describe(listing.product, offer, category)
    search.index(listing.product)
    publish(ListingChanged(listing_id=listing.pk))
    return listing


@transaction.atomic
def unlist(*, listing: Listing, actor: Any) -> Listing:
    """Take a listing off sale; its offers stay as they are. Publishes ListingUnlisted once."""
    changed = Listing.objects.filter(pk=listing.pk, status=Listing.Status.PUBLISHED).update(
        status=Listing.Status.UNLISTED
    )
    listing.status = Listing.Status.UNLISTED
    if changed:
        publish(ListingUnlisted(listing_id=listing.pk))
    return listing


@transaction.atomic
def add_picture(*, product: Product, upload: File | bytes, alt: str = "") -> Picture:
    """Check, re-encode and append a picture. Publishes ListingChanged.

    Raises Invalid as `pictures.store`, and when the product has `MAX_PICTURES` already.
    """
    Product.objects.select_for_update(no_key=True).get(pk=product.pk)
    if product.pictures.count() >= MAX_PICTURES:
        raise Invalid(
            _("A product has at most %d pictures. Remove one first.") % MAX_PICTURES,
            code="too_many_pictures",
        )
    stored = pictures.store(upload)
    last = product.pictures.aggregate(last=Max("position"))["last"]
    picture = Picture.objects.create(
        product=product,
        key=stored.key,
        widths=stored.widths,
        width=stored.width,
        height=stored.height,
        alt=alt[:160],
        position=0 if last is None else last + 1,
    )
    _announce(product)
    return picture


@transaction.atomic
def remove_picture(*, picture: Picture) -> None:
    """Take a picture off its product. Its files stay: past orders show them by their key."""
    product = picture.product
    picture.delete()
    _announce(product)


@transaction.atomic
def lead_with(*, picture: Picture) -> None:
    """Make it the product's first picture."""
    product = picture.product
    rest = [other for other in product.pictures.all() if other.pk != picture.pk]
    for position, item in enumerate([picture, *rest]):
        item.position = position
    Picture.objects.bulk_update([picture, *rest], ["position"])
    _announce(product)


@transaction.atomic
def offer_changed(*, offer_id: int) -> None:
    """Carry an offer's new words over to its listing, if it has one."""
    item = ListingVariant.objects.select_related("listing__product", "offer").filter(offer=offer_id)
    for found in item:
        _describe(found.listing.product, found.offer, None)
        search.index(found.listing.product)
        publish(ListingChanged(listing_id=found.listing_id))


@transaction.atomic
def offer_withdrawn(*, offer_id: int) -> None:
    """Take the listing off sale when nothing of it is left, else show it without the variant."""
    item = ListingVariant.objects.select_related("listing").filter(offer=offer_id).first()
    if item is None:
        return
    if Offer.objects.filter(
        listing_variant__listing=item.listing_id, status=Offer.Status.ACTIVE
    ).exists():
        publish(ListingChanged(listing_id=item.listing_id))
    else:
        unlist(listing=item.listing, actor=None)


@transaction.atomic
def supplier_moved(*, supplier_id: int) -> None:
    """Say of each published listing whether it may be sold now; `on_sale` knows by itself."""
    selling = Supplier.objects.get(pk=supplier_id).may_sell
    event = ListingChanged if selling else ListingUnlisted
    published = Listing.objects.filter(supplier=supplier_id, status=Listing.Status.PUBLISHED)
    for listing_id in published.values_list("pk", flat=True):
        publish(event(listing_id=listing_id))


def _listing_for(offer: Offer, category: Category | None) -> Listing:
    sibling = (
        ListingVariant.objects.select_related("listing__product")
        .filter(offer__supplier=offer.supplier_id, offer__product_code=offer.product_code)
        .first()
    )
    if sibling is not None:
        return sibling.listing
    product = Product.objects.create(
        title=offer.title,
        description=offer.description,
        brand=offer.brand,
        category=category or other_category(),
    )
    return Listing.objects.create(
        product=product,
        supplier=offer.supplier,
        slug=new_slug(offer.title),
        status=Listing.Status.UNLISTED,
    )


def _add_variant(listing: Listing, offer: Offer) -> ListingVariant:
    product = listing.product
    present = list(listing.items.all())
    if len(present) >= MAX_VARIANTS:
        raise Invalid(_("A product has at most %d variants.") % MAX_VARIANTS)
    if any(item.currency != offer.currency for item in present):
        raise Conflict(
            _("All variants of a product are sold in one currency."), code="other_currency"
        )
    _free_options(product, offer, None)
    variant = Variant.objects.create(
        product=product, option_values=offer.option_values, position=len(present)
    )
    return ListingVariant.objects.create(
        listing=listing,
        variant=variant,
        offer=offer,
        price_minor=offer.suggested_price_minor,
        currency=offer.currency,
    )


def _free_options(product: Product, offer: Offer, own: Variant | None) -> None:
    same = product.variants.filter(option_values=offer.option_values)
    if own is not None:
        same = same.exclude(pk=own.pk)
    if same.exists():
        raise Conflict(
            _("Another SKU of this product has the same options; give this one its own."),
            code="options_taken",
        )


def _check_price(offer: Offer, price_minor: int) -> None:
    if price_minor < offer.supply_price_minor:
        raise Invalid(
            _("The price must be at least the supply price."),
            code="price_too_low",
            needed_minor=offer.supply_price_minor,
        )


def _describe(product: Product, offer: Offer, category: Category | None) -> None:
    product.title, product.description = offer.title, offer.description
    product.brand = offer.brand
    if category is not None:
        product.category = category
    product.save()


def _announce(product: Product) -> None:
    for listing_id in product.listings.values_list("pk", flat=True):
        publish(ListingChanged(listing_id=listing_id))


def other_category() -> Category:
    """Where goods go that fit nowhere else; made when it is missing."""
    return Category.objects.get_or_create(
        slug="other", defaults={"name_en": "Other goods", "name_zh": "其他", "position": 999}
    )[0]


def new_slug(title: str) -> str:
    """A listing's address from its title, never the same twice."""
    return f"{slugify(title)[:60].strip('-') or 'goods'}-{secrets.token_hex(3)}"
