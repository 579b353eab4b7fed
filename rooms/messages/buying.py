"""Buying over the socket: the fast path of an ordinary purchase."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from rooms import purchase
from rooms.hub import store
from rooms.limits import Buckets

if TYPE_CHECKING:
    from rooms.messages.conversation import Conversation

_limits = Buckets(10, 2.0)
_running = 0


async def buy(talk: Conversation, message: dict[str, Any]) -> None:
    global _running
    who = talk.signed_in(_("Sign in to buy."))
    wish = purchase.checked(message)
    if _running >= purchase.MOST_WAITING or _limits.take(who.user_id):
        talk.viewer.push({"t": "busy", "key": wish["key"], "retry_after": 1})
        return
    _running += 1
    talk.start(_run(talk, who.user_id, wish))


async def _run(talk: Conversation, user_id: int, wish: dict[str, Any]) -> None:
    running = asyncio.ensure_future(
        store.run_in(purchase.THREADS, purchase.buy, user_id, wish, talk.viewer.language)
    )
    running.add_done_callback(_done)
    # Who leaves in between does not stop the purchase, so the key always has an answer.
    talk.viewer.push(await asyncio.shield(running))


def _done(_finished: object) -> None:
    global _running
    _running -= 1


HANDLERS = {"buy": buy}
