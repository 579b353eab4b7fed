"""A chunk of checked products into the database: one transaction, a fixed number of statements.

Locks as docs/locking.md orders them: the supplier, the products, the offers, and stock last.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from catalog import search
from catalog.actions import MAX_VARIANTS, new_slug, other_category
from catalog.events import ListingChanged
from catalog.feeds.records import Good, Problem, Sku, Summary
from catalog.models import Category, Listing, ListingVariant, PictureRequest, Product, Variant
from core.events import publish_many
from supply.actions.bulk import NewTerms, Planned, count_stock, plan_offers, write_offers
from supply.models import Offer, Supplier

WHY = "import"


@dataclass(slots=True)
class Shelf:
    """A product of the chunk with what is there of it already."""

    good: Good
    listing: Listing | None = None
    items: dict[int, ListingVariant] = field(default_factory=dict)
    taken: dict[str, int | None] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)
    planned: list[tuple[Sku, Planned]] = field(default_factory=list)


def save_chunk(
    goods: Sequence[Good],
    *,
    supplier: Supplier,
    actor: Any,
    terms: NewTerms,
    summary: Summary,
    dry_run: bool,
) -> None:
    """Write the goods and add to `summary` what happened to each SKU; a dry run only plans.

    What is on sale stays on sale and what is withdrawn stays so; what is new waits as a draft.
    Call it in a transaction. Raises StockMoved as `count_stock`.
    """
    if not dry_run:
        Supplier.objects.select_for_update(no_key=True).get(pk=supplier.pk)
    shelves = _shelves(goods, supplier, lock=not dry_run)
    skus = [sku for good in goods for sku in good.skus]
    plans = plan_offers(
        supplier=supplier, wanted=[sku.wanted for sku in skus], terms=terms, lock=not dry_run
    )
    by_sku = dict(zip((sku.wanted.sku for sku in skus), plans, strict=True))
    for shelf in shelves:
        for sku in shelf.good.skus:
            plan = by_sku[sku.wanted.sku]
            _fit(shelf, plan)
            _count(summary, sku, plan)
            if plan.outcome != "refused":
                shelf.planned.append((sku, plan))
    kept = [shelf for shelf in shelves if shelf.planned]
    summary.products += len({shelf.good.code for shelf in kept})
    categories = _categories(goods, summary)
    if dry_run:
        return
    accepted = [plan for shelf in kept for _sku, plan in shelf.planned]
    write_offers(accepted, actor=actor, why=WHY)
    _write_listings(kept, supplier, categories)
    summary.pictures += _ask_for_pictures(kept)
    count_stock(accepted, actor=actor, why=WHY)


def _shelves(goods: Sequence[Good], supplier: Supplier, *, lock: bool) -> list[Shelf]:
    """One for each product code, in the order of the file, whatever groups its rows came in."""
    shelves: dict[str, Shelf] = {}
    for good in goods:
        shelf = shelves.setdefault(good.code, Shelf(Good(good.code, good.category, [])))
        shelf.good.skus += good.skus
        shelf.good.images = {**good.images, **shelf.good.images}
    found = list(
        ListingVariant.objects.filter(
            offer__supplier=supplier, offer__product_code__in=list(shelves)
        ).select_related("listing__product__category", "variant", "offer")
    )
    ids = {item.listing.product_id for item in found}
    if lock and ids:
        rows = Product.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("id")
        list(rows.values_list("pk", flat=True))
    by_product: dict[int, Shelf] = {}
    for item in found:
        shelf = shelves[item.offer.product_code]
        # All items of a product share one instance, so that a change is seen by all.
        shelf.listing = shelf.listing or item.listing
        shelf.items[item.offer_id] = item
        by_product[item.listing.product_id] = shelf
    owner = {item.variant_id: item.offer_id for item in found}
    for variant in Variant.objects.filter(product__in=ids):
        shelf = by_product[variant.product_id]
        shelf.taken[_key(variant.option_values)] = owner.get(variant.pk)
        shelf.labels.append(variant.label)
    return list(shelves.values())


def _fit(shelf: Shelf, plan: Planned) -> None:
    """Refuse what the product has no place for: a second SKU of the same options, a currency."""
    if plan.outcome == "refused":
        return
    key = _key(plan.wanted.option_values)
    free = key not in shelf.taken or (
        plan.offer.pk is not None and shelf.taken[key] == plan.offer.pk
    )
    other = next(
        (item.currency for item in shelf.items.values() if item.currency != plan.wanted.currency),
        "",
    ) or next((p.wanted.currency for _s, p in shelf.planned[:1]), plan.wanted.currency)
    if not free:
        plan.outcome, plan.column = "refused", "option1_value"
        plan.refusal = _("Another SKU of this product has the same options; give this one its own.")
    elif other != plan.wanted.currency:
        plan.outcome, plan.column = "refused", "currency"
        plan.refusal = _("All variants of a product are sold in one currency.")
    elif plan.offer.pk not in shelf.items and len(shelf.taken) >= MAX_VARIANTS:
        plan.outcome, plan.column = "refused", "sku"
        plan.refusal = _("A product has at most %d variants.") % MAX_VARIANTS
    else:
        shelf.taken[key] = plan.offer.pk
        _notice_price(shelf, plan)


def _notice_price(shelf: Shelf, plan: Planned) -> None:
    """The listed price follows the file's, as it does on the supplier's own form."""
    item = shelf.items.get(plan.offer.pk) if plan.offer.pk else None
    if item and item.price_minor != plan.wanted.suggested_price_minor:
        plan.outcome = "updated"


def _count(summary: Summary, sku: Sku, plan: Planned) -> None:
    if plan.outcome == "refused":
        summary.add(Problem(sku.row, plan.column, plan.refusal))
        return
    summary.variants += 1
    setattr(summary, plan.outcome, getattr(summary, plan.outcome) + 1)


def _categories(goods: Sequence[Good], summary: Summary) -> dict[str, Category]:
    """By slug or either name; what is unknown is told once and goes to “other”."""
    wanted = {good.category for good in goods if good.category}
    if not wanted:
        return {}
    known: dict[str, Category] = {}
    for category in Category.objects.all():
        for name in (category.slug, category.name_en, category.name_zh):
            known.setdefault(name.casefold(), category)
    found = {}
    for name in sorted(wanted):
        # “Apparel > Shirts” is met by its last part that we know.
        parts = [name, *reversed(name.split(">"))]
        match = next(
            (known[p.strip().casefold()] for p in parts if p.strip().casefold() in known), None
        )
        note = _("There is no category “%s”; its goods go to “Other goods”.") % name[:60]
        if match is not None:
            found[name] = match
        elif note not in summary.notes and len(summary.notes) < 50:
            summary.notes.append(note)
    return found


def _write_listings(
    shelves: Sequence[Shelf], supplier: Supplier, categories: dict[str, Category]
) -> None:
    fresh = [shelf for shelf in shelves if shelf.listing is None]
    reworded = [shelf for shelf in shelves if shelf.listing and _reword(shelf, categories)]
    if fresh:
        _new_listings(fresh, supplier, categories, other_category())
    if reworded:
        Product.objects.bulk_update(
            [_product(shelf) for shelf in reworded], ["title", "description", "brand", "category"]
        )
    codes = {shelf.good.code for shelf in (*fresh, *reworded)} | _write_items(shelves)
    touched = [shelf for shelf in shelves if shelf.good.code in codes]
    if touched:
        search.index_many([(_product(shelf), [supplier.name, *shelf.labels]) for shelf in touched])
        publish_many([ListingChanged(listing_id=s.listing.pk) for s in touched if s.listing])


def _product(shelf: Shelf) -> Product:
    assert shelf.listing is not None
    return shelf.listing.product


def _new_listings(
    shelves: Sequence[Shelf],
    supplier: Supplier,
    categories: dict[str, Category],
    other: Category,
) -> None:
    products = []
    for shelf in shelves:
        wanted = shelf.planned[0][1].wanted
        products.append(
            Product(
                title=wanted.title,
                description=wanted.description,
                brand=wanted.brand,
                category=categories.get(shelf.good.category, other),
            )
        )
    Product.objects.bulk_create(products)
    for shelf, product in zip(shelves, products, strict=True):
        shelf.listing = Listing(
            product=product,
            supplier=supplier,
            slug=new_slug(product.title),
            status=Listing.Status.UNLISTED,
        )
    Listing.objects.bulk_create([shelf.listing for shelf in shelves if shelf.listing])


def _reword(shelf: Shelf, categories: dict[str, Category]) -> bool:
    """Give the product the file's words; whether that changes any."""
    product, wanted = _product(shelf), shelf.planned[0][1].wanted
    words = (wanted.title, wanted.description, wanted.brand)
    category = categories.get(shelf.good.category, product.category)
    if (product.title, product.description, product.brand) == words and (
        category.pk == product.category_id
    ):
        return False
    product.title, product.description, product.brand = words
    product.category = category
    return True


