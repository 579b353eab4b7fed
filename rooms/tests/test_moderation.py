"""What a crew may do, what a room refuses, and how long that takes to reach everybody."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from core import clock
from core.actors import acting
from core.deadlines import fire_due
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.models import Deadline
from rooms import actions, hub, notices
from rooms.actions import crew, moderation, reports
from rooms.hub import keeper
from rooms.models import (
    Appeal,
    ChatMessage,
    CrewMember,
    Fan,
    ModerationAction,
    PlatformWord,
    Report,
    Room,
    Sanction,
)
from rooms.moderation import house
from rooms.permissions import TABLE, allowed, may, role_in, room_for
from rooms.snapshot import fold, snapshot
from rooms.socket import socket_routes
from rooms.tests import factories as make
from rooms.tests.client import Watcher
from rooms.tests.conftest import sign_in

ROLES = ("anchor", "assistant", "moderator", "viewer")


def helper(room: Room, role: str) -> Any:
    """Somebody at work in the crew of the room's anchor."""
    person = make.user()
    member = crew.invite(anchor=room.anchor, who=person.username, role=role)
    crew.accept(member_id=member.pk, user=person)
    return person


def cast(room: Room) -> dict[str, Any]:
    return {
        "anchor": room.anchor,
        "assistant": helper(room, "assistant"),
        "moderator": helper(room, "moderator"),
        "viewer": make.user(),
    }


def mute(room: Room, target: Any, kind: str = "mute", **more: Any) -> Sanction:
    return moderation.sanction(
        room=room, actor=room.anchor, role="anchor", target=target, kind=kind, **more
    )


async def gate_has(room: Room, **rules: Any) -> None:
    """Wait until the hub judges by these."""
    gate = hub.current().channels[room.pk].talk.gate
    async with asyncio.timeout(8):
        while any(getattr(gate.house, name) != value for name, value in rules.items()):
            await asyncio.sleep(0.05)


# Permissions ---------------------------------------------------------------------------------


@pytest.mark.django_db
def test_every_role_gets_exactly_what_the_table_says() -> None:
    room = make.live_room()
    people = cast(room)
    stranger_s = make.live_room()
    for role, person in people.items():
        assert role_in(room.anchor_id, person.pk) == role
        for action, roles in TABLE.items():
            assert may(role, action) == (role in roles)
            if role in roles:
                assert room_for(person, room.slug, action).my_role == role
            else:
                with pytest.raises(NotFound if role == "viewer" else Forbidden):
                    room_for(person, room.slug, action)
            with pytest.raises(NotFound):
                room_for(person, stranger_s.slug, action)
    assert allowed("viewer") == frozenset()


MODERATE = [
    ("moderate/", "GET", {}),
    ("moderate/state/", "GET", {}),
    ("moderate/remove/", "POST", {"lines": ["1.x"]}),
    ("moderate/bring-back/", "POST", {"line": "1.x"}),
    ("moderate/refuse/", "POST", {"line": "1.x"}),
    ("moderate/sanction/", "POST", {"user": 0, "kind": "mute"}),
    ("moderate/lift/", "POST", {"sanction": 0}),
    ("moderate/rules/", "POST", {"slow_seconds": 5}),
    ("moderate/words/", "POST", {"words": ["x"]}),
    ("moderate/report/", "POST", {"report": 0}),
]


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_the_pages_of_moderation_ask_for_the_role(role: str) -> None:
    room = make.live_room()
    client = Client()
    client.force_login(cast(room)[role])
    for tail, method, body in MODERATE:
        answer = client.generic(
            method,
            f"/studio/{room.slug}/{tail}",
            json.dumps(body),
            "application/json",
            headers={"accept": "application/json" if method == "POST" else "text/html"},
        )
        words_for_moderator = role == "moderator" and "words" in tail
        if role == "viewer":
            assert answer.status_code == 404, tail
        elif words_for_moderator:
            assert answer.status_code == 403, tail
        else:
            # Past the door: what follows is about the object.
            assert answer.status_code in {200, 404}, (tail, answer.content)


