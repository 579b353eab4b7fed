"""Claiming a coupon over the socket."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import DomainError, Invalid, TooMany
from rooms import actions, deals, purchase, wire
from rooms.hub import store
from rooms.limits import Buckets
from rooms.messages.checks import is_count

if TYPE_CHECKING:
    from rooms.messages.conversation import Conversation

log = logging.getLogger(__name__)

_limits = Buckets(5, 1.0)


async def claim(talk: Conversation, message: dict[str, Any]) -> None:
    """`coupon`: its id. Answered by `claimed`, or an error that names the coupon."""
    who = talk.signed_in(_("Sign in to take a coupon."))
    coupon = message.get("coupon")
    if not isinstance(coupon, int) or not is_count(coupon, 1, 2**63 - 1):
        raise Invalid(
            _("`%(field)s` must be a whole number from 1.") % {"field": "coupon"},
            code="bad_message",
        )
    if _limits.take(who.user_id):
        raise TooMany(_("You send too much. Slow down."), retry_after=1)
    talk.start(_claim(talk, who.user_id, coupon))


async def _claim(talk: Conversation, user_id: int, coupon_id: int) -> None:
    talk.viewer.push(
        await store.run_in(
            purchase.THREADS, take, talk.channel.id, user_id, coupon_id, talk.viewer.language
        )
    )


def take(room_id: int, user_id: int, coupon_id: int, language: str) -> dict[str, Any]:
    """The answer to a `claim`. Runs in a thread."""
    with translation.override(language):
        try:
            found = actions.claim_coupon(
                room_id=room_id,
                coupon_id=coupon_id,
                user=User.objects.get(pk=user_id, is_active=True),
            )
        except DomainError as error:
            return {
                "t": "error",
                "code": error.code,
                "detail": str(error.detail) or str(error.title),
                "coupon": coupon_id,
            }
        except Exception:
            log.exception("claim failed")
            detail = _("Try again in a moment.")
            return {"t": "error", "code": "unavailable", "detail": detail, "coupon": coupon_id}
    return {
        "t": "claimed",
        "coupon": deals.coupon_form(found.coupon),
        "expires_at": wire.millis(found.expires_at),
    }


HANDLERS = {"claim": claim}
