"""Coupons at the till: claimed once, spent once, paid by the anchor, and the books balance."""

from __future__ import annotations

import threading
from datetime import timedelta
from unittest import mock

import pytest

from core import clock
from core.actors import acting
from core.deadlines import fire_due
from core.errors import Conflict, IllegalMove, Invalid, NotFound, SoldOut
from orders import actions
from orders.actions.books import shares_of
from orders.audit import findings
from orders.models import Order
from orders.tests.conftest import address_of, balances, build_market, user
from orders.tests.test_races import HANDS, all_at_once, buyers, one_by_one
from promotion import actions as promotion
from promotion.models import Coupon, CouponClaim


def drop(market, **more):
    """¥10 off in room 1, where the scarf costs ¥100 and earns its anchor ¥20."""
    values = {
        "kind": "fixed",
        "amount_minor": 1_000,
        "count": 5,
        "valid_minutes": 30,
        "seconds": 60,
        **more,
    }
    return promotion.drop_coupon(
        anchor=market.anchor, room_ref=1, actor=acting(market.anchor, "anchor"), **values
    )


def claimed(market, **more):
    coupon = drop(market, **more)
    promotion.claim_coupon(coupon_id=coupon.pk, user=market.buyer)
    return coupon


def place(market, *lines, key, **more):
    placed = actions.place_order(
        buyer=market.buyer,
        address=None,
        lines=list(lines) or [market.wanted()],
        key=key,
        source="test",
        **more,
    )
    return Order.objects.get(pk=placed.order_id)


def test_a_claimed_coupon_is_used_by_itself_and_the_anchor_pays_it(market):
    claimed(market)
    order = market.paid()
    line = order.lines.get()
    assert (order.goods_minor, order.discount_minor, order.total_minor) == (10_000, 1_000, 9_000)
    assert (line.discount_minor, line.total_minor) == (1_000, 9_000)
    books = balances()
    assert books["platform provider_clearing"] == 9_000
    assert books["supplier supplier_payable"] == -6_000
    assert books["anchor commission_estimated"] == -1_000
    assert books["platform platform_fee"] == -2_000
    assert findings() == []
    assert market.order().discount_minor == 0


def test_a_coupon_is_good_in_its_room_for_its_time_above_its_threshold(market):
    drop(market, threshold_minor=15_000)
    coupon = Coupon.objects.get()
    promotion.claim_coupon(coupon_id=coupon.pk, user=market.buyer)
    assert market.order().discount_minor == 0
    with clock.travel(timedelta(minutes=31)):
        assert market.order(market.wanted(2)).discount_minor == 0
    off_air = actions.Wanted(listing_variant_id=market.term.listing_variant_id, quantity=2)
    assert market.order(off_air).discount_minor == 0
    assert market.order(market.wanted(2)).discount_minor == 1_000


def test_the_best_coupon_is_used_unless_the_buyer_chooses(market):
    small = claimed(market, amount_minor=300)
    promotion.withdraw_coupon(coupon=small, actor=acting(market.anchor, "anchor"))
    claimed(market, amount_minor=800)
    assert place(market, key="none-at-all", coupon_id=0).discount_minor == 0
    assert place(market, key="the-small-one", coupon_id=small.pk).discount_minor == 300
    assert place(market, key="the-best-one").discount_minor == 800
    with pytest.raises(Conflict) as spent:
        place(market, key="spent-already", coupon_id=small.pk)
    assert spent.value.code == "coupon"
    with pytest.raises(Conflict):
        place(market, key="no-such-coupon", coupon_id=10**9)


def test_a_percentage_has_a_cap_and_never_takes_more_than_the_anchor_earns(market):
    claimed(market, kind="percent", rate_bps=1_000, amount_minor=1_500)
    assert place(market, key="ten-percent").discount_minor == 1_000
    late = drop_again(market, kind="percent", rate_bps=5_000, amount_minor=1_800)
    assert place(market, key="capped-at-18").discount_minor == 1_800
    assert late.claims.count() == 1
    thin = market.into_room(market.new_offer("THIN", commission_bps=100))
    drop_again(market, amount_minor=2_000)
    order = place(market, market.wanted(1, thin), key="thin-commission")
    assert order.discount_minor == 100
    assert shares_of(order.lines.get()).commission == 0


