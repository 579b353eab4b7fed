"""What a crew does about its chat: lines, mutes, bans, rules, and the messages that wait."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core import clock
from core.errors import Conflict, Forbidden, Invalid, NotFound
from rooms import history, letters
from rooms.actions.audit import (
    last_lines,
    lines_as_evidence,
    note,
    tell_crew,
    touch_house,
)
from rooms.actions.locking import locked
from rooms.actions.notices import let_go
from rooms.actions.talk import line_of, one_line, say
from rooms.board import hang
from rooms.journal import record
from rooms.models import ChatMessage, HouseRules, Room, RoomEvent, Sanction
from rooms.models.moderation import SLOW_MOST
from rooms.permissions import ANCHOR, ASSISTANT, MODERATOR, VIEWER, role_in
from rooms.states import OPEN

REASON_LENGTH = 200
LINES_AT_ONCE = 50
# The hub writes the log twice a second, behind the conversation.
LOG_LAG_SECONDS = 2
# More durable events no room has in that time.
EVENTS_LATELY = 1000
WORDS_MOST = 500
WORD_LENGTH = 40
MUTE_MOST = timedelta(days=365)
# Every open room of an anchor shows the rules; more than this at a time nobody has.
ROOMS_MOST = 50

# Who may act on whom: only on those below.
_RANK = {VIEWER: 0, MODERATOR: 1, ASSISTANT: 2, ANCHOR: 3, "admin": 4}

DEFAULTS = HouseRules().public


def _must_rank_above(room: Room, role: str, target_id: int) -> None:
    if _RANK[role] <= _RANK[role_in(room.anchor_id, target_id)]:
        raise Forbidden(_("You may not do this to the anchor or to members of the crew."))


@transaction.atomic
def remove_lines(
    *, room: Room, actor: User, role: str, lines: Sequence[str], reason: str = ""
) -> None:
    """Take lines (1–50 ids) out of the chat for everybody, durably; they stay in the log.

    Raises NotFound when none of them was said here, Forbidden for lines of one's equals.
    """
    if not 1 <= len(lines) <= LINES_AT_ONCE:
        raise Invalid(_("Choose between 1 and 50 lines."), code="bad_lines")
    room = locked(room.pk)
    found = list(ChatMessage.objects.filter(room=room, line__in=lines).order_by("id"))
    evidence = lines_as_evidence(found) or [
        line for line in history.recent(room.pk) if line["id"] in lines
    ]
    if not evidence:
        raise NotFound(_("This message is gone."))
    authors = {int(line["id"].partition(".")[0]) for line in evidence}
    for author in authors - {actor.pk}:
        _must_rank_above(room, role, author)
    known = [line["id"] for line in evidence]
    ChatMessage.objects.filter(pk__in=[row.pk for row in found]).update(
        state=ChatMessage.State.REMOVED
    )
    record(room, ("chat.removed", {"ids": list(dict.fromkeys(known))}))
    let_go(room, lines=known)
    transaction.on_commit(partial(history.forget, room.pk, ids=known))
    note(
        "remove",
        anchor_id=room.anchor_id,
        room=room,
        role=role,
        actor=actor,
        target_id=min(authors),
        reason=reason,
        evidence={"lines": evidence},
    )


@transaction.atomic
def remove_all_of(*, room: Room, actor: User, role: str, target: User, reason: str = "") -> None:
    """Take everything that somebody said in this room out of the chat."""
    room = locked(room.pk)
    if target.pk != actor.pk:
        _must_rank_above(room, role, target.pk)
    _remove_all(room, target.pk)
    note(
        "remove_all",
        anchor_id=room.anchor_id,
        room=room,
        role=role,
        actor=actor,
        target_id=target.pk,
        reason=reason,
        evidence={"lines": last_lines(room, target.pk)},
    )


def _remove_all(room: Room, user_id: int) -> None:
    said = ChatMessage.objects.filter(room=room, user_id=user_id)
    said.exclude(state=ChatMessage.State.REMOVED).update(state=ChatMessage.State.REMOVED)
    record(room, ("chat.removed", {"user": user_id}))
    let_go(room, user_id=user_id)
    transaction.on_commit(partial(history.forget, room.pk, user_id=user_id))


def bring_back(*, room: Room, actor: User, role: str, line: str) -> dict[str, Any]:
    """Let a held or removed line be seen by everybody, now; returns the chat event.

    Raises NotFound for a line that the log does not have, Conflict for one that is shown.
    """
    _wait_for_log(room, line)
    with transaction.atomic():
        room = locked(room.pk)
        row = _logged(room, line)
        if row.state == ChatMessage.State.SHOWN:
            raise Conflict(_("This message is in the chat already."), code="shown_already")
        row.state, row.at = ChatMessage.State.SHOWN, clock.now()
        row.save(update_fields=["state", "at"])
        event = line_of(row)
        transaction.on_commit(partial(say, room.pk, event))
        _done_with(room, row, actor, role, "release")
    return event


def _wait_for_log(room: Room, line: str) -> None:
    """A line that was removed this moment may not be in the log yet; who is as quick waits for it."""
    removals = RoomEvent.objects.filter(
        room=room,
        seq__gt=room.event_seq - EVENTS_LATELY,
        type="chat.removed",
        at__gte=clock.now() - timedelta(seconds=LOG_LAG_SECONDS),
        payload__ids__contains=[line],
    )
    if not removals.exists():
        return
    rows = ChatMessage.objects.filter(room=room, line=line).exclude(state=ChatMessage.State.SHOWN)
    patience_ends = time.monotonic() + LOG_LAG_SECONDS
    while not rows.exists() and time.monotonic() < patience_ends:
        time.sleep(LOG_LAG_SECONDS / 20)


@transaction.atomic
def refuse_held(*, room: Room, actor: User, role: str, line: str) -> None:
    """A held line stays unseen. Raises NotFound, Conflict for one that does not wait."""
    room = locked(room.pk)
    row = _logged(room, line)
    if row.state != ChatMessage.State.HELD:
        raise Conflict(_("Somebody else has dealt with this message."), code="done_already")
    row.state = ChatMessage.State.REMOVED
    row.save(update_fields=["state"])
    gone = {"t": "chat.removed", "ids": [row.line]}
    transaction.on_commit(partial(history.tell, room.pk, row.user_id, gone))
    _done_with(room, row, actor, role, "refuse")


def _logged(room: Room, line: str) -> ChatMessage:
    rows = ChatMessage.objects.select_for_update().filter(room=room, line=line)
    row = rows.order_by("-id").first()
    if row is None:
        raise NotFound(_("This message is gone."))
    return row


def _done_with(room: Room, row: ChatMessage, actor: User, role: str, what: str) -> None:
    tell_crew(room.pk, {"what": "held.done", "line": row.line})
    note(
        what,
        anchor_id=room.anchor_id,
        room=room,
        role=role,
        actor=actor,
        target_id=row.user_id,
        reason=row.why,
        evidence={"lines": lines_as_evidence([row])},
    )


@transaction.atomic
def sanction(
    *,
    room: Room,
    actor: User,
    role: str,
    target: User,
    kind: str,
    minutes: int | None = None,
    reason: str = "",
    remove: bool = False,
) -> Sanction:
    """Mute or ban somebody in all rooms of the anchor; `minutes` None means until it is lifted.

    A new one replaces the standing one of its kind. With `remove`, everything they said in this
    room goes. Hubs close a banned person's sockets within two seconds. Raises Forbidden for the
    anchor and for one's equals, Invalid for the time.
    """
    room = locked(room.pk)
    if kind not in Sanction.Kind.values:
        raise Invalid(_("Choose to mute or to ban."), code="bad_kind")
    if minutes is not None and not 1 <= minutes <= MUTE_MOST.days * 24 * 60:
        raise Invalid(_("Choose a time between a minute and a year."), code="bad_time")
    _must_rank_above(room, role, target.pk)
    reason = one_line(reason)[:REASON_LENGTH]
    now = clock.now()
    standing = Sanction.objects.standing().filter(anchor=room.anchor, user=target, kind=kind)
    standing.update(lifted_at=now)
    evidence = last_lines(room, target.pk)
    given = Sanction.objects.create(
        anchor=room.anchor,
        user=target,
        kind=kind,
        reason=reason,
        evidence=evidence,
        until=None if minutes is None else now + timedelta(minutes=minutes),
    )
    letters.owe_sanction(given)
    if remove:
        _remove_all(room, target.pk)
    touch_house(room.anchor_id)
    note(
        kind,
        anchor_id=room.anchor_id,
        room=room,
        role=role,
        actor=actor,
        target_id=target.pk,
        reason=reason,
        evidence={"sanction": given.pk, "minutes": minutes, "lines": evidence},
    )
    return given


@transaction.atomic
def lift(
    *, given: Sanction, actor: User | None, role: str, room: Room | None = None, reason: str = ""
) -> None:
    """End a sanction before its time. Does nothing when it is over already."""
    changed = Sanction.objects.standing().filter(pk=given.pk).update(lifted_at=clock.now())
    if not changed:
        return
    touch_house(given.anchor_id)
    note(
        "lift",
        anchor_id=given.anchor_id,
        room=room,
        role=role,
        actor=actor,
        target_id=given.user_id,
        reason=reason,
        evidence={"sanction": given.pk, "kind": given.kind},
    )


@transaction.atomic
def set_rules(
    *,
    room: Room,
    actor: User,
    role: str,
    slow_seconds: int | None = None,
    followers_only: bool | None = None,
    links_blocked: bool | None = None,
) -> dict[str, Any]:
    """Change the public rules of all rooms of the anchor; what is None stays. Returns them."""
    if slow_seconds is not None and not 0 <= slow_seconds <= SLOW_MOST:
        raise Invalid(_("Slow mode takes 0 to 600 seconds."), code="bad_time")
    wanted = {
        "slow_seconds": slow_seconds,
        "followers_only": followers_only,
        "links_blocked": links_blocked,
    }
    changes = {name: value for name, value in wanted.items() if value is not None}
    rooms = _open_rooms(room.anchor_id)
    touch_house(room.anchor_id)
    HouseRules.objects.filter(pk=room.anchor_id).update(**changes)
    rules = HouseRules.objects.get(pk=room.anchor_id)
    for shown in rooms:
        hang_rules(shown, rules)
    note(
        "rules",
        anchor_id=room.anchor_id,
        room=room,
        role=role,
        actor=actor,
        evidence={"rules": rules.public},
    )
    return rules.public


def _open_rooms(anchor_id: int) -> list[Room]:
    ids = Room.objects.filter(anchor_id=anchor_id, state__in=OPEN).order_by("id")
    return [locked(pk) for pk in ids.values_list("pk", flat=True)[:ROOMS_MOST]]


def hang_rules(room: Room, rules: HouseRules | None = None) -> None:
    """Show the rules of the anchor in this room, whose lock the caller holds."""
    rules = rules or HouseRules.objects.filter(pk=room.anchor_id).first()
    public = rules.public if rules else DEFAULTS
    hang(room, "rules", None if public == DEFAULTS else public)


@transaction.atomic
def set_words(*, room: Room, actor: User, role: str, words: Sequence[str]) -> list[str]:
    """Replace the anchor's list of words whose messages are held; returns it in order."""
    kept = sorted({one_line(word).lower() for word in words} - {""})
    if len(kept) > WORDS_MOST or any(len(word) > WORD_LENGTH for word in kept):
        raise Invalid(_("A list has at most 500 words of at most 40 letters."), code="bad_words")
    touch_house(room.anchor_id)
    before = HouseRules.objects.get(pk=room.anchor_id).words
    HouseRules.objects.filter(pk=room.anchor_id).update(words=kept)
    note(
        "words",
        anchor_id=room.anchor_id,
        room=room,
        role=role,
        actor=actor,
        evidence={
            "added": sorted(set(kept) - set(before)),
            "removed": sorted(set(before) - set(kept)),
        },
    )
    return kept
