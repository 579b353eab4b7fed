"""The drawn photographs: every product has one, and it is always the same."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from demo.pictures import THINGS, Still, draw_cover, still_png
from demo.pictures.backdrops import BACKDROPS
from demo.stock.goods import BY_CODE, GOODS, RETURN_BPS
from demo.stock.people import ANCHORS, SHOWS


def test_every_product_can_be_drawn_and_told_apart():
    stills = [good.still for good in GOODS]

    assert len(set(stills)) == len(stills) >= 40
    assert {still.thing for still in stills} <= set(THINGS)
    assert {still.backdrop for still in stills} <= set(BACKDROPS)


@pytest.mark.parametrize("thing", ["mug", "sneaker", "lipstick", "headphones"])
def test_the_same_still_is_the_same_picture(thing):
    still = Still(thing, "#c4472f", "#d9b36a", "window", "#f3e3cf", "#d7a56c")

    first = still_png(still, "Kestrel")

    assert first == still_png(still, "Kestrel")
    assert Image.open(io.BytesIO(first)).size == (800, 800)


def test_covers_stand_upright():
    assert draw_cover(ANCHORS[0].look).size == (600, 800)


def test_shows_name_goods_and_anchors_that_exist():
    assert {code for show in SHOWS for code in show.goods} <= set(BY_CODE)
    assert {show.anchor for show in SHOWS} <= {anchor.username for anchor in ANCHORS}
    assert len({show.slug for show in SHOWS}) == len(SHOWS)


def test_prices_leave_the_house_its_fee():
    for good in GOODS:
        commission = good.price_minor * good.commission_bps // 10_000
        fee = good.price_minor - good.supply_price_minor - commission
        assert fee * 10_000 >= 500 * good.price_minor
        assert good.category in RETURN_BPS
