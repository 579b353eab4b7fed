"""Purchases that share one commit: each is decided for itself, in the order of arrival."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from unittest import mock

import pytest
from django.db import connection, transaction

from core import idempotency
from orders.audit import findings
from orders.checkout import batch, soldout
from orders.checkout.answers import Accepted, Ask, HandedBack, Outcome, Refused
from orders.checkout.queue import MOST_WAITING, Queue
from orders.checkout.starting import Background
from orders.models import Order
from orders.tests.conftest import build_market
from orders.tests.test_races import HANDS, all_at_once, buyers
from supply.models import Stock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def market(transactional_db):
    return build_market()


def ask(market, person, key, quantity=1, **more):
    return Ask(buyer_id=person.pk, wish=market.wanted(quantity), key=key, source="room", **more)


def told(outcome: Outcome) -> str:
    if isinstance(outcome, Accepted):
        return "replayed" if outcome.replayed else "accepted"
    return outcome.error().code if isinstance(outcome, Refused) else "handed back"


def test_one_refused_purchase_never_spoils_its_neighbours(market):
    one, two, three, four = buyers()[:4]
    four.addresses.all().delete()
    outcomes = batch.commit(
        [
            ask(market, one, "a", 6),
            ask(market, two, "b", 9),
            ask(market, three, "c", 4),
            ask(market, four, "d"),
            ask(market, one, "e", agreed_minor=1),
            ask(market, two, "f"),
        ]
    )
    assert [told(one) for one in outcomes] == [
        "accepted",
        "sold_out",
        "accepted",
        "address_required",
        "price_changed",
        "sold_out",
    ]
    assert market.stock() == (10, 10)
    assert findings() == []


def test_a_key_that_comes_again_is_replayed_within_a_batch_and_after_it(market):
    person, *_ = buyers()
    outcomes = batch.commit([ask(market, person, "k"), ask(market, person, "k")])
    assert [told(one) for one in outcomes] == ["accepted", "replayed"]
    assert outcomes[0].answer == outcomes[1].answer
    again = batch.commit([ask(market, person, "k"), ask(market, person, "k", 2)])
    assert [told(one) for one in again] == ["replayed", "key_reused"]
    assert Order.objects.count() == 1


def test_what_it_cannot_tell_is_handed_back_and_leaves_nothing(market):
    person, other, *_ = buyers()
    foreign = other.addresses.get().pk
    outcomes = batch.commit(
        [ask(market, person, "a", coupon_id=99), ask(market, person, "b", address_id=foreign)]
    )
    assert all(isinstance(one, HandedBack) for one in outcomes)
    assert Order.objects.count() == 0


def test_batches_of_several_processes_sell_each_unit_once(market):
    people = buyers()

    def one_process(n: int) -> None:
        wishes = [ask(market, people[n], f"{n}:{i}") for i in range(4)]
        sold.extend(one for one in batch.commit(wishes) if isinstance(one, Accepted))

    sold: list[Accepted] = []
    assert all_at_once(one_process) == {"done": HANDS}
    assert len(sold) == Order.objects.count() == 10
    assert market.stock() == (10, 10)
    assert findings() == []


def test_negative_control_batches_without_the_guarded_write_oversell(market):
    people = buyers()
    line = threading.Barrier(HANDS)

    def unguarded(**_taken: object) -> bool:
        line.wait(timeout=20)
        return True

    def one_process(n: int) -> None:
        batch.commit([ask(market, people[n], f"{n}:{i}") for i in range(4)])

    with mock.patch("orders.checkout.batch.reserve_stock", unguarded):
        all_at_once(one_process)
    assert Order.objects.count() == 4 * HANDS > 10
    assert findings() != []


def test_a_purchase_that_waits_for_a_lock_holds_up_its_own_sku_only(market):
    person, *_ = buyers()
    other = market.into_room(market.new_offer("OTHER", on_hand=3))
    go_on = threading.Event()

    def commit(asks: list[Ask]) -> list[Outcome]:
        if asks[0].key == "slow":
            go_on.wait(timeout=20)
        return [Accepted({}) for _ask in asks]

    queue = Queue(commit)
    slow = queue.submit(ask(market, person, "slow"))
    behind = queue.submit(ask(market, person, "behind"))
    elsewhere = Ask(
        buyer_id=person.pk, wish=market.wanted(1, other), key="elsewhere", source="room"
    )
    assert told(queue.submit(elsewhere).result(timeout=10)) == "accepted"
    assert not slow.done()
    assert not behind.done()
    go_on.set()
    assert {told(one.result(timeout=10)) for one in (slow, behind)} == {"accepted"}


def test_an_answer_is_replayed_to_who_has_given_up_the_address(market):
    person, *_ = buyers()
    (first,) = batch.commit([ask(market, person, "k")])
    person.addresses.all().delete()
    (again,) = batch.commit([ask(market, person, "k")])
    assert (told(first), told(again)) == ("accepted", "replayed")
    assert first.answer == again.answer


def test_what_waits_is_committed_together_and_a_full_queue_says_busy(market):
    person, *_ = buyers()
    began, go_on = threading.Event(), threading.Event()
    sizes: list[int] = []

    def commit(asks: list[Ask]) -> list[Outcome]:
        sizes.append(len(asks))
        began.set()
        go_on.wait(timeout=20)
        return [Accepted({}) for _ask in asks]

    queue = Queue(commit)
    first = queue.submit(ask(market, person, "first"))
    assert began.wait(timeout=20)
    waiting: list[Future[Outcome]] = [
        queue.submit(ask(market, person, f"k{n}")) for n in range(MOST_WAITING)
    ]
    refused = queue.submit(ask(market, person, "late")).result(timeout=1)
    assert told(refused) == "busy"
    go_on.set()
    assert {told(one.result(timeout=20)) for one in [first, *waiting]} == {"accepted"}
    assert sizes == [1] + [256] * 16


def test_who_cancels_while_waiting_has_not_bought_and_costs_nobody_an_answer(market):
    person, *_ = buyers()
    began, go_on = threading.Event(), threading.Event()
    committed: list[str] = []

    def commit(asks: list[Ask]) -> list[Outcome]:
        began.set()
        go_on.wait(timeout=20)
        committed.extend(one.key for one in asks)
        return [Accepted({}) for _ask in asks]

    queue = Queue(commit)
    first = queue.submit(ask(market, person, "first"))
    assert began.wait(timeout=20)
    leaving, staying = (
        queue.submit(ask(market, person, "a")),
        queue.submit(ask(market, person, "b")),
    )
    assert leaving.cancel()
    # Its batch has begun: too late to leave.
    assert not first.cancel()
    go_on.set()
    assert {told(one.result(timeout=20)) for one in (first, staying)} == {"accepted"}
    assert committed == ["first", "b"]


def test_a_purchase_that_the_database_refuses_costs_its_neighbours_nothing(market):
    one, two, *_ = buyers()
    ghost = ask(market, two, "ghost", buyer_name="nobody", ship_to={"city": "Hangzhou"})
    ghost.buyer_id = 10**9
    outcomes = batch.commit([ask(market, one, "a"), ghost])
    # Then the batch kept nothing, and each goes the single way.
    assert all(isinstance(outcome, HandedBack) for outcome in outcomes)
    assert Order.objects.count() == 0
    assert market.stock() == (10, 0)
    assert told(batch.commit([ask(market, one, "a")])[0]) == "accepted"


def test_a_crowd_that_comes_too_late_is_remembered_and_a_known_key_still_replayed(
    market, monkeypatch
):
    people = buyers()
    # Given goods that sell out before a crowd.
    mine = ask(market, people[0], "mine", 10)
    crowd = [ask(market, person, f"late-{n}") for n, person in enumerate(people * 2)]
    outcomes = batch.commit([mine, *crowd])
    assert [told(one) for one in outcomes] == ["accepted", *["sold_out"] * len(crowd)]
    # When more come, nothing is asked of the tables, and who bought finds the order.
    monkeypatch.setattr(batch._Batch, "_fill", lambda _self: pytest.fail("the stock was asked"))
    again = batch.commit([ask(market, people[0], "mine", 10), ask(market, people[1], "more")])
    assert [told(one) for one in again] == ["replayed", "sold_out"]
    # Then it is asked again a moment later.
    monkeypatch.undo()
    monkeypatch.setattr(soldout, "_gone", {})
    Stock.objects.update(on_hand=11)
    assert told(batch.commit([ask(market, people[1], "more")])[0]) == "accepted"


def test_a_key_that_runs_in_another_process_is_in_flight_and_waits_for_nobody(market):
    person, *_ = buyers()
    holds, go_on = threading.Event(), threading.Event()

    def another_process() -> None:
        with transaction.atomic():
            idempotency.lock_keys([(f"user:{person.pk}", "k")])
            holds.set()
            go_on.wait(timeout=20)
        connection.close()

    other = threading.Thread(target=another_process)
    other.start()
    assert holds.wait(timeout=20)
    outcomes = batch.commit([ask(market, person, "k"), ask(market, person, "mine")])
    go_on.set()
    other.join()
    assert [told(one) for one in outcomes] == ["in_flight", "accepted"]


def test_a_batch_that_was_overtaken_is_decided_again_under_the_locks(market, monkeypatch):
    one, two, *_ = buyers()
    # Given stock of which another process took a piece after the batch had read it.
    monkeypatch.setattr(batch, "reserve_stock", overtaken_once(batch.reserve_stock))
    outcomes = batch.commit([ask(market, one, "a"), ask(market, two, "b")])
    # Then what was written before is undone, and nothing comes twice.
    assert [told(outcome) for outcome in outcomes] == ["accepted", "accepted"]
    assert (Order.objects.count(), market.stock()) == (2, (10, 2))
    assert findings() == []


def overtaken_once(reserve):
    calls = iter([False])
    return lambda **what: next(calls, True) and reserve(**what)


def test_payments_begin_when_the_crowd_has_its_answers_and_can_be_waited_for():
    crowd, go_on = threading.Event(), threading.Event()
    crowd.set()
    begun: list[int] = []

    def work(number: int) -> int:
        go_on.wait(timeout=20)
        begun.append(number)
        return number

    background = Background(work, crowd.is_set)
    assert background.wait(0)
    future = background.submit(7)
    go_on.set()
    assert not background.wait(0.2)
    assert begun == []
    crowd.clear()
    assert background.wait(10)
    assert (begun, future.result(timeout=1)) == ([7], 7)
