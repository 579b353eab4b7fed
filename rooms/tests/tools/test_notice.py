"""A line on top: an announcement, or somebody's words."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import Invalid, NotFound
from rooms import actions
from rooms.actions import moderation
from rooms.tests import factories as make
from rooms.tests.tools.board import board

pytestmark = pytest.mark.django_db


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
