"""What a room refuses to say."""

from __future__ import annotations

import pytest

from core.actors import acting
from core.errors import Conflict
from rooms import actions, hub
from rooms.actions import moderation
from rooms.models import (
    ChatMessage,
    PlatformWord,
)
from rooms.moderation import house
from rooms.snapshot import snapshot
from rooms.tests import factories as make
from rooms.tests.moderation.people import gate_has, helper, refusal


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


@pytest.mark.django_db
def test_a_new_show_hangs_the_rules_of_its_anchor() -> None:
    room = make.live_room()
    moderation.set_rules(room=room, actor=room.anchor, role="anchor", slow_seconds=15)
    actions.end_room(room=room, actor=acting(room.anchor, "anchor"))
    following = actions.create_room(anchor=room.anchor)
    assert snapshot(following.pk)["board"]["rules"]["slow_seconds"] == 15
