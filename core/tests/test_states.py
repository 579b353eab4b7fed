"""State machines: only the table's moves, every move with its history, time-outs by themselves."""

from datetime import timedelta

import pytest

from core import clock, deadlines
from core.actors import SYSTEM, Actor
from core.errors import Forbidden, IllegalMove
from core.models import Deadline, OutboxEvent
from core.states import MACHINES, Move, StateMachine

BUYER = Actor("buyer", 7, "wang")


@pytest.fixture(scope="module")
def lamp():
    """A machine over a model that happens to have a text column to move."""
    machine = StateMachine(
        "test.lamp",
        model="core.OutboxEvent",
        column="topic",
        moves=[
            Move("OFF", "ON", by={"buyer"}, guard=lambda o: o.payload.get("broken")),
            Move("ON", "OFF", by={"buyer", "system"}, after=timedelta(minutes=5)),
        ],
    )
    yield machine
    del MACHINES["test.lamp"]


@pytest.fixture
def off(db):
    return OutboxEvent.objects.create(topic="OFF", payload={})


def test_a_legal_move_changes_the_row_and_tells_who_when_and_why(lamp, off):
    lamp.move(off, "ON", actor=BUYER, why="dark", evidence={"lux": 2})
    off.refresh_from_db()
    assert off.topic == "ON"
    (row,) = lamp.history(off)
    assert (row.from_state, row.to_state, row.actor_label, row.why, row.evidence) == (
        "OFF",
        "ON",
        "wang",
        "dark",
        {"lux": 2},
    )


def test_a_wrong_move_names_the_legal_ones(lamp, off):
    with pytest.raises(IllegalMove, match="Legal from here: ON") as caught:
        lamp.move(off, "BLINKING", actor=BUYER)
    assert caught.value.extra["legal"] == ["ON"]


def test_the_wrong_person_may_not_move(lamp, off):
    with pytest.raises(Forbidden, match="buyer"):
        lamp.move(off, "ON", actor=SYSTEM)


def test_a_guard_says_why_not(lamp, off):
    off.payload = {"broken": "The bulb is broken."}
    assert not lamp.allows(off, "ON", BUYER)
    with pytest.raises(IllegalMove, match="bulb"):
        lamp.move(off, "ON", actor=BUYER)


def test_the_second_of_two_who_read_the_same_state_is_refused(lamp, off):
    other = OutboxEvent.objects.get(pk=off.pk)
    lamp.move(off, "ON", actor=BUYER)
    with pytest.raises(IllegalMove, match="just changed"):
        lamp.move(other, "ON", actor=BUYER)
    assert lamp.history(off).count() == 1


def test_a_deadline_fires_the_time_out_once_it_has_passed(lamp, off):
    lamp.move(off, "ON", actor=BUYER)
    assert deadlines.fire_due() == 0
    with clock.travel(timedelta(minutes=6)):
        assert deadlines.fire_due() == 1
        assert deadlines.fire_due() == 0
    off.refresh_from_db()
    assert off.topic == "OFF"


def test_leaving_the_state_takes_its_deadline_along(lamp, off):
    lamp.move(off, "ON", actor=BUYER)
    lamp.move(off, "OFF", actor=BUYER)
    assert not Deadline.objects.exists()


def test_a_paused_deadline_waits_and_resumes_with_an_hour_at_least(lamp, off):
    lamp.move(off, "ON", actor=BUYER)
    lamp.pause(off)
    with clock.travel(timedelta(days=1)):
        assert deadlines.fire_due() == 0
        lamp.pause(off, paused=False)
        assert deadlines.fire_due() == 0
        assert lamp.deadline_of(off) >= clock.now() + timedelta(minutes=59)


def test_a_deadline_that_fails_is_put_off_and_does_not_starve_the_next(lamp, off):
    lamp.move(off, "ON", actor=BUYER)
    Deadline.objects.create(
        machine="test.lamp", object_id=0, state="ON", due_at=clock.now() - timedelta(hours=1)
    )
    with clock.travel(timedelta(minutes=6)):
        assert deadlines.fire_due() == 1
    assert "DoesNotExist" in Deadline.objects.get(object_id=0).last_error
