"""Polls: rules, votes that are counted once, the result."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from core import clock, deadlines
from core.errors import Conflict, Invalid
from rooms import actions, votes
from rooms.models import Poll, PollVote, Room
from rooms.tests import factories as make
from rooms.tests.conftest import Watch
from rooms.tests.tools.board import board, poll_in
from rooms.votes import Vote

pytestmark = pytest.mark.django_db


def test_a_poll_closes_at_its_deadline_with_the_votes_counted() -> None:
    room = make.live_room()
    poll = poll_in(room, options=3)
    people = [make.user() for _ in range(3)]
    outcomes = votes.cast(
        Vote(poll.pk, room.pk, person.pk, option)
        for person, option in zip(people, (2, 2, 0), strict=True)
    )
    assert set(outcomes.values()) == {"counted"}
    assert board(room)["poll"]["result"] is None
    with clock.travel(timedelta(seconds=61)):
        deadlines.fire_due()
    shown = board(room)["poll"]
    assert (shown["id"], shown["result"]) == (poll.pk, [1, 0, 2])


def test_a_vote_is_final_and_ends_with_the_poll() -> None:
    room, other = make.live_room(), make.live_room()
    poll = poll_in(room, options=2)
    person = make.user()
    key = (poll.pk, person.pk)
    assert votes.cast([Vote(poll.pk, room.pk, person.pk, 5)])[key] == "closed"
    assert votes.cast([Vote(poll.pk, other.pk, person.pk, 0)])[key] == "closed"
    assert votes.cast([Vote(poll.pk, room.pk, person.pk, 0)])[key] == "counted"
    assert votes.cast([Vote(poll.pk, room.pk, person.pk, 1)])[key] == "voted"
    late = make.user()
    with clock.travel(timedelta(seconds=61)):
        # The deadline has not been noticed yet; the time counts.
        answer = votes.cast([Vote(poll.pk, room.pk, late.pk, 1)])
    assert answer[poll.pk, late.pk] == "closed"
    assert votes.count(poll.pk, 2) == [1, 0]


def test_one_poll_at_a_time_and_the_show_s_end_closes_it() -> None:
    room = make.live_room()
    poll = poll_in(room)
    with pytest.raises(Conflict):
        poll_in(room)
    with pytest.raises(Conflict):
        actions.take_poll_down(room=room, actor=room.anchor)
    votes.cast([Vote(poll.pk, room.pk, make.user().pk, 1)])
    actions.end_room(room=room, actor=make_actor(room))
    poll.refresh_from_db()
    assert (poll.state, poll.counts) == ("CLOSED", [0, 1, 0])


def make_actor(room: Room) -> Any:
    from core.actors import acting

    return acting(room.anchor, "anchor")


@pytest.mark.parametrize(
    ("question", "options", "seconds", "code"),
    [
        ("", ["a", "b"], 60, "bad_question"),
        ("q" * 121, ["a", "b"], 60, "bad_question"),
        ("Why", ["a"], 60, "bad_options"),
        ("Why", list("abcdefg"), 60, "bad_options"),
        ("Why", ["a", " a "], 60, "bad_options"),
        ("Why", ["a", "b" * 41], 60, "bad_options"),
        ("Why", ["a", "b"], 14, "bad_seconds"),
        ("Why", ["a", "b"], 601, "bad_seconds"),
    ],
)
def test_a_poll_that_breaks_a_rule_is_not_opened(
    question: str, options: list[str], seconds: int, code: str
) -> None:
    room = make.live_room()
    with pytest.raises(Invalid) as refused:
        actions.open_poll(
            room=room, question=question, options=options, seconds=seconds, actor=room.anchor
        )
    assert refused.value.code == code
    assert not Poll.objects.exists()


def together(*jobs: Callable[[], Any]) -> list[Any]:
    """Run the jobs at the same moment, each on a connection of its own."""
    start = threading.Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        try:
            start.wait(5)
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


@pytest.mark.django_db(transaction=True)
def test_two_processes_never_count_a_person_twice() -> None:
    room = make.live_room()
    poll = poll_in(room, options=2)
    people = [make.user().pk for _ in range(12)]

    def process(option: int) -> Callable[[], Any]:
        ballots = [Vote(poll.pk, room.pk, person, option) for person in people]
        return lambda: votes.cast(ballots)

    answers = together(*(process(n % 2) for n in range(4)))
    assert sum(votes.count(poll.pk, 2)) == len(people)
    counted = [key for answer in answers for key, outcome in answer.items() if outcome == "counted"]
    assert sorted(counted) == sorted((poll.pk, person) for person in people)


@pytest.mark.django_db(transaction=True)
def test_control_looking_first_would_count_a_person_twice() -> None:
    """The negative control: without the constraint, look-then-write lets two through."""
    room = make.live_room()
    poll = poll_in(room, options=2)
    person = make.user().pk
    seen = threading.Barrier(2)

    def naive() -> bool:
        before = PollVote.objects.filter(poll=poll, user=person).exists()
        seen.wait(5)
        return not before

    assert together(naive, naive) == [True, True]
    assert list(votes.cast([Vote(poll.pk, room.pk, person, 0)]).values()) == ["counted"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("waits", [True, False])
def test_a_vote_that_was_accepted_is_in_the_result(
    waits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A vote is written but not committed while the poll closes. With the share lock the result waits
    for it; the control leaves the lock out and loses the vote."""
    room = make.live_room()
    poll = poll_in(room, options=2)
    person = make.user().pk
    if not waits:
        monkeypatch.setattr(votes, "_CAST", votes._CAST.replace("FOR SHARE", ""))
    written, closed = threading.Event(), threading.Event()

    def voter() -> str:
        with transaction.atomic():
            answer = votes.cast([Vote(poll.pk, room.pk, person, 1)])
            written.set()
            closed.wait(0.3 if waits else 5)
        return answer[poll.pk, person]

    def closer() -> None:
        written.wait(5)
        actions.close_poll(room=room, poll_id=poll.pk, actor=room.anchor)
        closed.set()

    outcome, _ = together(voter, closer)
    poll.refresh_from_db()
    assert outcome == "counted"
    assert votes.count(poll.pk, 2) == [0, 1]
    assert poll.counts == ([0, 1] if waits else [0, 0])


