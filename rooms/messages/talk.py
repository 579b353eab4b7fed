"""Chat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from core.errors import Invalid, TooMany
from rooms import wire
from rooms.actions.talk import CHAT_BURST, CHAT_PER_SECOND, compose
from rooms.limits import Buckets
from rooms.messages.checks import is_text

if TYPE_CHECKING:
    from rooms.messages.conversation import Conversation

# By account in this process, so that a second tab does not double what one may say.
_limits = Buckets(CHAT_BURST, CHAT_PER_SECOND)


async def chat(talk: Conversation, message: dict[str, Any]) -> None:
    who = talk.signed_in(_("Sign in to chat."))
    if not is_text(message.get("text")) or not is_text(message.get("id", "")):
        raise Invalid(_("Send `id` and `text` as text."), code="bad_message")
    talk.must_be_open()
    role = talk.role_of(who.user_id)
    event = compose(
        user_id=who.user_id,
        name=who.name,
        role=role,
        text=message["text"],
        nonce=message.get("id", ""),
    )
    if wait := _limits.take(who.user_id):
        raise TooMany(_("Wait a moment before you write again."), retry_after=round(wait + 1))
    line = wire.encode(event)
    entry = {"k": "chat", "u": who.user_id, "r": role, "d": line}
    talk.hub.emit(talk.channel, entry, remember=line)


HANDLERS = {"chat": chat}