def drop_again(market, **more):
    for coupon in Coupon.objects.filter(state="OPEN"):
        promotion.withdraw_coupon(coupon=coupon, actor=acting(market.anchor, "anchor"))
    return claimed(market, **more)


def test_several_lines_share_it_in_whole_minor_units(market):
    tea = market.into_room(market.new_offer("TEA", price=3_333, commission_bps=1_500))
    pot = market.into_room(market.new_offer("POT", price=7_001, commission_bps=777))
    claimed(market, amount_minor=1_001)
    order = market.paid(market.wanted(1), market.wanted(3, tea), market.wanted(1, pot))
    parts = list(order.lines.values_list("discount_minor", flat=True))
    assert sum(parts) == order.discount_minor == 1_001
    assert all(shares_of(line).commission >= 0 for line in order.lines.all())
    assert findings() == []
    actions.cancel_order(order=order, actor=acting(market.buyer, "buyer"))
    market.pump()
    assert balances() == {}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"kind": "gift"}, "bad_kind"),
        ({"kind": "percent", "rate_bps": 0}, "bad_rate"),
        ({"kind": "percent", "rate_bps": 10_000}, "bad_rate"),
        ({"amount_minor": 0}, "coupon_too_high"),
        ({"amount_minor": 2_001}, "coupon_too_high"),
        ({"count": 0}, "bad_count"),
        ({"valid_minutes": 0}, "bad_minutes"),
        ({"seconds": 9}, "bad_duration"),
    ],
)
def test_what_makes_no_sense_is_refused(market, wrong, code):
    with pytest.raises(Invalid) as refusal:
        drop(market, **wrong)
    assert refusal.value.code == code
    assert not Coupon.objects.exists()


def test_an_anchor_may_give_all_that_the_threshold_earns_and_no_more(market):
    with pytest.raises(Invalid) as refusal:
        drop(market, amount_minor=4_001, threshold_minor=20_000)
    assert refusal.value.extra["most_minor"] == 4_000
    drop(market, amount_minor=4_000, threshold_minor=20_000)


def test_one_piece_a_viewer_and_none_when_it_is_over(market):
    coupon = drop(market, count=1)
    first = promotion.claim_coupon(coupon_id=coupon.pk, user=market.buyer)
    assert promotion.claim_coupon(coupon_id=coupon.pk, user=market.buyer) == first
    other = user("other")
    with pytest.raises(SoldOut):
        promotion.claim_coupon(coupon_id=coupon.pk, user=other)
    assert promotion.settle_coupon(coupon_id=coupon.pk).state == "TAKEN"
    with pytest.raises(NotFound):
        promotion.claim_coupon(coupon_id=coupon.pk + 999, user=other)
    second = drop(market)
    with pytest.raises(Conflict, match="in the room already"):
        drop(market)
    with clock.travel(timedelta(seconds=61)):
        with pytest.raises(Conflict, match="over"):
            promotion.claim_coupon(coupon_id=second.pk, user=other)
        fire_due()
        second.refresh_from_db()
        assert second.state == "ENDED"
        with pytest.raises(IllegalMove):
            promotion.withdraw_coupon(coupon=second, actor=acting(market.anchor, "anchor"))
    assert CouponClaim.objects.count() == 1
    assert findings() == []


def test_a_coupon_comes_back_when_nothing_was_paid_and_not_otherwise(market):
    coupon = claimed(market)
    order = market.order(scenario="decline")
    assert order.discount_minor == 1_000
    actions.cancel_order(order=order, actor=acting(market.buyer, "buyer"))
    assert promotion.usable_claims(user=market.buyer).get().coupon == coupon
    paid = market.paid()
    assert paid.discount_minor == 1_000
    actions.cancel_order(order=paid, actor=acting(market.buyer, "buyer"))
    market.pump()
    assert not promotion.usable_claims(user=market.buyer).exists()
    assert balances() == {}
    assert findings() == []