@pytest.mark.django_db(transaction=True)
async def test_voting_over_the_socket(watch: Watch, db_do: Any) -> None:
    room = await db_do(make.live_room)
    people = [await db_do(make.user) for _ in range(3)]
    poll = await db_do(lambda: poll_in(room, options=2))
    sockets = [await watch(room, person) for person in people]
    second_tab = await watch(room, people[0])
    guest = await watch(room)
    for number, socket in enumerate([*sockets, second_tab]):
        await socket.send({"t": "vote", "poll": poll.pk, "option": number % 2})
    for socket in sockets[1:]:
        await socket.get("voted", poll=poll.pk)
    await sockets[0].until(
        lambda: (
            sockets[0].all("voted") + second_tab.all("voted")
            and sockets[0].all("error") + second_tab.all("error")
        )
    )
    both = sockets[0].all("error") + second_tab.all("error")
    assert [error["code"] for error in both] == ["already_voted"]
    await guest.send({"t": "vote", "poll": poll.pk, "option": 0})
    await guest.get("error", code="sign_in")
    # Everybody sees the sums, guests too.
    told = await guest.until(lambda: [e for e in guest.all("poll.votes") if sum(e["votes"]) == 3])
    assert told[0]["poll"] == poll.pk
    assert len(guest.all("poll.votes")) <= 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "message",
    [
        {"t": "vote"},
        {"t": "vote", "poll": "1", "option": 0},
        {"t": "vote", "poll": 1, "option": 6},
        {"t": "vote", "poll": 1, "option": True},
        {"t": "vote", "poll": 2**63, "option": 0},
        {"t": "ask"},
        {"t": "ask", "placement": "5"},
        {"t": "ask", "placement": -1},
    ],
)
async def test_votes_and_wishes_that_make_no_sense_are_refused(
    watch: Watch, db_do: Any, message: dict[str, Any]
) -> None:
    room = await db_do(make.live_room)
    viewer = await watch(room, await db_do(make.user))
    await viewer.send(message)
    assert (await viewer.get("error"))["code"] == "bad_message"


def test_who_comes_late_is_given_the_sums_and_their_own_vote(client: Client) -> None:
    room = make.live_room()
    assert client.get(f"/rooms/{room.slug}/poll/").status_code == 404
    poll = poll_in(room, options=2)
    person = make.user()
    votes.cast([Vote(poll.pk, room.pk, person.pk, 1)])
    address = f"/rooms/{room.slug}/poll/"
    assert client.get(address).json() == {"poll": poll.pk, "votes": [0, 1], "mine": None}
    client.force_login(person)
    assert client.get(address).json()["mine"] == 1


def test_five_thousand_voters_are_a_few_statements(django_assert_max_num_queries: Any) -> None:
    room = make.live_room()
    poll = poll_in(room, options=2, seconds=600)
    from accounts.models import User

    User.objects.bulk_create(
        User(username=f"voter{n}", email=f"voter{n}@example.org") for n in range(5000)
    )
    people = list(User.objects.filter(username__startswith="voter").values_list("pk", flat=True))
    ballots = [Vote(poll.pk, room.pk, person, n % 2) for n, person in enumerate(people)]
    with django_assert_max_num_queries(6):
        for start in range(0, 5000, 1000):
            votes.cast(ballots[start : start + 1000])
    assert votes.count(poll.pk, 2) == [2500, 2500]