@pytest.mark.django_db
def test_nobody_sanctions_the_anchor_or_their_equals() -> None:
    room = make.live_room()
    people = cast(room)
    rank = {role: index for index, role in enumerate(reversed(ROLES))}
    for role, actor in people.items():
        for target_role, target in people.items():
            if role == "viewer" or actor == target:
                continue
            attempt = {"room": room, "actor": actor, "role": role, "target": target, "kind": "mute"}
            if rank[role] > rank[target_role]:
                moderation.sanction(**attempt, minutes=5)
            else:
                with pytest.raises(Forbidden):
                    moderation.sanction(**attempt, minutes=5)


# Crew ----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_crew_member_is_invited_accepts_helps_and_leaves() -> None:
    room = make.live_room()
    person = make.user()
    member = crew.invite(anchor=room.anchor, who=f"@{person.username.upper()}", role="assistant")
    assert role_in(room.anchor_id, person.pk) == "viewer"
    with pytest.raises(Conflict):
        crew.invite(anchor=room.anchor, who=person.username, role="moderator")
    with pytest.raises(NotFound):
        crew.accept(member_id=member.pk, user=make.user())
    client = Client()
    client.force_login(person)
    assert member.anchor.name in client.get("/studio/crew/").content.decode()
    client.post(f"/studio/crew/{member.pk}/accept/")
    assert role_in(room.anchor_id, person.pk) == "assistant"
    assert room.title in client.get("/studio/").content.decode()
    crew.leave(member_id=member.pk, user=person)
    assert role_in(room.anchor_id, person.pk) == "viewer"
    crew.invite(anchor=room.anchor, who=person.username, role="moderator")


@pytest.mark.django_db
def test_an_address_invites_only_its_verified_owner_and_tells_nothing() -> None:
    from allauth.account.models import EmailAddress

    anchor, person = make.user(), make.user()
    first = crew.invite(anchor=anchor, who=person.email.upper(), role="moderator")
    unknown = crew.invite(anchor=anchor, who="nobody@example.org", role="moderator")
    assert (first.user, unknown.user) == (None, None)
    assert crew.invitations(person) == []
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    assert [found.pk for found in crew.invitations(person)] == [first.pk]
    assert crew.accept(member_id=first.pk, user=person).user == person
    with pytest.raises(Invalid):
        crew.invite(anchor=anchor, who=anchor.email, role="moderator")
    assert CrewMember.objects.at_work().get().user == person


async def test_a_new_moderator_is_one_at_once_and_not_a_moment_longer(watch, db_do) -> None:
    room = await db_do(make.live_room)
    person = await db_do(helper, room, "moderator")
    watcher = await watch(room, person)
    assert (await watcher.get("welcome"))["you"]["role"] == "moderator"
    await watcher.send({"t": "chat", "text": "I look after you"})
    assert (await watcher.get("chat"))["user"]["role"] == "moderator"
    member = await db_do(lambda: CrewMember.objects.get(user=person))
    await db_do(crew.remove, member_id=member.pk, anchor=room.anchor)
    gate = hub.current().channels[room.pk].talk.gate
    async with asyncio.timeout(8):
        while gate.house.role(person.pk) != "viewer":
            await asyncio.sleep(0.05)
    await watcher.send({"t": "chat", "text": "and now?"})
    assert (await watcher.get("chat", text="and now?"))["user"]["role"] == "viewer"


# Chat ----------------------------------------------------------------------------------------


