"""The public card of an item, read from the frozen terms, the catalogue and the stock."""

from __future__ import annotations

from typing import Any

from catalog import pictures
from catalog.models import Listing
from promotion.models import Placement, PlacementTerm
from rooms import wire
from supply.models import Stock

CARD_WIDTH = 480


def build(placement: Placement) -> dict[str, Any]:
    """Title, picture, price and variants with what is left, as docs/realtime.md has them."""
    terms = list(
        PlacementTerm.objects.filter(placement=placement)
        .select_related("listing_variant__variant", "listing_variant__offer__stock")
        .order_by("listing_variant__variant__position", "listing_variant_id")
    )
    variants = [_variant(term) for term in terms]
    listing = Listing.objects.select_related("product").get(pk=placement.listing_id)
    return {
        "title": listing.product.title,
        "slug": listing.slug,
        "picture": picture(listing),
        "price": lowest(variants),
        "variants": variants,
    }


def _variant(term: PlacementTerm) -> dict[str, Any]:
    item = term.listing_variant
    return {
        "id": item.pk,
        "label": item.variant.label,
        **wire.money(term.price_minor, term.currency),
        "left": left(item.offer_id),
    }


def left(offer_id: int) -> int:
    """What can be bought of an offer now."""
    stock = Stock.objects.filter(offer_id=offer_id).first()
    return stock.available if stock else 0


def lowest(variants: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The price shown on the card: the cheapest variant's."""
    if not variants:
        return None
    cheapest = min(variants, key=lambda variant: variant["minor"])
    return {name: cheapest[name] for name in ("minor", "currency", "text")}


def picture(listing: Listing) -> dict[str, str] | None:
    first = listing.product.pictures.first()
    if first is None:
        return None
    return {
        "src": pictures.url(first.key, CARD_WIDTH),
        "srcset": pictures.srcset(first),
        "alt": first.alt or listing.product.title,
    }


def cover(key: str, alt: str) -> dict[str, str]:
    """A room's own cover picture."""
    sizes = ", ".join(f"{pictures.url(key, width)} {width}w" for width in (320, 480, 960))
    return {"src": pictures.url(key, CARD_WIDTH), "srcset": sizes, "alt": alt}
