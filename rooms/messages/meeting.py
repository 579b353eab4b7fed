"""Coming in, resuming, and being alive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from core import clock
from core.errors import Invalid, TooMany
from rooms import wire
from rooms.messages.checks import is_count

if TYPE_CHECKING:
    from rooms.messages.conversation import Conversation


async def hello(talk: Conversation, message: dict[str, Any]) -> None:
    since = message.get("s")
    if since is not None and not is_count(since, 0, 2**62):
        raise Invalid(_("`s` must be a number or null."), code="bad_message")
    heard = message.get("c")
    if heard is not None and not is_count(heard, 0, 2**62):
        raise Invalid(_("`c` must be a number or null."), code="bad_message")
    if wait := talk.hellos.take():
        raise TooMany(_("Wait a moment before you resume again."), retry_after=round(wait + 1))
    await talk.resume(since, heard)


async def ping(talk: Conversation, message: dict[str, Any]) -> None:
    talk.viewer.push({"t": "pong", "now": wire.millis(clock.now())})


HANDLERS = {"hello": hello, "ping": ping}
