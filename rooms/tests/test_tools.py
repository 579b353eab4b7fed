"""The anchor's tools: the line on top, the pin with a countdown, polls, wishes, the order ticker."""

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
from core.errors import Conflict, Invalid, NotFound
from rooms import actions, asks, votes
from rooms.actions import moderation
from rooms.models import CrewMember, Poll, PollVote, Room
from rooms.snapshot import snapshot
from rooms.tests import factories as make
from rooms.tests.client import Watcher
from rooms.tests.conftest import Watch
from rooms.votes import Vote

pytestmark = pytest.mark.django_db


def board(room: Room) -> dict[str, Any]:
    found: dict[str, Any] = snapshot(room.pk)["board"]
    return found


def poll_in(room: Room, *, seconds: int = 60, options: int = 3) -> Poll:
    return actions.open_poll(
        room=room,
        question="Which colour next?",
        options=[f"Colour {n}" for n in range(options)],
        seconds=seconds,
        actor=room.anchor,
    )


# The line on top -----------------------------------------------------------------------------


def test_an_announcement_hangs_on_the_board_until_it_is_taken_down() -> None:
    room = make.live_room()
    actions.announce(room=room, text=" Free  delivery\ntonight ", actor=room.anchor, minutes=5)
    shown = board(room)["notice"]
    assert (shown["text"], shown["by"]) == ("Free delivery tonight", room.anchor.name)
    assert shown["until"] - shown["at"] == 300_000
    actions.take_notice_down(room=room, actor=room.anchor)
    assert "notice" not in board(room)


def test_a_line_of_the_chat_is_put_on_top_in_its_own_words() -> None:
    room = make.live_room()
    guest = make.user("mei")
    line = actions.post_chat(room=room, user=guest, text="Does it shrink?", nonce="a1")
    actions.pin_line(room=room, line_id=line["id"], actor=room.anchor)
    assert board(room)["notice"] | {"at": 0} == {
        "text": "Does it shrink?",
        "by": "mei",
        "at": 0,
        "until": None,
        "line": line["id"],
    }
    with pytest.raises(NotFound):
        actions.pin_line(room=room, line_id="1.never-said", actor=room.anchor)


@pytest.mark.parametrize("all_of_them", [False, True])
def test_a_line_that_is_removed_is_not_held_up_any_more(
    all_of_them: bool, django_capture_on_commit_callbacks: Any
) -> None:
    room = make.live_room()
    guest, anchor = make.user(), room.anchor
    line = actions.post_chat(room=room, user=guest, text="Call me at my shop", nonce="a1")
    actions.pin_line(room=room, line_id=line["id"], actor=anchor)
    with django_capture_on_commit_callbacks(execute=True):
        if all_of_them:
            moderation.remove_all_of(room=room, actor=anchor, role="anchor", target=guest)
        else:
            moderation.remove_lines(room=room, actor=anchor, role="anchor", lines=[line["id"]])
    assert "notice" not in board(room)
    with pytest.raises(NotFound):
        actions.pin_line(room=room, line_id=line["id"], actor=anchor)


@pytest.mark.parametrize(
    ("text", "minutes", "code"),
    [("", None, "empty"), ("x" * 201, None, "too_long"), ("Hello", 0, "bad_minutes"),
     ("Hello", 241, "bad_minutes")],
)  # fmt: skip
def test_a_notice_that_breaks_a_rule_changes_nothing(
    text: str, minutes: int | None, code: str
) -> None:
    room = make.live_room()
    with pytest.raises(Invalid) as refused:
        actions.announce(room=room, text=text, actor=room.anchor, minutes=minutes)
    assert refused.value.code == code
    assert board(room) == {}


# Pin with a countdown ------------------------------------------------------------------------


def test_a_pin_with_a_countdown_is_taken_off_by_itself() -> None:
    room = make.live_room(items=1)
    item = make.first_item(room)
    actions.pin(room=room, placement_id=item.placement_id, actor=room.anchor, seconds=30)
    timer = board(room)["pin_timer"]
    assert timer["placement"] == item.placement_id
    assert deadlines.fire_due() == 0
    with clock.travel(timedelta(seconds=31)):
        deadlines.fire_due()
    state = snapshot(room.pk)
    assert (state["pinned"], state["board"], state["items"][0]["state"]) == (None, {}, "EXPLAINED")


def test_the_countdown_goes_on_when_the_item_sells_out() -> None:
    room = make.live_room(items=1)
    item = make.first_item(room)
    actions.pin(room=room, placement_id=item.placement_id, actor=room.anchor, seconds=30)
    actions.stock_changed(offer_id=make.set_stock(item, 0))
    assert snapshot(room.pk)["pinned"] == item.placement_id
    with clock.travel(timedelta(seconds=31)):
        deadlines.fire_due()
    assert snapshot(room.pk)["pinned"] is None


def test_another_pin_or_none_ends_the_countdown() -> None:
    room = make.live_room(items=2)
    first, second = (item.placement_id for item in room.items.order_by("position"))
    actions.pin(room=room, placement_id=first, actor=room.anchor, seconds=30)
    actions.pin(room=room, placement_id=second, actor=room.anchor)
    assert "pin_timer" not in board(room)
    with clock.travel(timedelta(seconds=31)):
        deadlines.fire_due()
    assert snapshot(room.pk)["pinned"] == second


