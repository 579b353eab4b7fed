"""Idempotency keys: one effect, one answer, no stuck key."""

import threading

import pytest
from django.db import connection, transaction

from core.errors import InFlight, Invalid, KeyReused
from core.idempotency import fingerprint, once
from core.models import IdempotencyRecord

REQUEST = fingerprint("POST", "/orders", {"qty": 1})


class Work:
    def __init__(self):
        self.runs = 0

    def __call__(self):
        self.runs += 1
        return {"number": self.runs}


@pytest.mark.django_db
def test_the_same_key_and_request_replay_the_answer():
    work = Work()
    first = once(actor="u1", key="k", request=REQUEST, work=work)
    second = once(actor="u1", key="k", request=REQUEST, work=work)
    assert first == ({"number": 1}, False)
    assert second == ({"number": 1}, True)


@pytest.mark.django_db
def test_the_same_key_with_another_request_is_refused():
    once(actor="u1", key="k", request=REQUEST, work=Work())
    with pytest.raises(KeyReused):
        once(actor="u1", key="k", request=fingerprint("POST", "/orders", {"qty": 2}), work=Work())


@pytest.mark.django_db
def test_keys_of_two_people_do_not_meet():
    work = Work()
    once(actor="u1", key="k", request=REQUEST, work=work)
    assert once(actor="u2", key="k", request=REQUEST, work=work) == ({"number": 2}, False)


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_missing_or_over_long_key_is_refused(key):
    with pytest.raises(Invalid):
        once(actor="u1", key=key, request=REQUEST, work=Work())


@pytest.mark.django_db
def test_work_that_fails_leaves_the_key_free():
    def fail():
        raise RuntimeError("no")

    with pytest.raises(RuntimeError), transaction.atomic():
        once(actor="u1", key="k", request=REQUEST, work=fail)
    assert once(actor="u1", key="k", request=REQUEST, work=Work()) == ({"number": 1}, False)


@pytest.mark.django_db(transaction=True)
def test_a_second_request_in_flight_is_told_to_wait():
    inside, leave = threading.Event(), threading.Event()

    def slow():
        inside.set()
        leave.wait(10)
        return {"number": 1}

    def first():
        try:
            once(actor="u1", key="k", request=REQUEST, work=slow)
        finally:
            connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    try:
        assert inside.wait(10)
        with pytest.raises(InFlight) as caught:
            once(actor="u1", key="k", request=REQUEST, work=Work())
        assert caught.value.extra["retry_after"] == 1
    finally:
        leave.set()
        thread.join()
    assert once(actor="u1", key="k", request=REQUEST, work=Work()) == ({"number": 1}, True)
    assert IdempotencyRecord.objects.count() == 1
