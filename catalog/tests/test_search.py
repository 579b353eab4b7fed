"""Search: English, Chinese and both; ranked; only what is on sale."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import actions, search
from catalog.models import Category
from catalog.tests.goods import listing_of
from core import events
from supply import actions as supply
from supply.tests.goods import ADMIN


def found(text: str, **options) -> list[str]:
    return [listing.product.title for listing in search.search(text, **options)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Slow-Sunday T恤", ["slow", "sunday", "t", "恤"]),
        ("连衣裙", ["连", "连衣", "衣", "衣裙", "裙"]),
        ("Café ＡＢＣ 350ml", ["cafe", "abc", "350ml"]),
        ("!?", []),
    ],
)
def test_text_is_cut_into_words_characters_and_pairs(text, expected):
    assert list(search.tokens(text)) == expected


@pytest.fixture
def shop(supplier, fashion):
    for title, description in [
        ("真丝连衣裙 Petal", "夏季新款，透气"),
        ("Heavy cotton tee", "Goes under a dress. 240 g"),
        ("Petal tea dress with belt", "It has pockets"),
        ("不锈钢保温杯 500ml", "It's kept warm, even in a dress rehearsal"),
    ]:
        listing_of(supplier, title=title, description=description, category=fashion)


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("连衣裙", {"真丝连衣裙 Petal"}),
        ("衣裙", {"真丝连衣裙 Petal"}),
        ("裙", {"真丝连衣裙 Petal"}),
        ("裙衣", set()),
        ("保温杯 500", {"不锈钢保温杯 500ml"}),
        ("petal", {"真丝连衣裙 Petal", "Petal tea dress with belt"}),
        ("PET", {"真丝连衣裙 Petal", "Petal tea dress with belt"}),
        ("连衣裙petal", {"真丝连衣裙 Petal"}),
        ("cott tee", {"Heavy cotton tee"}),
        ("cotton 保温", set()),
        ("夏季", {"真丝连衣裙 Petal"}),
        ("服饰 tee", {"Heavy cotton tee"}),
        ("kestrel 240", {"Heavy cotton tee"}),
        ("'; DROP TABLE -- \\", set()),
        ("& | ! ( ) :* <->", set()),
    ],
)
def test_goods_are_found_in_both_languages(shop, text, titles):
    assert set(found(text)) == titles


def test_a_title_counts_more_than_a_description(shop):
    assert found("dress")[0] == "Petal tea dress with belt"
    assert len(found("dress")) == 3


def test_no_text_shows_everything_newest_first(shop):
    assert found("")[0] == "不锈钢保温杯 500ml"
    assert len(found("")) == 4


def test_a_category_includes_those_below_it(supplier, fashion, shop):
    dresses = Category.objects.create(
        slug="dresses", name_en="Dresses", name_zh="裙装", parent=fashion
    )
    listing_of(supplier, title="Wrap dress", category=dresses)
    assert found("", category=dresses) == ["Wrap dress"]
    assert len(found("", category=fashion)) == 5


def test_a_changed_title_is_found_and_the_old_one_is_not(offer, kay):
    actions.list_offer(offer=offer, actor=kay)
    supply.update_offer(offer=offer, actor=kay, title="羊毛围巾")
    events.deliver_due()
    assert found("围巾") == ["羊毛围巾"]
    assert found("cotton") == []


def test_what_is_off_sale_is_not_found(supplier):
    actions.unlist(listing=listing_of(supplier, title="Gone"), actor=ADMIN)
    assert found("gone") == []


@pytest.mark.django_db
@given(text=st.text(max_size=80))
def test_no_text_breaks_the_query(text):
    list(search.search(text))


def test_no_text_breaks_the_index(supplier):
    hostile = "\\ ' '' :* & 𠮷野家 \u202e ﬁ ㌀ 한글 カタカナ " + "很" * 3000 + " w" * 3000
    listing = listing_of(supplier, title="Odd", description=hostile)
    assert found("吉野") == []
    assert [row.pk for row in search.search("野家")] == [listing.pk]
    assert found("カタ") == ["Odd"]
