"""Chat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from core import clock
from core.errors import DomainError, Invalid
from rooms import wire
from rooms.actions.talk import clean, compose, held_for_crew, held_notice, log_row, mentioned
from rooms.messages.checks import is_text

if TYPE_CHECKING:
    from rooms.messages.conversation import Conversation


async def chat(talk: Conversation, message: dict[str, Any]) -> None:
    """Judge a line, send it to everybody or hold it, and log it; from memory alone."""
    who = talk.signed_in(_("Sign in to chat."))
    fields = (message.get("text"), message.get("id", ""), message.get("reply_to") or "")
    if not all(is_text(field) for field in fields):
        raise Invalid(_("Send `id` and `text` as text."), code="bad_message")
    talk.must_be_open()
    channel, here, keeper = talk.channel, talk.channel.talk, talk.hub.keeper
    text = clean(message["text"])
    standing = keeper.fans.standing(channel.anchor_id, who.user_id)
    try:
        held = here.gate.judge(who.user_id, text, clock.now().timestamp(), follows=standing.follows)
    except DomainError as error:
        if error.code == "followers_only":
            keeper.fans.look_again(channel.anchor_id, who.user_id)
        raise
    event = compose(
        user_id=who.user_id,
        name=who.name,
        role=talk.role_of(who.user_id),
        text=text,
        nonce=message.get("id", ""),
        level=standing.level,
        reply=here.quote(message.get("reply_to") or ""),
        mentions=mentioned(text, here.people),
    )
    row = log_row(channel.id, event, held=held)
    if held:
        talk.viewer.push(held_notice(event))
        # The crew hears of it when it can be found in the log.
        keeper.chatlog.add(
            row, written=lambda: talk.hub.tell_crew(channel, held_for_crew(event, held))
        )
        return
    keeper.chatlog.add(row)
    here.said[who.user_id] = here.said.get(who.user_id, 0) + 1
    line = wire.encode(event)
    if event["user"]["role"] == "viewer" and not channel.sampling.passes_on():
        channel.show_own(who.user_id, line)
        return
    entry = {"k": "chat", "u": who.user_id, "r": event["user"]["role"], "i": event["id"], "d": line}
    talk.hub.emit(channel, entry, remember=line)


HANDLERS = {"chat": chat}
