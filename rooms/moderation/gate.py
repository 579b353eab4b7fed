"""Whether a person may say this here and now, decided from memory."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.errors import DomainError, Forbidden, Invalid, TooMany
from rooms.limits import Buckets
from rooms.moderation.floods import Floods
from rooms.moderation.links import has_link
from rooms.moderation.words import WordList

CHAT_BURST = 5
CHAT_PER_SECOND = 1.0
HELD_MOST = 3
HELD_SECONDS = 600.0
SPOKEN_KEPT = 10_000

MUTE, BAN = "mute", "ban"


@dataclass(frozen=True, slots=True)
class Standing:
    """A sanction in force. `until`: Unix seconds, or None for good."""

    id: int
    kind: str
    until: float | None
    reason: str

    def holds(self, now: float) -> bool:
        return self.until is None or self.until > now


@dataclass(frozen=True, slots=True)
class House:
    """What one anchor's rooms are judged by, as read at `version`."""

    anchor_id: int
    version: int = 0
    slow_seconds: int = 0
    followers_only: bool = False
    links_blocked: bool = True
    words: WordList = field(default_factory=lambda: WordList(()))
    platform: WordList = field(default_factory=lambda: WordList(()))
    roles: Mapping[int, str] = field(default_factory=dict)
    sanctions: Mapping[int, tuple[Standing, ...]] = field(default_factory=dict)

    def role(self, user_id: int) -> str:
        return "anchor" if user_id == self.anchor_id else self.roles.get(user_id, "viewer")

    def standing(self, user_id: int, kind: str, now: float) -> Standing | None:
        """The sanction of that kind that holds longest."""
        found = [s for s in self.sanctions.get(user_id, ()) if s.kind == kind and s.holds(now)]
        return max(found, key=lambda s: float("inf") if s.until is None else s.until, default=None)


class Gate:
    """One for each anchor and process, shared by its sockets and its pages."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._lock = threading.Lock()
        self._limits = Buckets(CHAT_BURST, CHAT_PER_SECOND)
        self._floods = Floods()
        self._spoke: dict[int, float] = {}
        self._held: dict[int, list[float]] = {}

    def judge(self, user_id: int, text: str, now: float, *, follows: bool = True) -> str:
        """The listed word for which the line waits for a moderator, or "" when it may be shown.

        `now` is Unix seconds. Raises the DomainError that tells the person why not, and what to do.
        """
        with self._lock:
            return self._judge(user_id, text, now, follows)

    def _judge(self, user_id: int, text: str, now: float, follows: bool) -> str:
        house = self.house
        self.must_not_be_banned(user_id, now)
        if house.role(user_id) != "viewer":
            if word := house.platform.find(text):
                raise Invalid(
                    _("“%(word)s” is not allowed on this platform. Write it without.")
                    % {"word": word},
                    code="word",
                )
            return ""
        self._must_not_be_muted(user_id, now)
        if house.followers_only and not follows:
            raise Forbidden(
                _("Only followers may write here. Follow the anchor first."), code="followers_only"
            )
        if house.links_blocked and has_link(text):
            raise Invalid(
                _("Links are not allowed here. Write it without the address."), code="link"
            )
        self._must_not_be_fast(user_id, text, now)
        found = house.platform.find(text) or house.words.find(text) or ""
        if found:
            waiting = [at for at in self._held.get(user_id, ()) if now - at < HELD_SECONDS]
            if len(waiting) >= HELD_MOST:
                raise TooMany(
                    _("Several of your messages wait for a moderator already."), code="held_full"
                )
            self._held[user_id] = [*waiting, now]
        self._floods.note(user_id, text, now)
        self.heard(user_id, now)
        return found

    def must_not_be_banned(self, user_id: int, now: float) -> None:
        """Raises Forbidden(banned)."""
        if ban := self.house.standing(user_id, BAN, now):
            raise banned(ban.reason)

    def _must_not_be_muted(self, user_id: int, now: float) -> None:
        mute = self.house.standing(user_id, MUTE, now)
        if mute is None:
            return
        if mute.until is None:
            raise Forbidden(_("You may not write in this anchor's rooms."), code="muted")
        left = round(mute.until - now + 0.5)
        minutes = max(1, -(-left // 60))
        raise Forbidden(
            ngettext(
                "You may write again in a minute.", "You may write again in %(n)s minutes.", minutes
            )
            % {"n": minutes},
            code="muted",
            retry_after=left,
        )

    def _must_not_be_fast(self, user_id: int, text: str, now: float) -> None:
        slow = self.house.slow_seconds
        wait = slow - (now - self._spoke.get(user_id, 0.0)) if slow else 0.0
        if wait > 0:
            raise _later(
                _("Slow mode: one message every %(n)s seconds.") % {"n": slow}, "slow_mode", wait
            )
        if wait := self._limits.take(user_id):
            raise _later(_("Wait a moment before you write again."), "too_many", wait)
        if wait := self._floods.repeats(user_id, text, now):
            raise _later(_("You have just said that. Say something new."), "repeated", wait)
        if self._floods.floods(user_id, text, now):
            self._floods.note(user_id, text, now)
            raise _later(
                _("Many accounts are sending this text. Say it in your own words."), "flood", 10
            )

    def heard(self, user_id: int, now: float) -> None:
        """They have spoken, here or through another process: slow mode counts from then."""
        self._spoke.pop(user_id, None)
        self._spoke[user_id] = now
        while len(self._spoke) > SPOKEN_KEPT:
            self._spoke.pop(next(iter(self._spoke)), None)

    def decided(self, user_id: int) -> None:
        """A moderator has dealt with one of their held lines."""
        if waiting := self._held.get(user_id):
            waiting.pop()


def _later(detail: str, code: str, seconds: float) -> DomainError:
    return TooMany(detail, code=code, retry_after=max(1, round(seconds + 0.5)))


def banned(reason: str = "") -> Forbidden:
    """The refusal of everything in a room that one is banned from."""
    return Forbidden(
        _("You are banned from this anchor's rooms. You may appeal under “My sanctions”."),
        code="banned",
        **({"reason": reason} if reason else {}),
    )
