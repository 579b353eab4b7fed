"""Plans, placements and the terms a purchase is bound by."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import actions as catalog
from catalog.tests.goods import listing_of
from core import clock, events
from core.errors import Conflict, Invalid, NotFound
from core.money import share_of
from promotion import actions, pricing
from promotion.models import CommissionPlan, Placement
from supply import actions as supply
from supply.tests.goods import ADMIN, offer_of, person


def only_item(listing):
    return listing.items.get()


@pytest.fixture
def placement(ann, listing) -> Placement:
    return actions.place(anchor=ann, listing=listing, room_ref=7)


def terms(placement, quantity=1):
    item = only_item(placement.listing)
    return actions.terms_of(placement_id=placement.pk, variant_id=item.pk, quantity=quantity)


def test_a_new_rate_is_a_new_version_and_the_same_rate_is_none(listing):
    offer = only_item(listing).offer
    first = actions.open_plan(offer=offer, rate_bps=1_000)
    assert actions.open_plan(offer=offer, rate_bps=1_000) == first
    second = actions.open_plan(offer=offer, rate_bps=1_200)
    assert second.version == 2
    first.refresh_from_db()
    assert first.ended_at is not None
    for wrong in (-1, 10_001):
        with pytest.raises(Invalid):
            actions.open_plan(offer=offer, rate_bps=wrong)


def test_a_placement_freezes_price_supply_price_and_commission(placement, listing, ann, kay):
    item = only_item(listing)
    supply.update_offer(offer=item.offer, actor=kay, commission_bps=100, supply_price_minor=6_500)
    catalog.list_offer(offer=item.offer, actor=kay, price_minor=12_000)
    events.deliver_due()
    bound = terms(placement, 2)
    assert (bound.unit_price_minor, bound.supply_price_minor) == (9_900, 6_000)
    assert (bound.commission_bps, bound.anchor_id) == (2_000, ann.pk)
    assert CommissionPlan.objects.get(ended_at__isnull=True).rate_bps == 100
    assert actions.direct_terms(listing_variant_id=item.pk, quantity=1).unit_price_minor == 12_000


def test_a_purchase_off_air_pays_no_commission(listing):
    bound = actions.direct_terms(listing_variant_id=only_item(listing).pk, quantity=1)
    assert (bound.placement, bound.anchor_id, bound.commission_bps) == (None, None, 0)
    assert bound.title == "Cotton tee"


def test_a_price_that_leaves_the_house_too_little_is_refused_with_the_price_that_would_do(
    ann, supplier
):
    poor = listing_of(supplier, suggested_price_minor=7_900)
    with pytest.raises(Invalid, match=r"80\.00") as refusal:
        actions.place(anchor=ann, listing=poor, room_ref=7)
    assert refusal.value.extra["needed_minor"] == 8_000
    assert not Placement.objects.exists()


def test_a_commission_that_no_price_covers_is_named_as_such(ann, supplier):
    greedy = listing_of(supplier, commission_bps=9_600)
    with pytest.raises(Invalid, match="no price"):
        actions.place(anchor=ann, listing=greedy, room_ref=7)


@given(
    supply_price=st.integers(1, 10**8),
    commission=st.integers(0, 9_400),
    quantity=st.integers(1, 99),
)
def test_the_lowest_price_leaves_the_house_its_fee_and_one_less_does_not(
    supply_price, commission, quantity
):
    price = pricing.lowest_price(supply_price_minor=supply_price, commission_bps=commission)
    paid = price * quantity
    house = paid - supply_price * quantity - share_of(paid, commission)
    assert house >= share_of(paid, 500) - 1
    assert house >= 0
    below = price - 1
    assert below * (10_000 - commission - 500) < supply_price * 10_000


def test_goods_are_in_a_room_once_until_they_are_pulled(ann, listing, placement):
    with pytest.raises(Conflict, match="already"):
        actions.place(anchor=ann, listing=listing, room_ref=7)
    actions.place(anchor=ann, listing=listing, room_ref=8)
    actions.pull(placement=placement, actor=ann)
    assert actions.place(anchor=ann, listing=listing, room_ref=7) != placement


def test_what_was_pulled_cannot_be_bought(placement, ann):
    actions.pull(placement=placement, actor=ann)
    with pytest.raises(Conflict) as refusal:
        terms(placement)
    assert refusal.value.code == "closed"


def test_a_placement_ends_by_itself_and_makes_room_for_the_next(ann, listing):
    end = clock.now() + timedelta(hours=1)
    placement = actions.place(anchor=ann, listing=listing, room_ref=7, expires_at=end)
    assert terms(placement)
    with clock.travel(timedelta(hours=2)):
        with pytest.raises(Conflict):
            terms(placement)
        assert actions.place(anchor=ann, listing=listing, room_ref=7)
    with pytest.raises(Invalid):
        actions.place(anchor=ann, listing=listing, room_ref=9, expires_at=clock.now())


def test_what_is_off_sale_can_be_neither_placed_nor_bought(placement, ann, listing, supplier):
    item = only_item(listing)
    supply.move_supplier(supplier=supplier, to="SUSPENDED", actor=ADMIN)
    for buy in (
        lambda: terms(placement),
        lambda: actions.direct_terms(listing_variant_id=item.pk, quantity=1),
        lambda: actions.place(anchor=ann, listing=listing, room_ref=8),
    ):
        with pytest.raises(Conflict) as refusal:
            buy()
        assert refusal.value.code == "closed"


def test_a_withdrawn_offer_and_an_unlisted_listing_are_closed(placement, listing):
    item = only_item(listing)
    catalog.unlist(listing=listing, actor=ADMIN)
    with pytest.raises(Conflict):
        terms(placement)
    catalog.list_offer(offer=item.offer, actor=ADMIN)
    assert terms(placement)
    supply.withdraw_offer(offer=item.offer, actor=ADMIN)
    with pytest.raises(Conflict):
        terms(placement)


def test_an_unknown_item_is_not_found_and_no_quantity_is_invalid(placement, supplier):
    other = only_item(listing_of(supplier))
    with pytest.raises(NotFound):
        actions.terms_of(placement_id=placement.pk, variant_id=other.pk, quantity=1)
    with pytest.raises(NotFound):
        actions.direct_terms(listing_variant_id=999_999, quantity=1)
    for quantity in (0, -1):
        with pytest.raises(Invalid):
            terms(placement, quantity)
        with pytest.raises(Invalid):
            actions.direct_terms(listing_variant_id=other.pk, quantity=quantity)


def test_the_terms_of_a_purchase_cost_one_query(placement, django_assert_num_queries):
    item = only_item(placement.listing)
    with django_assert_num_queries(1):
        actions.terms_of(placement_id=placement.pk, variant_id=item.pk, quantity=1)


def test_a_variant_that_is_listed_later_is_not_in_an_older_placement(placement, supplier, listing):
    code = only_item(listing).offer.product_code
    late = offer_of(supplier, product_code=code, option_values={"Size": "XL"})
    catalog.list_offer(offer=late, actor=ADMIN)
    late.refresh_from_db()
    with pytest.raises(NotFound):
        actions.terms_of(placement_id=placement.pk, variant_id=late.listing_variant.pk, quantity=1)


def test_placements_are_their_anchor_s(placement, ann):
    assert Placement.objects.fetch(ann, pk=placement.pk) == placement
    with pytest.raises(NotFound):
        Placement.objects.fetch(person(), pk=placement.pk)