async def test_an_answer_quotes_and_names_are_mentions(watch, db_do) -> None:
    room = await db_do(make.live_room)
    anna = await db_do(make.user, "anna")
    bert = await db_do(lambda: make.user("bert", display_name="Bert Brown"))
    one, two = await watch(room, anna), await watch(room, bert)
    await one.send({"t": "chat", "id": "q1", "text": "w" * 120})
    first = await two.get("chat")
    await two.send({"t": "chat", "text": "@Anna yes, says @bert brown", "reply_to": first["id"]})
    answer = await one.get("chat", text="@Anna yes, says @bert brown")
    assert answer["reply"] == {"id": first["id"], "name": "anna", "text": "w" * 80}
    assert answer["mentions"] == [anna.pk, bert.pk]
    await one.send({"t": "chat", "text": "to nobody @nobody", "reply_to": "7.gone"})
    plain = await two.get("chat", text="to nobody @nobody")
    assert "reply" not in plain
    assert "mentions" not in plain


async def test_the_log_has_what_was_said_and_serves_when_redis_has_not(watch, db_do) -> None:
    room = await db_do(make.live_room)
    watcher = await watch(room, await db_do(make.user, "anna"))
    await watcher.send({"t": "chat", "id": "n1", "text": "remember me"})
    said = await watcher.get("chat")
    await hub.current().keeper.chatlog.flush()
    row = await db_do(ChatMessage.objects.get)
    assert (row.line, row.text, row.state) == (said["id"], "remember me", "shown")
    from rooms import shards, wire

    await db_do(shards.execute, room.pk, lambda p: p.delete(wire.chat_key(room.pk)))
    said.pop("t")
    assert (await db_do(snapshot, room.pk))["chat"] == [said]


async def test_a_database_that_stands_still_holds_up_no_chat(watch, db_do, monkeypatch) -> None:
    room = await db_do(make.live_room)
    one, two = await watch(room, await db_do(make.user)), await watch(room, await db_do(make.user))
    from rooms.hub import chatlog

    written = []
    monkeypatch.setattr(chatlog, "_write", lambda *rest: (time.sleep(1.5), written.append(rest)))
    for number in range(3):
        await one.send({"t": "chat", "text": f"line {number} of three"})
        began = asyncio.get_running_loop().time()
        await two.get("chat", text=f"line {number} of three")
        assert asyncio.get_running_loop().time() - began < 1.0
        await asyncio.sleep(0.3)
    assert not written or len(written) < 3


async def test_watching_likes_and_lines_make_a_fan(watch, db_do) -> None:
    room = await db_do(make.live_room)
    anna = await db_do(make.user)
    await db_do(lambda: Fan.objects.create(anchor=room.anchor, user=anna, points=49))
    watcher = await watch(room, anna)
    book = hub.current().keeper.fans
    book.standing(room.anchor_id, anna.pk)
    await book.look_up()
    await watcher.send({"t": "chat", "text": "almost"})
    assert (await watcher.get("chat", text="almost"))["user"]["level"] == 1
    await book.add_minute()
    assert (await db_do(Fan.objects.get)).points > 49
    await watcher.send({"t": "chat", "text": "there"})
    assert (await watcher.get("chat", text="there"))["user"]["level"] == 2


@pytest.mark.django_db
def test_a_purchase_makes_a_fan() -> None:
    room = make.live_room(items=1)
    buyer = make.user()
    line = {"placement_id": make.first_item(room).placement_id, "quantity": 1, "title": "x"}
    actions.reward_buyer(buyer_id=buyer.pk, lines=[line])
    actions.reward_buyer(buyer_id=buyer.pk, lines=[line])
    assert Fan.objects.get(anchor=room.anchor, user=buyer).points == 200


# What a room refuses -------------------------------------------------------------------------


async def refusal(watcher: Watcher, text: str) -> dict[str, Any]:
    watcher.forget()
    await watcher.send({"t": "chat", "text": text})
    await watcher.until(
        lambda: watcher.all("error") or watcher.all("chat") or watcher.all("chat.held")
    )
    found = [*watcher.all("error"), *watcher.all("chat.held"), *watcher.all("chat")]
    return found[0]


