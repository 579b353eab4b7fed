"""Outbox: announced with the fact, applied once."""

from dataclasses import dataclass
from typing import ClassVar

import pytest
from django.db import transaction

from core import events
from core.models import HandledEvent, OutboxEvent


@dataclass(frozen=True)
class Rang(events.Event):
    topic: ClassVar[str] = "test.rang"
    times: int


heard: list[int] = []
trouble: list[Exception] = []


@events.handles(Rang)
def listen(event: Rang) -> None:
    if trouble:
        raise trouble[0]
    heard.append(event.times)


@pytest.fixture(autouse=True)
def _silence():
    heard.clear()
    trouble.clear()


@pytest.mark.django_db
def test_an_event_reaches_its_handler_once_however_often_it_is_delivered():
    events.publish(Rang(times=3))
    assert events.deliver_due() == 1
    OutboxEvent.objects.update(delivered_at=None)
    events.deliver_due()
    assert heard == [3]
    assert HandledEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_event_of_a_transaction_that_fails_is_never_announced():
    with transaction.atomic():
        events.publish(Rang(times=1))
        transaction.set_rollback(True)
    assert events.deliver_due() == 0


@pytest.mark.django_db(transaction=True)
def test_publishing_outside_a_transaction_is_refused():
    with pytest.raises(transaction.TransactionManagementError):
        events.publish(Rang(times=1))


@pytest.mark.django_db
def test_a_failing_handler_is_retried_and_blocks_nobody():
    trouble.append(RuntimeError("no bell"))
    events.publish(Rang(times=1))
    events.deliver_due()
    row = OutboxEvent.objects.get()
    assert row.delivered_at is None
    assert "no bell" in row.last_error
    assert row.attempts == 1
    trouble.clear()
    OutboxEvent.objects.update(next_attempt_at=row.created_at)
    events.deliver_due()
    assert heard == [1]