def test_a_late_payment_for_an_order_whose_coupon_was_spent_meanwhile_is_sent_back(market):
    from orders.payments.sandbox import SandboxProvider

    claimed(market, valid_minutes=120)
    late = market.order(scenario="three_ds")
    market.pump()
    actions.expire_unpaid(now=clock.now() + timedelta(minutes=16))
    assert market.order().discount_minor == 1_000
    SandboxProvider().confirm(late.payments.get().provider_ref, approve=True)
    market.pump()
    assert late.lines.get().state == "EXPIRED"
    assert late.refunds.get().amount_minor == 9_000
    assert findings() == []


def test_a_part_that_goes_back_is_refunded_as_it_was_paid(market):
    """Three at ¥100 with ¥10 off: ¥290 paid; the pieces go back as 96.66, 96.67, 96.67."""
    claimed(market)
    order = market.delivered(market.wanted(3))
    amounts = []
    for _ in range(3):
        case = market.returned(order, 1)
        market.inspected(case)
        amounts.append(case.amount_minor)
        assert findings() == []
    assert amounts == [9_666, 9_667, 9_667]
    assert order.lines.get().state == "RETURNED"
    assert balances() == {}


def test_a_flash_price_and_a_coupon_go_together(market):
    promotion.open_flash(
        placement=market.placement,
        prices={market.term.listing_variant_id: 9_000},
        quantity=5,
        per_buyer=5,
        seconds=60,
        actor=acting(market.anchor, "anchor"),
    )
    claimed(market)
    with clock.travel(timedelta(seconds=4)):
        order = market.paid()
    assert (order.goods_minor, order.total_minor) == (9_000, 8_000)
    assert balances()["anchor commission_estimated"] == -800
    assert findings() == []


class TestRaces:
    pytestmark = pytest.mark.django_db(transaction=True)

    @pytest.fixture
    def market(self, transactional_db):
        return build_market()

    def test_as_many_viewers_get_one_as_there_are(self, market):
        coupon = drop(market, count=3)
        people = buyers()
        outcomes = all_at_once(
            lambda n: promotion.claim_coupon(coupon_id=coupon.pk, user=people[n])
        )
        assert outcomes == {"done": 3, "sold_out": HANDS - 3}
        assert CouponClaim.objects.count() == 3
        assert findings() == []

    def test_one_viewer_with_many_hands_gets_one(self, market):
        coupon = drop(market, count=5)
        outcomes = all_at_once(
            lambda _n: promotion.claim_coupon(coupon_id=coupon.pk, user=market.buyer)
        )
        assert outcomes == {"done": HANDS}
        coupon.refresh_from_db()
        assert (coupon.claimed, CouponClaim.objects.count()) == (1, 1)

    def test_one_coupon_in_many_hands_is_spent_on_one_order(self, market):
        claimed(market)
        outcomes = all_at_once(lambda n: market.order(key=f"k{n}"))
        assert outcomes["done"] + outcomes["coupon"] == HANDS
        reduced = Order.objects.filter(discount_minor__gt=0)
        assert reduced.count() == 1
        assert findings() == []

    def test_negative_control_with_the_guard_off_the_drop_is_overspent(self, market):
        coupon = drop(market, count=3)
        people = buyers()
        counted = threading.Barrier(HANDS)

        def unguarded(coupon_id, at):
            left = Coupon.objects.get(pk=coupon_id).left
            counted.wait(timeout=20)
            return left > 0

        with mock.patch("promotion.actions.coupons._count_claim", unguarded):
            outcomes = all_at_once(
                lambda n: promotion.claim_coupon(coupon_id=coupon.pk, user=people[n])
            )
        assert outcomes == {"done": HANDS}
        rules = {found.rule for found in findings()}
        assert "as many coupons are claimed as the coupon counts" in rules

    def test_negative_control_with_the_claim_free_it_is_spent_many_times(self, market):
        claimed(market)
        bound = threading.Barrier(HANDS)

        def unguarded(**_):
            bound.wait(timeout=20)
            return True

        with mock.patch("orders.actions.placing.spend_coupon", unguarded), one_by_one():
            outcomes = all_at_once(lambda n: market.order(key=f"k{n}"))
        assert outcomes == {"done": HANDS}
        assert any("coupon is spent" in found.rule for found in findings())


def test_an_address_is_all_that_a_stranger_with_a_coupon_still_needs(market):
    """A coupon of one viewer is nothing to another."""
    claimed(market)
    other = user("other")
    address_of(other)
    assert market.order(buyer=other).discount_minor == 0