async def test_rules_are_shown_obeyed_and_do_not_bind_the_crew(watch, db_do) -> None:
    room = await db_do(make.live_room)
    moderator = await db_do(helper, room, "moderator")
    anna = await watch(room, await db_do(make.user))
    crew_socket = await watch(room, moderator)
    await db_do(
        moderation.set_rules, room=room, actor=room.anchor, role="anchor", followers_only=True
    )
    shown = await anna.get("board", key="rules")
    assert shown["value"] == {"slow_seconds": 0, "followers_only": True, "links_blocked": True}
    await gate_has(room, followers_only=True)
    assert (await refusal(anna, "may I?"))["code"] == "followers_only"
    assert (await refusal(crew_socket, "see www.example.com"))["t"] == "chat"
    await db_do(
        moderation.set_rules,
        room=room, actor=room.anchor, role="anchor", followers_only=False, slow_seconds=30,
    )  # fmt: skip
    await gate_has(room, slow_seconds=30)
    assert (await refusal(anna, "look at cheaper dot com"))["code"] == "link"
    assert (await refusal(anna, "now I may"))["t"] == "chat"
    slow = await refusal(anna, "and once more")
    assert slow["code"] == "slow_mode"
    assert 0 < slow["retry_after"] <= 31
    for number in range(12):
        assert (await refusal(crew_socket, f"crew line {number}"))["t"] == "chat"


async def test_a_follower_may_write_a_moment_after_following(watch, db_do) -> None:
    room = await db_do(make.live_room)
    await db_do(
        moderation.set_rules, room=room, actor=room.anchor, role="anchor", followers_only=True
    )
    person = await db_do(make.user)
    anna = await watch(room, person)
    assert (await refusal(anna, "may I?"))["code"] == "followers_only"
    from accounts.models import Follow

    await db_do(lambda: Follow.objects.create(follower=person, anchor=room.anchor))
    assert (await refusal(anna, "and now?"))["code"] == "followers_only"
    await hub.current().keeper.fans.look_up()
    assert (await refusal(anna, "finally"))["t"] == "chat"


async def test_saying_it_again_is_refused(watch, db_do) -> None:
    room = await db_do(make.live_room)
    anna = await watch(room, await db_do(make.user))
    assert (await refusal(anna, "buy at my place"))["t"] == "chat"
    again = await refusal(anna, "Buy  at my place!")
    assert again["code"] == "repeated"
    assert again["retry_after"] > 50


async def test_a_held_line_waits_for_the_crew_and_is_not_lost(watch, db_do) -> None:
    room = await db_do(make.live_room)
    moderator = await db_do(helper, room, "moderator")
    await db_do(
        moderation.set_words, room=room, actor=room.anchor, role="anchor", words=["Fake", "加微信"]
    )
    person = await db_do(make.user)
    anna, other = await watch(room, person), await watch(room)
    mod = await watch(room, moderator)
    held = await refusal(anna, "it is f4ke")
    assert held["t"] == "chat.held"
    news = await mod.get("mod", what="held")
    assert (news["line"]["id"], news["why"]) == (held["id"], "fake")
    assert not other.all("chat")
    row = await db_do(ChatMessage.objects.get)
    assert row.state == "held"
    await db_do(
        moderation.bring_back, room=room, actor=moderator, role="moderator", line=held["id"]
    )
    assert (await other.get("chat"))["text"] == "it is f4ke"
    assert [line["id"] for line in (await db_do(snapshot, room.pk))["chat"]] == [held["id"]]
    again = await refusal(anna, "please 加 微 信")
    await mod.until(lambda: len(mod.all("mod")) >= 2)
    await mod.until(
        lambda: [
            e
            for e in mod.all("mod")
            if e.get("line", {}) and e["what"] == "held" and e["line"]["id"] == again["id"]
        ]
    )
    await db_do(
        moderation.refuse_held, room=room, actor=moderator, role="moderator", line=again["id"]
    )
    gone = await anna.get("chat.removed")
    assert gone == {"t": "chat.removed", "ids": [again["id"]]}
    with pytest.raises(Conflict):
        await db_do(
            moderation.refuse_held, room=room, actor=moderator, role="moderator", line=again["id"]
        )


