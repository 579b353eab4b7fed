"""Polls: one at a time in a room, closed by hand or by their deadline."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core import clock
from core.actors import SYSTEM, Actor, acting
from core.errors import Conflict, Invalid, NotFound
from rooms import votes, wire
from rooms.actions.locking import locked, must_be_open, put_off, try_locked
from rooms.actions.talk import one_line
from rooms.board import hang
from rooms.models import Poll, Room
from rooms.states import POLL

POLL_KEY = "poll"
QUESTION_LENGTH = 120
OPTION_LENGTH = 40
FEWEST_OPTIONS, MOST_OPTIONS = 2, 6
SHORTEST, LONGEST = 15, 600


@transaction.atomic
def open_poll(
    *, room: Room, question: str, options: Sequence[str], seconds: int, actor: User
) -> Poll:
    """Ask the room something for `seconds` (15 to 600), with 2 to 6 different answers.

    Raises Invalid for the words, Conflict while another poll runs or when the show is over.
    """
    question = one_line(question)
    answers = [one_line(option) for option in options]
    _check_words(question, answers)
    if not SHORTEST <= seconds <= LONGEST:
        raise Invalid(_("Choose between 15 and 600 seconds."), code="bad_seconds")
    room = locked(room.pk)
    must_be_open(room)
    if room.polls.filter(state="RUNNING").exists():
        raise Conflict(_("Another poll is running. Close it first."), code="poll_running")
    poll = Poll.objects.create(
        room=room,
        question=question,
        options=answers,
        opened_by=actor,
        ends_at=clock.now() + timedelta(seconds=seconds),
    )
    POLL.start(poll, actor=acting(actor, "anchor"))
    hang(room, POLL_KEY, poll_form(poll))
    return poll


def _check_words(question: str, answers: Sequence[str]) -> None:
    if not 1 <= len(question) <= QUESTION_LENGTH:
        raise Invalid(_("Write a question of at most 120 characters."), code="bad_question")
    if not FEWEST_OPTIONS <= len(answers) <= MOST_OPTIONS or len(set(answers)) != len(answers):
        raise Invalid(_("Give 2 to 6 different answers."), code="bad_options")
    if not all(1 <= len(answer) <= OPTION_LENGTH for answer in answers):
        raise Invalid(_("Use 1 to 40 characters for each answer."), code="bad_options")


@transaction.atomic
def close_poll(*, room: Room, poll_id: int, actor: User) -> Poll:
    """End it now and show the result. Does nothing when it is over; raises NotFound for none."""
    room = locked(room.pk)
    poll = room.polls.filter(pk=poll_id).first()
    if poll is None:
        raise NotFound(_("There is no such poll."))
    if poll.state == "RUNNING":
        close_locked(room, poll, acting(actor, "anchor"))
    return poll


@transaction.atomic
def take_poll_down(*, room: Room, actor: User) -> None:
    """Take the result off the board. Raises Conflict while the poll runs."""
    room = locked(room.pk)
    if room.polls.filter(state="RUNNING").exists():
        raise Conflict(_("Another poll is running. Close it first."), code="poll_running")
    hang(room, POLL_KEY, None)


def close_running(room: Room) -> None:
    """The show ends: so does its poll. The caller holds the room's lock."""
    poll = room.polls.filter(state="RUNNING").first()
    if poll is not None:
        close_locked(room, poll, SYSTEM)


def close_locked(room: Room, poll: Poll, actor: Actor) -> None:
    """RUNNING → CLOSED with the votes counted, in a room whose lock the caller holds."""
    # The move takes the poll's row; votes being written hold a share of it, so it waits for them,
    # and those that come after see that it is closed.
    POLL.move(poll, "CLOSED", actor=actor)
    poll.counts = votes.count(poll.pk, len(poll.options))
    Poll.objects.filter(pk=poll.pk).update(counts=poll.counts)
    hang(room, POLL_KEY, poll_form(poll))


def poll_form(poll: Poll) -> dict[str, Any]:
    """The board's value: docs/realtime.md, section 1a."""
    return {
        "id": poll.pk,
        "question": poll.question,
        "options": poll.options,
        "ends_at": wire.millis(poll.ends_at),
        "result": poll.counts if poll.state == "CLOSED" else None,
    }


@POLL.on_timeout("RUNNING")
def _time_is_up(poll_id: int) -> None:
    poll = Poll.objects.get(pk=poll_id)
    room = try_locked(poll.room_id)
    if room is None:
        put_off(POLL, poll_id)
        return
    poll.refresh_from_db()
    if poll.state == "RUNNING":
        close_locked(room, poll, Actor("system", None, "time is up"))
