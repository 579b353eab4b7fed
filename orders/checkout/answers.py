"""What waits for the next batch, and what each of them is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import idempotency
from core.errors import Busy, Conflict, DomainError, InFlight, Invalid, KeyReused, SoldOut
from core.money import format_money
from orders.actions.pricing import Wanted

Kind = tuple[int | None, int | None, int | None]
"""What is wanted: placement and variant, or a listing's variant."""


@dataclass
class Ask:
    """One purchase of one line, checked. What is None is read with the batch.

    `address_id` None is the buyer's default one; `ship_to` is a snapshot of it. `fingerprint` None
    is that of the wish itself.
    """

    buyer_id: int
    wish: Wanted
    key: str
    source: str
    buyer_name: str | None = None
    address_id: int | None = None
    ship_to: dict[str, str] | None = None
    fingerprint: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    coupon_id: int | None = None
    agreed_minor: int | None = None

    @property
    def owned(self) -> idempotency.Owned:
        return f"user:{self.buyer_id}", self.key

    @cached_property
    def kind(self) -> Kind:
        wish = self.wish
        if wish.placement_id is not None and wish.variant_id is not None:
            return wish.placement_id, wish.variant_id, None
        return None, None, wish.listing_variant_id

    @cached_property
    def request(self) -> str:
        """What its key stands for: what was asked, so that it is known without looking further."""
        if self.fingerprint is not None:
            return self.fingerprint
        return request_of(self.address_id, [self.wish], self.coupon_id, self.agreed_minor)


def request_of(
    address_id: int | None, wishes: list[Wanted], coupon_id: int | None, agreed_minor: int | None
) -> str:
    """The fingerprint of a purchase that came without a body of its own; the address as asked for."""
    return idempotency.fingerprint(
        [address_id, [asdict(wish) for wish in wishes], coupon_id, agreed_minor]
    )


@dataclass(frozen=True, slots=True)
class Accepted:
    """The kept answer: order_id, number, total_minor, discount_minor, currency, intent_id."""

    answer: dict[str, Any]
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """`error` makes the refusal, in the language of whoever is told it."""

    error: Callable[[], DomainError]


@dataclass(frozen=True, slots=True)
class HandedBack:
    """The batch could not decide it; nothing is kept, the single way does it."""


Outcome = Accepted | Refused | HandedBack
HANDED_BACK = HandedBack()


def busy() -> DomainError:
    return Busy(_("Many people are buying this. Try again."), retry_after=1)


def in_flight() -> DomainError:
    return InFlight(_("Wait for the first request to finish."), retry_after=1)


def key_reused() -> DomainError:
    return KeyReused(_("Use a fresh key for a different request."))


def no_address() -> DomainError:
    return Invalid(_("Add a delivery address first."), code="address_required")


def not_at_this_price(title: str) -> DomainError:
    return Conflict(_("%s cannot be sold at its present price.") % title, code="closed")


def costs_more(total_minor: int, currency: str) -> DomainError:
    return Conflict(
        _("The price has changed: it is %s now.") % format_money(total_minor, currency),
        code="price_changed",
        total_minor=total_minor,
        currency=currency,
    )


def too_late(title: str, left: int, offer_id: int) -> SoldOut:
    """What to tell a buyer who came too late."""
    detail = (
        ngettext(
            "Only %(left)d of %(title)s is left.", "Only %(left)d of %(title)s are left.", left
        )
        % {"left": left, "title": title}
        if left
        else _("%s is sold out.") % title
    )
    return SoldOut(detail, left=left, offer=offer_id)