async def test_the_platform_s_words_bind_even_the_anchor(watch, db_do) -> None:
    room = await db_do(make.live_room)
    await db_do(lambda: PlatformWord.objects.create(word="contraband"))
    await db_do(house.forget_platform_words)
    anchor = await watch(room, room.anchor)
    answer = await refusal(anchor, "fresh contraband today")
    assert (answer["t"], answer["code"]) == ("error", "word")
    await db_do(house.forget_platform_words)


# Removing, muting, banning -------------------------------------------------------------------


async def test_a_deleted_line_is_gone_for_everybody_and_stays_in_the_log(watch, db_do) -> None:
    room = await db_do(make.live_room)
    anna = await watch(room, await db_do(make.user))
    guest = await watch(room)
    await guest.send({"t": "hello", "s": None})
    await guest.get("reset")
    await anna.send({"t": "chat", "id": "n1", "text": "how rude"})
    said = await guest.get("chat")
    before = await db_do(snapshot, room.pk)
    # Before the log has it: the removal reaches what is written later too.
    await db_do(
        moderation.remove_lines, room=room, actor=room.anchor, role="anchor", lines=[said["id"]]
    )
    event = await guest.get("chat.removed")
    assert event["ids"] == [said["id"]]
    after = await db_do(snapshot, room.pk)
    assert after["chat"] == []
    assert fold(before, event)["chat"] == []
    await hub.current().keeper.chatlog.flush()
    row = await db_do(ChatMessage.objects.get)
    assert (row.state, row.text) == ("removed", "how rude")
    trail = await db_do(ModerationAction.objects.get)
    assert (trail.what, trail.evidence["lines"][0]["text"]) == ("remove", "how rude")
    await db_do(moderation.bring_back, room=room, actor=room.anchor, role="anchor", line=said["id"])
    await guest.until(lambda: len(guest.all("chat")) == 2)


async def test_a_muted_person_is_told_until_when_and_watches_on(watch, db_do) -> None:
    room = await db_do(make.live_room)
    person = await db_do(make.user)
    anna = await watch(room, person)
    given = await db_do(mute, room, person, minutes=10, reason="advertising")
    told = await anna.get("sanction")
    assert (told["kind"], told["reason"], told["lifted"]) == ("mute", "advertising", False)
    answer = await refusal(anna, "hello?")
    assert answer["code"] == "muted"
    assert 500 < answer["retry_after"] <= 601
    assert anna.closed is None
    await db_do(moderation.lift, given=given, actor=room.anchor, role="anchor")
    await anna.get("sanction", lifted=True)
    assert (await refusal(anna, "hello again"))["t"] == "chat"


async def test_a_ban_closes_the_sockets_of_two_hubs_and_all_doors(watch, db_do) -> None:
    room = await db_do(make.live_room)
    person = await db_do(make.user)
    cookie = await db_do(sign_in, person)
    here = await watch(room, cookie=cookie)
    bystander = await watch(room, await db_do(make.user))
    elsewhere = await asyncio.to_thread(_elsewhere, room.pk, cookie)
    await db_do(mute, room, person, kind="ban")
    began = time.monotonic()
    await here.until(lambda: here.closed)
    code, took = await asyncio.to_thread(elsewhere, began)
    assert (here.closed, code) == (4003, 4003)
    assert took < 2.0
    assert bystander.closed is None
    again = await watch(room, cookie=cookie)
    await again.until(lambda: again.closed)
    assert again.closed == 4003
    await db_do(_all_doors_shut, room, cookie)


