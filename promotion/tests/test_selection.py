"""The selection centre and what an anchor may read of its own."""

from __future__ import annotations

import pytest
from django.test import Client

from catalog import actions as catalog
from catalog.tests.goods import listing_of
from core import events
from promotion import actions
from promotion.models import CommissionPlan
from promotion.selection import selectable
from supply import actions as supply
from supply.tests.goods import ADMIN, person


@pytest.fixture
def anchor(ann) -> Client:
    client = Client()
    client.force_login(ann)
    return client


def test_the_selection_says_what_a_sale_would_earn(ann, supplier):
    for size, price in (("S", 10_000), ("M", 12_000)):
        listing = listing_of(
            supplier,
            sku=f"t{size}",
            product_code="t",
            option_values={"Size": size},
            suggested_price_minor=price,
        )
    (row,) = selectable(ann)
    assert row.listing == listing
    assert (row.price_minor, row.earn_minor) == ((10_000, 12_000), (2_000, 2_400))
    assert (row.commission_bps, row.left) == ((2_000, 2_000), 20)
    assert row.placeable
    assert not row.placed
    actions.place(anchor=ann, listing=listing, room_ref=3)
    assert selectable(ann)[0].placed
    assert not selectable(person())[0].placed


def test_goods_whose_price_does_not_cover_the_fee_are_marked(ann, supplier):
    listing_of(supplier, suggested_price_minor=7_000)
    assert not selectable(ann)[0].placeable


def test_only_what_is_on_sale_and_matches_is_selectable(ann, supplier):
    listing_of(supplier, title="真丝连衣裙")
    catalog.unlist(listing=listing_of(supplier, title="连衣裙 gone"), actor=ADMIN)
    assert [row.listing.product.title for row in selectable(ann, "连衣裙")] == ["真丝连衣裙"]
    assert selectable(ann, "kettle") == []


def test_goods_on_sale_get_a_plan_and_a_new_rate_a_new_version(listing, kay):
    offer = listing.items.get().offer
    events.deliver_due()
    assert CommissionPlan.objects.get(offer=offer).rate_bps == 2_000
    supply.update_offer(offer=offer, actor=kay, title="Better tee")
    supply.update_offer(offer=offer, actor=kay, commission_bps=2_500)
    events.deliver_due()
    versions = CommissionPlan.objects.filter(offer=offer).order_by("version")
    assert list(versions.values_list("rate_bps", flat=True)) == [2_000, 2_500]


def test_an_anchor_reads_the_selection_and_its_own_placements_and_commissions(anchor, ann, listing):
    placement = actions.place(anchor=ann, listing=listing, room_ref=3)
    actions.estimate(
        order_line_ref=1,
        anchor_id=ann.pk,
        placement_id=placement.pk,
        amount_minor=1_980,
        rate_bps=2_000,
        currency="CNY",
    )
    (row,) = anchor.get("/api/v1/selection?q=tee").json()["results"]
    assert (row["earn_minor"], row["placed"]) == ([1_980, 1_980], True)
    (mine,) = anchor.get("/api/v1/placements?room=3").json()["results"]
    assert mine["terms"][0]["price_minor"] == 9_900
    assert anchor.get("/api/v1/placements?room=4").json()["results"] == []
    (earned,) = anchor.get("/api/v1/commissions?state=ESTIMATED").json()["results"]
    assert earned["left_minor"] == 1_980
    stranger = Client()
    stranger.force_login(person(is_staff=True))
    for path in ("placements", "commissions"):
        assert stranger.get(f"/api/v1/{path}").json()["results"] == []
    for path in ("selection", "placements", "commissions"):
        assert Client().get(f"/api/v1/{path}").status_code == 401
