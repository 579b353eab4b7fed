"""Likes: taps that clients have summed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from core.errors import Invalid, TooMany
from rooms.actions.talk import LIKES_AT_ONCE
from rooms.messages.checks import is_count

if TYPE_CHECKING:
    from rooms.messages.conversation import Conversation


async def like(talk: Conversation, message: dict[str, Any]) -> None:
    count = message.get("n", 1)
    if not is_count(count, 1, LIKES_AT_ONCE):
        raise Invalid(_("`n` must be a number from 1 to 100."), code="bad_message")
    talk.must_be_open()
    if talk.likes.take():
        raise TooMany(_("Send your likes once a second."), retry_after=1)
    talk.channel.likes_here += count
    if who := talk.viewer.identity:
        liked = talk.channel.talk.liked
        liked[who.user_id] = liked.get(who.user_id, 0) + count


HANDLERS = {"like": like}