def _elsewhere(room_id: int, cookie: str) -> Any:
    """A socket on the hub of another event loop; returns how to wait for its end."""
    import threading

    result: dict[str, Any] = {}
    ready = threading.Event()

    async def stay() -> None:
        watcher = Watcher(socket_routes, room_id, cookie=cookie)
        await watcher.open()
        await watcher.get("welcome")
        ready.set()
        try:
            await watcher.until(lambda: watcher.closed)
            result["at"], result["code"] = time.monotonic(), watcher.closed
        finally:
            await watcher.close()
            await hub.close_current()

    thread = threading.Thread(target=lambda: asyncio.run(stay()), daemon=True)
    thread.start()
    assert ready.wait(10)

    def outcome(began: float) -> tuple[int, float]:
        thread.join(15)
        return result["code"], result["at"] - began

    return outcome


def _all_doors_shut(room: Room, cookie: str) -> None:
    client = Client()
    client.cookies["sessionid"] = cookie
    page = client.get(f"/rooms/{room.slug}/")
    assert (page.status_code, page["Location"]) == (302, "/me/sanctions/")
    for tail in ("snapshot", "playback"):
        assert client.get(f"/api/v1/rooms/{room.slug}/{tail}").status_code == 403, tail
    for tail, body in (("chat", {"text": "psst"}), ("likes", {"n": 1})):
        answer = client.post(f"/api/v1/rooms/{room.slug}/{tail}", body, "application/json")
        assert answer.status_code == 403, tail
    assert "appeal" in client.get("/me/sanctions/").content.decode().lower()


async def test_without_redis_a_ban_is_found_by_comparison(watch, db_do, monkeypatch) -> None:
    room = await db_do(make.live_room)
    person = await db_do(make.user)
    anna = await watch(room, person)
    monkeypatch.setattr(notices, "_send", lambda fields: None)
    await db_do(mute, room, person, kind="ban")
    # A page of this process has read the new rules before the hub did.
    await db_do(house.fresh_gate, room.anchor_id)
    began = time.monotonic()
    await anna.until(lambda: anna.closed)
    assert anna.closed == 4003
    assert time.monotonic() - began < keeper.CHECK_SECONDS + 1.5


async def test_chat_by_http_passes_the_same_gate(watch, db_do) -> None:
    room = await db_do(make.live_room)
    person = await db_do(make.user)
    guest = await watch(room)

    def post(text: str) -> dict[str, Any]:
        return actions.post_chat(room=room, user=person, text=text)

    await db_do(post, "good evening")
    await guest.get("chat", text="good evening")
    with pytest.raises(Invalid, match="Links"):
        await db_do(post, "www.example.com")
    await db_do(moderation.set_words, room=room, actor=room.anchor, role="anchor", words=["fake"])
    assert (await db_do(post, "such a fake"))["t"] == "chat.held"
    await db_do(mute, room, person, minutes=5)
    with pytest.raises(Forbidden, match="5 minutes"):
        await db_do(post, "hello")
    assert (await db_do(ChatMessage.objects.count)) == 2


# Trail, reports, appeals ---------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["update", "delete"])
def test_the_trail_cannot_be_changed(change: str) -> None:
    room = make.live_room()
    mute(room, make.user(), reason="spam")
    statements = {
        "update": "UPDATE rooms_moderationaction SET reason = 'nothing'",
        "delete": "DELETE FROM rooms_moderationaction",
    }
    refused = pytest.raises(IntegrityError, match="append-only")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statements[change])
    assert ModerationAction.objects.get().reason == "spam"


async def test_a_report_keeps_what_was_said(watch, db_do) -> None:
    room = await db_do(make.live_room)
    moderator = await db_do(helper, room, "moderator")
    rude = await db_do(make.user, "rude")
    one, two = await watch(room, rude), await watch(room, await db_do(make.user))
    mod = await watch(room, moderator)
    await one.send({"t": "chat", "id": "bad", "text": "you are all fools"})
    said = await two.get("chat")
    await hub.current().keeper.chatlog.flush()
    message = {"t": "report", "line": said["id"], "reason": "abuse", "note": "again"}
    await two.send(message)
    await two.get("reported", line=said["id"])
    news = await mod.get("mod", what="report")
    assert news["report"]["accused"] == {"id": rude.pk, "name": "rude"}
    assert news["report"]["evidence"][-1]["text"] == "you are all fools"
    await two.send(message)
    await two.until(lambda: len(two.all("reported")) == 2)
    found = await db_do(Report.objects.select_related("room", "accused").get)
    await db_do(reports.decide_report, found=found, actor=moderator, role="moderator", upheld=True)
    with pytest.raises(Conflict):
        await db_do(
            reports.decide_report, found=found, actor=moderator, role="moderator", upheld=False
        )
    await two.send({"t": "report", "line": "1.none", "reason": "abuse"})
    assert (await two.get("error"))["code"] == "not_found"
    await two.send({"t": "report", "reason": "ugly"})
    await two.get("error", code="bad_reason")