def test_pinning_again_sets_the_countdown_anew() -> None:
    room = make.live_room(items=1)
    placement = make.first_item(room).placement_id
    actions.pin(room=room, placement_id=placement, actor=room.anchor, seconds=30)
    actions.pin(room=room, placement_id=placement, actor=room.anchor, seconds=300)
    with clock.travel(timedelta(seconds=31)):
        deadlines.fire_due()
    assert snapshot(room.pk)["pinned"] == placement
    actions.pin(room=room, placement_id=placement, actor=room.anchor)
    assert "pin_timer" not in board(room)


@pytest.mark.parametrize("seconds", [9, 601])
def test_a_countdown_has_bounds(seconds: int) -> None:
    room = make.live_room(items=1)
    item = make.first_item(room)
    with pytest.raises(Invalid):
        actions.pin(room=room, placement_id=item.placement_id, actor=room.anchor, seconds=seconds)


# Polls ---------------------------------------------------------------------------------------


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


# Wishes --------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
async def test_wishes_are_counted_for_the_anchor_and_end_with_the_pin(
    watch: Watch, db_do: Any
) -> None:
    room = await db_do(lambda: make.live_room(items=2))
    item = await db_do(lambda: make.first_item(room))
    member, guest = await watch(room, await db_do(make.user)), await watch(room)

    async def twice(socket: Watcher) -> None:
        await socket.until(lambda: len(socket.all("asked")) == 2)

    for socket in (member, guest):
        for _ in range(2):
            await socket.send({"t": "ask", "placement": item.placement_id})
        await twice(socket)
    assert await db_do(lambda: asks.counts(room.pk)) == {item.placement_id: 2}

    def as_anchor() -> Any:
        client = Client()
        client.force_login(room.anchor)
        return client.get(f"/studio/{room.slug}/numbers/").json()["asks"]

    assert await db_do(as_anchor) == {str(item.placement_id): 2}
    # Nobody but the anchor is told.
    assert not any("asks" in event for event in guest.events)
    await db_do(lambda: actions.pin(room=room, placement_id=item.placement_id, actor=room.anchor))
    assert await db_do(lambda: asks.counts(room.pk)) == {}


@pytest.mark.django_db(transaction=True)
async def test_a_wish_for_what_is_not_there_is_not_counted(watch: Watch, db_do: Any) -> None:
    room = await db_do(make.live_room)
    viewer = await watch(room)
    await viewer.send({"t": "ask", "placement": 999_999})
    await viewer.get("error", code="not_found")
    assert await db_do(lambda: asks.counts(room.pk)) == {}


# The order ticker ----------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
async def test_a_rush_is_told_as_a_sum(watch: Watch, db_do: Any) -> None:
    room = await db_do(lambda: make.live_room(items=1))
    viewer = await watch(room)

    def sell() -> None:
        placement = make.first_item(room).placement_id
        line = {"placement_id": placement, "title": "Silk", "quantity": 2}
        for number in range(40):
            actions.order_paid(order=f"A{number}", buyer_id=room.anchor_id, lines=[line])

    await db_do(sell)
    await viewer.until(
        lambda: len(viewer.all("ticker")) * 2 + sum(e["n"] for e in viewer.all("bought")) == 80
    )
    assert 5 <= len(viewer.all("ticker")) < 40


def test_the_anchor_switches_the_ticker_off() -> None:
    room = make.live_room(items=1)
    line = {
        "placement_id": make.first_item(room).placement_id, "title": "Silk", "quantity": 1,
    }  # fmt: skip
    actions.show_ticker(room=room, on=False, actor=room.anchor)
    actions.order_paid(order="A1", buyer_id=room.anchor_id, lines=[line])
    assert not room.events.filter(type="ticker").exists()
    actions.show_ticker(room=room, on=True, actor=room.anchor)
    actions.order_paid(order="A2", buyer_id=room.anchor_id, lines=[line])
    assert room.events.filter(type="ticker").count() == 1


# Who may ---------------------------------------------------------------------------------------


def helper(room: Room, role: str) -> Client:
    person = make.user()
    CrewMember.objects.create(anchor=room.anchor, user=person, role=role, accepted_at=clock.now())
    client = Client()
    client.force_login(person)
    return client


def test_the_crew_uses_tools_by_its_roles() -> None:
    room = make.live_room()
    assistant, moderator = helper(room, "assistant"), helper(room, "moderator")
    stranger = Client()
    stranger.force_login(make.user())
    ask = {"Accept": "application/json"}

    def post(client: Client, tool: str, **data: Any) -> int:
        address = f"/studio/{room.slug}/{tool}/"
        return client.post(address, data, content_type="application/json", headers=ask).status_code

    poll = {"question": "Again?", "options": ["Yes", "No"], "seconds": 60}
    assert post(moderator, "notice", text="Be kind") == 200
    assert post(moderator, "notice/down") == 200
    assert post(moderator, "poll", **poll) == 403
    assert post(moderator, "ticker", on=0) == 403
    assert post(assistant, "poll", **poll) == 200
    assert post(assistant, "poll/close", poll=Poll.objects.get().pk) == 200
    assert post(assistant, "poll/down") == 200
    assert post(assistant, "ticker", on=0) == 200
    for tool in ("notice", "notice/down", "poll", "poll/close", "poll/down", "ticker"):
        assert post(stranger, tool, text="x") == 404


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
