"""Money: rounding and splitting."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import Money, format_money, share_of, split_minor


@given(
    total=st.integers(-(10**12), 10**12),
    weights=st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any),
)
def test_parts_sum_to_the_whole_and_stay_within_one_unit_of_fair(total, weights):
    parts = split_minor(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - total * weight) < sum(weights)


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1]])
def test_splitting_over_nothing_is_refused(weights):
    with pytest.raises(ValueError, match="weights"):
        split_minor(100, weights)


@pytest.mark.parametrize(
    ("minor", "bps", "share"), [(999, 1250, 125), (100, 50, 1), (99, 50, 0), (-100, 50, -1)]
)
def test_a_share_rounds_half_away_from_zero(minor, bps, share):
    assert share_of(minor, bps) == share


def test_currencies_do_not_mix():
    with pytest.raises(ValueError, match="CNY"):
        Money(1, "CNY") + Money(1, "USD")


@pytest.mark.parametrize(
    ("minor", "currency", "locale", "text"),
    [
        (12_900, "CNY", "zh-hans", "¥129.00"),
        (12_900, "CNY", "en", "¥129.00"),
        (500, "JPY", "en", "¥500"),
    ],
)
def test_a_price_has_its_currency_s_own_decimals(minor, currency, locale, text):
    assert format_money(minor, currency, locale) == text
