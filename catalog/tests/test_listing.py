"""Offers become listings: in one step, joined by product code, and off sale when they must be."""

from __future__ import annotations

import pytest

from catalog import actions
from catalog.models import Listing
from catalog.tests.goods import listing_of
from core import events
from core.errors import Conflict, Invalid, NotFound
from supply import actions as supply
from supply.models import Offer
from supply.tests.goods import ADMIN, offer_of, person, published, supplier_of


def tee(supplier, size, **wanted):
    return offer_of(
        supplier, product_code="tee", sku=f"tee-{size}", option_values={"Size": size}, **wanted
    )


def test_one_step_puts_an_offer_on_sale(offer, kay, fashion):
    listing = actions.list_offer(offer=offer, actor=kay, category=fashion)
    assert Listing.objects.on_sale().get() == listing
    assert listing.product.category == fashion
    assert listing.price_range == (9_900, 9_900)
    assert listing.left == 10
    assert listing.slug.startswith("cotton-tee-")
    offer.refresh_from_db()
    assert offer.status == Offer.Status.ACTIVE


def test_listing_again_makes_no_second_one(offer, kay):
    first = actions.list_offer(offer=offer, actor=kay, price_minor=8_800)
    again = actions.list_offer(offer=offer, actor=kay)
    assert again == first
    assert again.items.get().price_minor == 8_800


def test_offers_with_one_product_code_are_variants_of_one_listing(supplier, kay):
    listings = {
        actions.list_offer(offer=tee(supplier, size, suggested_price_minor=price), actor=kay)
        for size, price in [("S", 9_000), ("M", 9_500), ("L", 9_900)]
    }
    (listing,) = listings
    assert [item.variant.label for item in listing.items.all()] == ["S", "M", "L"]
    assert listing.price_range == (9_000, 9_900)


def test_the_same_code_of_another_supplier_is_another_listing(supplier, others, kay):
    first = actions.list_offer(offer=tee(supplier, "S"), actor=kay)
    assert actions.list_offer(offer=tee(others, "S"), actor=kay) != first


def test_a_chinese_title_has_an_address_too(supplier):
    assert listing_of(supplier, title="真丝连衣裙").slug.startswith("goods-")


def test_two_skus_of_a_product_cannot_have_the_same_options(supplier, kay):
    actions.list_offer(offer=tee(supplier, "S"), actor=kay)
    twin = offer_of(supplier, product_code="tee", sku="twin", option_values={"Size": "S"})
    with pytest.raises(Conflict, match="same options"):
        actions.list_offer(offer=twin, actor=kay)


def test_variants_of_a_product_share_a_currency(supplier, kay):
    actions.list_offer(offer=tee(supplier, "S"), actor=kay)
    with pytest.raises(Conflict, match="currency"):
        actions.list_offer(offer=tee(supplier, "M", currency="USD"), actor=kay)


@pytest.mark.parametrize("price_minor", [0, -1, 5_999])
def test_a_price_below_the_supply_price_is_refused(offer, kay, price_minor):
    with pytest.raises(Invalid) as refusal:
        actions.list_offer(offer=offer, actor=kay, price_minor=price_minor)
    assert refusal.value.extra["needed_minor"] == 6_000
    assert not Listing.objects.exists()


def test_a_supplier_who_is_not_admitted_cannot_list(kay):
    offer = offer_of(supplier_of(kay, admitted=False))
    with pytest.raises(Conflict, match="not admitted"):
        actions.list_offer(offer=offer, actor=kay)


def test_new_words_of_an_offer_reach_its_listing(offer, kay):
    listing = actions.list_offer(offer=offer, actor=kay)
    supply.update_offer(offer=offer, actor=kay, title="Heavy tee", brand="Kestrel")
    events.deliver_due()
    listing.product.refresh_from_db()
    assert (listing.product.title, listing.product.brand) == ("Heavy tee", "Kestrel")


def test_a_withdrawn_variant_leaves_the_listing_and_the_last_one_closes_it(supplier, kay):
    small, medium = tee(supplier, "S"), tee(supplier, "M")
    listing = [actions.list_offer(offer=offer, actor=kay) for offer in (small, medium)][-1]
    supply.withdraw_offer(offer=small, actor=kay)
    events.deliver_due()
    listing = Listing.objects.for_display().get()
    assert [item.variant.label for item in listing.selling_items] == ["M"]
    assert not published("catalog.listing_unlisted")
    supply.withdraw_offer(offer=medium, actor=kay)
    events.deliver_due()
    assert not Listing.objects.on_sale().exists()
    assert published("catalog.listing_unlisted") == [{"listing_id": listing.pk}]
    actions.list_offer(offer=medium, actor=kay)
    assert Listing.objects.on_sale().exists()


def test_goods_of_a_suspended_supplier_are_off_sale_at_once_and_back_when_it_is(supplier, offer):
    listing = actions.list_offer(offer=offer, actor=ADMIN)
    events.deliver_due()
    supply.move_supplier(supplier=supplier, to="SUSPENDED", actor=ADMIN)
    assert not Listing.objects.on_sale().exists()
    events.deliver_due()
    assert published("catalog.listing_unlisted") == [{"listing_id": listing.pk}]
    supply.move_supplier(supplier=supplier, to="ACTIVE", actor=ADMIN)
    assert Listing.objects.on_sale().exists()


def test_unlisting_is_announced_once(supplier, kay):
    listing = listing_of(supplier)
    actions.unlist(listing=listing, actor=kay)
    actions.unlist(listing=listing, actor=kay)
    assert len(published("catalog.listing_unlisted")) == 1


def test_a_listing_is_managed_by_its_own_supplier_only(supplier, kay, rival):
    listing = listing_of(supplier)
    assert Listing.objects.fetch(kay, pk=listing.pk) == listing
    for stranger in (rival, person()):
        with pytest.raises(NotFound):
            Listing.objects.fetch(stranger, pk=listing.pk)
