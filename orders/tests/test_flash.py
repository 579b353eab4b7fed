"""Flash sales at the till: the clock decides, no piece too many, nobody pays more than they saw."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import timedelta
from unittest import mock

import pytest

from core import clock, events
from core.actors import SYSTEM, acting
from core.deadlines import fire_due
from core.errors import Conflict, IllegalMove, Invalid, SoldOut
from orders import actions
from orders.actions import Wanted
from orders.audit import findings
from orders.models import Order
from orders.tests.conftest import address_of, balances, build_market, user
from orders.tests.test_races import HANDS, all_at_once, buyers, one_by_one
from promotion import actions as promotion
from promotion.models import FlashSale

FLASH = 9_000


def flash(market, **more):
    """A sale of the scarf (¥100, at least ¥80 by its terms) at ¥90; it begins in three seconds."""
    values = {"quantity": 5, "per_buyer": 2, "seconds": 60, **more}
    return promotion.open_flash(
        placement=market.placement,
        prices={market.term.listing_variant_id: values.pop("price", FLASH)},
        actor=acting(market.anchor, "anchor"),
        **values,
    )


@contextmanager
def running():
    with clock.travel(timedelta(seconds=4)):
        yield


def insisting(market, sale, quantity=1):
    return Wanted(
        quantity=quantity,
        placement_id=market.term.placement_id,
        variant_id=market.term.listing_variant_id,
        flash_id=sale.pk,
    )


def prices(order):
    return [line.unit_price_minor for line in order.lines.order_by("id")]


def test_the_clock_alone_decides_who_gets_the_price(market):
    sale = flash(market)
    assert prices(market.order()) == [10_000]
    with running():
        inside = market.order()
    assert (prices(inside), inside.total_minor) == ([FLASH], FLASH)
    assert inside.lines.get().flash_id == sale.pk
    with clock.travel(timedelta(seconds=64)):
        assert prices(market.order()) == [10_000]
    sale.refresh_from_db()
    # No job has looked yet; the price did not wait for one.
    assert (sale.state, sale.sold) == ("SCHEDULED", 1)
    assert findings() == []


def test_a_price_under_the_lowest_possible_is_refused_and_the_lowest_is_named(market):
    lowest = promotion.flash_terms(market.placement)[0].lowest_minor
    assert lowest is not None
    with pytest.raises(Invalid) as refusal:
        flash(market, price=lowest - 1)
    assert refusal.value.code == "price_too_low"
    assert refusal.value.extra["needed_minor"] == lowest
    flash(market, price=lowest)
    with running():
        market.paid()
    assert findings() == []
    assert min(balance for name, balance in balances().items() if "fee" in name) <= 0


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"price": 10_000}, "price_not_lower"),
        ({"quantity": 0}, "bad_quantity"),
        ({"quantity": 11}, "bad_quantity"),
        ({"per_buyer": 0}, "bad_limit"),
        ({"seconds": 9}, "bad_duration"),
        ({"seconds": 301}, "bad_duration"),
    ],
)
def test_what_makes_no_sense_is_refused(market, wrong, code):
    with pytest.raises(Invalid) as refusal:
        flash(market, **wrong)
    assert refusal.value.code == code
    assert not FlashSale.objects.exists()


def test_one_open_sale_a_placement(market):
    sale = flash(market)
    with pytest.raises(Conflict, match="flash sale already"):
        flash(market)
    promotion.abort_flash(sale=sale, actor=acting(market.anchor, "anchor"))
    again = flash(market)
    # One whose time is over makes room though nobody has closed it yet.
    with clock.travel(timedelta(minutes=2)):
        third = flash(market)
    again.refresh_from_db()
    assert (again.state, third.state) == ("ENDED", "SCHEDULED")


def test_who_insists_is_refused_and_told_the_usual_price(market):
    sale = flash(market, quantity=3)
    with pytest.raises(Conflict) as early:
        market.order(insisting(market, sale))
    assert (early.value.code, early.value.extra["price_minor"]) == ("price_changed", 10_000)
    with running():
        with pytest.raises(Invalid, match="at most 2") as limit:
            market.order(insisting(market, sale, 3))
        assert limit.value.code == "limit"
        market.order(insisting(market, sale, 2))
        other = user("other")
        address_of(other)
        with pytest.raises(SoldOut) as gone:
            market.order(insisting(market, sale, 2), buyer=other)
        assert gone.value.extra["flash"] == sale.pk
        assert (gone.value.extra["left"], gone.value.extra["price_minor"]) == (1, 10_000)
        assert prices(market.order(insisting(market, sale, 1), buyer=other)) == [FLASH]
    with clock.travel(timedelta(seconds=64)), pytest.raises(Conflict) as late:
        market.order(insisting(market, sale), buyer=other)
    assert late.value.code == "price_changed"
    assert findings() == []


def test_who_does_not_insist_pays_the_usual_price_when_the_pieces_are_gone_or_had(market):
    flash(market, quantity=2, per_buyer=1)
    with running():
        assert prices(market.order()) == [FLASH]
        assert prices(market.order()) == [10_000]
    assert findings() == []


def test_nobody_is_charged_more_than_they_saw(market):
    flash(market, quantity=1)
    with running():
        market.order()
        with pytest.raises(Conflict) as refusal:
            actions.place_order(
                buyer=market.buyer,
                address=None,
                lines=[market.wanted()],
                key="saw-the-flash-price",
                source="test",
                agreed_minor=FLASH,
            )
    assert refusal.value.code == "price_changed"
    assert refusal.value.extra["total_minor"] == 10_000
    assert Order.objects.count() == 1


def test_an_order_that_is_not_paid_gives_its_pieces_back(market):
    sale = flash(market, quantity=2)
    with running():
        order = market.order(market.wanted(2), scenario="decline")
        promotion.settle_flash(flash_id=sale.pk)
        sale.refresh_from_db()
        assert (sale.state, sale.left) == ("SOLD_OUT", 0)
        actions.cancel_order(order=order, actor=acting(market.buyer, "buyer"))
        promotion.settle_flash(flash_id=sale.pk)
        sale.refresh_from_db()
        assert (sale.state, sale.left) == ("RUNNING", 2)
        assert prices(market.order(market.wanted(2))) == [FLASH]
    assert findings() == []


def test_expiry_gives_back_and_a_late_payment_takes_again_or_is_sent_back(market):
    from orders.payments.sandbox import SandboxProvider

    sale = flash(market, quantity=1)
    with running():
        late = market.order(scenario="three_ds")
        market.pump()
    with clock.travel(timedelta(minutes=16)):
        actions.expire_unpaid()
        sale.refresh_from_db()
        assert sale.sold == 0
        SandboxProvider().confirm(late.payments.get().provider_ref, approve=True)
        market.pump()
        sale.refresh_from_db()
        assert (late.lines.get().state, sale.sold) == ("PAID_ON_HOLD", 1)
    assert findings() == []


def test_a_late_payment_does_not_take_pieces_that_others_have_now(market):
    from orders.payments.sandbox import SandboxProvider

    flash(market, quantity=1, seconds=300)
    other = user("other")
    address_of(other)
    with running():
        late = market.order(scenario="three_ds")
        market.pump()
        actions.expire_unpaid(now=clock.now() + timedelta(minutes=16))
        assert prices(market.order(buyer=other)) == [FLASH]
        SandboxProvider().confirm(late.payments.get().provider_ref, approve=True)
        market.pump()
    assert late.lines.get().state == "EXPIRED"
    assert late.refunds.get().state == "SUCCEEDED"
    assert findings() == []


def test_a_sale_without_remorse_goes_to_be_packed_at_once(market):
    flash(market, remorse=False)
    with running():
        order = market.paid()
        assert order.lines.get().remorse_minutes == 0


def test_states_follow_the_clock_by_deadlines(market):
    sale = flash(market)
    for seconds, state in [(1, "SCHEDULED"), (4, "RUNNING"), (64, "ENDED")]:
        with clock.travel(timedelta(seconds=seconds)):
            fire_due()
            sale.refresh_from_db()
            assert sale.state == state
    with pytest.raises(IllegalMove):
        promotion.abort_flash(sale=sale, actor=SYSTEM)


def test_an_aborted_sale_sells_no_more_and_what_was_bought_stays_bought(market):
    sale = flash(market)
    with running():
        kept = market.paid()
        promotion.abort_flash(sale=sale, actor=acting(market.anchor, "anchor"))
        assert prices(market.order()) == [10_000]
        with pytest.raises(Conflict):
            market.order(insisting(market, sale))
    assert kept.lines.get().state == "PAID_ON_HOLD"
    assert findings() == []


class TestRaces:
    """On real connections; and proof that the harness would see what the guards prevent."""

    pytestmark = pytest.mark.django_db(transaction=True)

    @pytest.fixture
    def market(self, transactional_db):
        return build_market()

    def test_as_many_buyers_get_the_price_as_there_are_pieces(self, market):
        sale = flash(market, quantity=3)
        people = buyers()
        with running():
            outcomes = all_at_once(
                lambda n: market.order(insisting(market, sale), key=f"k{n}", buyer=people[n])
            )
        assert outcomes == {"done": 3, "sold_out": HANDS - 3}
        sale.refresh_from_db()
        assert sale.sold == 3
        assert findings() == []

    def test_who_did_not_insist_gets_the_usual_price_in_the_same_rush(self, market):
        flash(market, quantity=3)
        people = buyers()
        with running():
            outcomes = all_at_once(lambda n: market.order(key=f"k{n}", buyer=people[n]))
        assert outcomes == {"done": HANDS}
        paid = sorted(Order.objects.values_list("total_minor", flat=True))
        assert paid == [FLASH] * 3 + [10_000] * (HANDS - 3)
        assert findings() == []

    def test_one_buyer_with_many_hands_keeps_to_the_limit(self, market):
        sale = flash(market, quantity=8, per_buyer=2)
        with running():
            outcomes = all_at_once(lambda n: market.order(insisting(market, sale), key=f"k{n}"))
        assert outcomes == {"done": 2, "limit": HANDS - 2}
        assert findings() == []

    def test_negative_control_with_the_guard_off_too_many_pieces_are_sold(self, market):
        """Counting first and adding later: the CHECK and the audit have to see it."""
        sale = flash(market, quantity=3)
        people = buyers()
        counted = threading.Barrier(HANDS)

        def unguarded(flash_id, quantity, at):
            enough = FlashSale.objects.get(pk=flash_id).left >= quantity
            counted.wait(timeout=20)
            return enough

        with (
            mock.patch("promotion.actions.flash.taking._count_sale", unguarded),
            one_by_one(),
            running(),
        ):
            outcomes = all_at_once(
                lambda n: market.order(insisting(market, sale), key=f"k{n}", buyer=people[n])
            )
        assert outcomes == {"done": HANDS}
        rules = {found.rule for found in findings()}
        assert "a flash sale's pieces are those of the orders that hold stock" in rules

    def test_negative_control_with_the_limit_off_one_buyer_gets_too_many(self, market):
        sale = flash(market, quantity=8, per_buyer=2)
        with (
            mock.patch("promotion.actions.flash.taking._count_buyer", return_value=True),
            one_by_one(),
            running(),
        ):
            outcomes = all_at_once(lambda n: market.order(insisting(market, sale), key=f"k{n}"))
        assert outcomes == {"done": HANDS}
        assert findings() != []

    def test_abort_and_purchases_at_once_leave_the_count_true(self, market):
        sale = flash(market, quantity=8)
        people = buyers()

        def race(n: int) -> None:
            if n == 0:
                promotion.abort_flash(sale=sale, actor=acting(market.anchor, "anchor"))
            else:
                market.order(insisting(market, sale), key=f"k{n}", buyer=people[n])

        with running():
            outcomes = all_at_once(race)
        assert outcomes["done"] + outcomes["price_changed"] == HANDS
        assert findings() == []
        events.deliver_due(1000)