def _write_items(shelves: Sequence[Shelf]) -> set[str]:
    """New variants of listings, and options and prices of known ones. Codes of what changed."""
    new: list[ListingVariant] = []
    variants: list[Variant] = []
    prices: list[ListingVariant] = []
    codes: set[str] = set()
    for shelf in shelves:
        count = len(shelf.labels)
        for _sku, plan in shelf.planned:
            offer: Offer = plan.offer
            price = plan.wanted.suggested_price_minor
            item = shelf.items.get(offer.pk)
            if item is None:
                variant = Variant(
                    product=_product(shelf), option_values=offer.option_values, position=count
                )
                count += 1
                shelf.labels.append(variant.label)
                new.append(
                    ListingVariant(
                        listing=shelf.listing,
                        variant=variant,
                        offer=offer,
                        price_minor=price,
                        currency=offer.currency,
                    )
                )
                codes.add(shelf.good.code)
                continue
            if item.variant.option_values != offer.option_values:
                item.variant.option_values = offer.option_values
                variants.append(item.variant)
                codes.add(shelf.good.code)
            if item.price_minor != price:
                item.price_minor = price
                prices.append(item)
                codes.add(shelf.good.code)
    if new:
        Variant.objects.bulk_create([item.variant for item in new])
        ListingVariant.objects.bulk_create(new)
    if variants:
        Variant.objects.bulk_update(variants, ["option_values"])
    if prices:
        ListingVariant.objects.bulk_update(prices, ["price_minor"])
    return codes


def _ask_for_pictures(shelves: Sequence[Shelf]) -> int:
    """Queue the addresses that the products do not know yet; how many those are."""
    wanted = [
        PictureRequest(product=_product(shelf), url=url, alt=alt or _product(shelf).title)
        for shelf in shelves
        for url, alt in shelf.good.images.items()
    ]
    if not wanted:
        return 0
    products = {request.product_id for request in wanted}
    known = set(
        PictureRequest.objects.filter(product__in=products).values_list("product_id", "url")
    )
    new = [request for request in wanted if (request.product_id, request.url) not in known]
    PictureRequest.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def _key(options: dict[str, str]) -> str:
    return json.dumps(options, sort_keys=True)