@pytest.mark.django_db
def test_a_report_about_the_room_or_its_crew_is_not_for_the_crew() -> None:
    room = make.live_room()
    moderator = helper(room, "moderator")
    reporter = make.user()
    about_room = reports.report(room=room, reporter=reporter, reason="fraud")
    line = actions.post_chat(room=room, user=moderator, text="be quiet, all of you")["id"]
    about_crew = reports.report(room=room, reporter=reporter, reason="abuse", line=line)
    assert about_room.for_admins
    assert about_crew.for_admins
    client = Client()
    client.force_login(moderator)
    state = client.get(f"/studio/{room.slug}/moderate/state/").json()
    assert state["reports"] == []


@pytest.mark.django_db
def test_an_appeal_is_decided_by_an_admin() -> None:
    room = make.live_room()
    person, admin = make.user(), make.user(is_staff=True)
    given = mute(room, person)
    client = Client()
    client.force_login(person)
    client.post(f"/me/sanctions/{given.pk}/appeal/", {"text": "It was my brother."})
    made = Appeal.objects.get()
    with pytest.raises(Conflict):
        reports.appeal(given=given, user=person, text="again")
    reports.decide_appeal(made=made, actor=admin, lifted=False, answer="No brother was seen.")
    given.refresh_from_db()
    assert given.stands
    assert not Deadline.objects.filter(machine="rooms.appeal").exists()
    assert "No brother was seen." in client.get("/me/sanctions/").content.decode()
    with pytest.raises(Conflict):
        reports.decide_appeal(made=made, actor=admin, lifted=True, answer="Again.")


@pytest.mark.django_db
def test_another_s_sanction_is_not_there() -> None:
    given = mute(make.live_room(), make.user())
    client = Client()
    client.force_login(make.user())
    assert client.post(f"/me/sanctions/{given.pk}/appeal/", {"text": "x"}).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_an_appeal_that_nobody_answers_is_won() -> None:
    given = mute(make.live_room(), make.user())
    made = reports.appeal(given=given, user=given.user, text="Why me?")
    fire_due()
    given.refresh_from_db()
    assert given.stands
    with clock.travel(timedelta(hours=73)):
        fire_due()
    given.refresh_from_db()
    made.refresh_from_db()
    assert made.state == "LIFTED"
    assert not given.stands
    assert "appeal_lifted" in ModerationAction.objects.values_list("what", flat=True)


@pytest.mark.django_db
def test_a_sanction_ends_by_itself() -> None:
    room, person = make.live_room(), make.user()
    mute(room, person, minutes=5)
    assert house.load([room.anchor_id])[room.anchor_id].sanctions
    with clock.travel(timedelta(minutes=6)):
        assert not house.load([room.anchor_id])[room.anchor_id].sanctions


@pytest.mark.django_db
def test_a_new_show_hangs_the_rules_of_its_anchor() -> None:
    room = make.live_room()
    moderation.set_rules(room=room, actor=room.anchor, role="anchor", slow_seconds=15)
    actions.end_room(room=room, actor=acting(room.anchor, "anchor"))
    following = actions.create_room(anchor=room.anchor)
    assert snapshot(following.pk)["board"]["rules"]["slow_seconds"] == 15
