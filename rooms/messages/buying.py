"""Buying over the socket: the fast path of an ordinary purchase."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from django.utils import translation
from django.utils.translation import gettext as _

from core.errors import DomainError
from orders.actions import Accepted, Outcome, Refused, begin_payment, payment_of
from orders.payments.contract import WAIT
from rooms import purchase
from rooms.hub import store
from rooms.limits import Buckets
from rooms.messages.handover import Handover

if TYPE_CHECKING:
    from rooms.messages.conversation import Conversation

log = logging.getLogger(__name__)

_limits = Buckets(10, 2.0)
_handover = Handover()
_running = 0


async def buy(talk: Conversation, message: dict[str, Any]) -> None:
    """Answered after the commit; who leaves meanwhile has bought, and finds the answer by the key."""
    who = talk.signed_in(_("Sign in to buy."))
    wish = purchase.checked(message)
    if _limits.take(who.user_id):
        talk.viewer.push(_busy(wish))
        return
    try:
        future = purchase.ask(who.user_id, wish)
    except DomainError as error:
        talk.viewer.push(purchase.refusal(error, wish["key"]))
        return
    _handover.when_done(future, lambda done: _decided(talk, who.user_id, wish, done))


def _decided(talk: Conversation, user_id: int, wish: dict[str, Any], done: Future[Outcome]) -> None:
    """On the event loop, after the commit."""
    with translation.override(talk.viewer.language):
        if done.exception():
            # The queue has said what happened.
            talk.viewer.push(purchase.unavailable(wish["key"]))
            return
        outcome = done.result()
        if isinstance(outcome, Refused):
            talk.viewer.push(purchase.refusal(outcome.error(), wish["key"]))
        elif not isinstance(outcome, Accepted):
            _in_thread(talk, wish, purchase.buy_alone, user_id, wish, talk.viewer.language)
        elif outcome.replayed:
            _in_thread(talk, wish, _again, wish["key"], outcome.answer)
        else:
            talk.viewer.push(purchase.accepted(wish["key"], outcome.answer))
            begun = begin_payment(outcome.answer["intent_id"])
            _handover.when_done(begun, lambda found: _paying(talk, wish, outcome.answer, found))


def _paying(
    talk: Conversation, wish: dict[str, Any], answer: dict[str, Any], begun: Future[Any]
) -> None:
    """The buyer is told again when the payment asks for something, or has failed already."""
    if begun.exception():
        return
    state, action = begun.result()
    if action != WAIT:
        talk.viewer.push(purchase.accepted(wish["key"], answer, state, action))


def _again(key: str, answer: dict[str, Any]) -> dict[str, Any]:
    state, action = payment_of(answer["intent_id"])
    return purchase.accepted(key, answer, state, action)


def _in_thread(talk: Conversation, wish: dict[str, Any], work: Any, *args: Any) -> None:
    global _running
    if _running >= purchase.MOST_WAITING:
        talk.viewer.push(_busy(wish))
        return
    _running += 1
    task = asyncio.ensure_future(store.run_in(purchase.THREADS, work, *args))
    _tasks.add(task)

    def told(done: asyncio.Future[Any]) -> None:
        global _running
        _running -= 1
        _tasks.discard(done)
        if done.cancelled():
            return
        if error := done.exception():
            log.warning("a purchase was not answered", exc_info=error)
            with translation.override(talk.viewer.language):
                talk.viewer.push(purchase.unavailable(wish["key"]))
        else:
            talk.viewer.push(done.result())

    task.add_done_callback(told)


# The loop itself only holds them weakly.
_tasks: set[asyncio.Future[Any]] = set()


def _busy(wish: dict[str, Any]) -> dict[str, Any]:
    return {"t": "busy", "key": wish["key"], "retry_after": 1}


HANDLERS = {"buy": buy}
