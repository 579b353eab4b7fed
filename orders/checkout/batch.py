"""One transaction for many purchases: decided in the order of arrival, written set-wise."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from django.conf import settings
from django.db import DatabaseError, OperationalError, connection, transaction

from accounts.models import Address, User
from core import clock, idempotency
from core.errors import DomainError
from core.ids import public_number
from orders.actions.books import most_discount, shares_of
from orders.actions.locks import limit_waiting
from orders.actions.pricing import line_of, remorse_minutes
from orders.checkout import answers, soldout, sql
from orders.checkout.answers import HANDED_BACK, Accepted, Ask, Kind, Outcome, Refused
from orders.checkout.sql import Cost, Filled
from orders.payments.registry import default_code
from promotion.actions import (
    BoundTerms,
    FlashNow,
    Goods,
    direct_terms,
    discount_among,
    flash_now,
    price_changed,
    spend_coupons,
    take_flash_pieces,
    terms_of,
    usable_claims_of,
)
from promotion.models import CouponClaim
from supply.actions import reserve_stock
from supply.models import Stock

log = logging.getLogger(__name__)

LOCK_WAIT_MS = 3000
# PostgreSQL: lock_not_available, deadlock_detected.
CONTENTION = frozenset({"55P03", "40P01"})
# The first attempt reads without locks, the others take the hot rows first.
ATTEMPTS = 3


class _Overtaken(Exception):
    """Another process took what this batch counted on: roll back and decide anew."""


def commit(asks: Sequence[Ask]) -> list[Outcome]:
    """Decide purchases in their order and keep what is decided, in one transaction.

    A key that comes twice is replayed, or decided at its turn when the first was refused. What
    was `HandedBack` has left nothing behind. Locks as `place_order` (docs/locking.md). Raises
    OperationalError when the database is away; then nobody knows what was kept, and the same key
    finds out.
    """
    asks = list(asks)
    for attempt in range(ATTEMPTS):
        try:
            with transaction.atomic():
                batch = _Batch(asks, hold=attempt > 0)
                outcomes = batch.decided()
            if not connection.in_atomic_block:
                batch.remember()
            return outcomes
        except _Overtaken:
            continue
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") in CONTENTION:
                return [Refused(answers.busy)] * len(asks)
            raise
        except DatabaseError:
            # One bad row must not spoil its neighbours: each for itself.
            log.exception("a batch of purchases was refused by the database")
            break
    return [HANDED_BACK] * len(asks)


class _Batch:
    """The work of one transaction. `hold` locks the hot rows before anything is decided."""

    def __init__(self, asks: list[Ask], *, hold: bool) -> None:
        self.asks = asks
        self.hold = hold
        self.outcomes: dict[int, Outcome] = {}
        self.filled: dict[int, Filled] = {}
        # A key that came again within the batch, by the place where it bought.
        self.repeated: dict[int, int] = {}
        self.claims: dict[int, list[CouponClaim]] = {}
        self.flash: dict[Kind, FlashNow] = {}
        self.left: dict[int, int] = {}
        self.costs: dict[tuple[Kind, int, bool], Cost | None] = {}
        self.terms: dict[Kind, BoundTerms] = {}
        self.late: dict[Kind, list[Callable[[], DomainError]]] = {}

    def decided(self) -> list[Outcome]:
        limit_waiting(LOCK_WAIT_MS)
        self._keys()
        self._gone()
        if self._open():
            self._fill()
        for place, first in self.repeated.items():
            self.outcomes[place] = Accepted(self.filled[first].answer(), replayed=True)
        return [
            Accepted(self.filled[place].answer()) if place in self.filled else self.outcomes[place]
            for place in range(len(self.asks))
        ]

    def _fill(self) -> None:
        self._people()
        self._read_terms()
        self._read_coupons()
        self._read_flash()
        self._read_stock()
        bought: dict[idempotency.Owned, int] = {}
        for place, ask in self._open():
            first = bought.get(ask.owned)
            if first is not None:
                if self.asks[first].request == ask.request:
                    self.repeated[place] = first
                else:
                    self.outcomes[place] = Refused(answers.key_reused)
                continue
            outcome = self._decide(ask)
            if isinstance(outcome, Filled):
                self.filled[place] = outcome
                bought[ask.owned] = place
            else:
                self.outcomes[place] = outcome
        if self.filled:
            self._write()

    def remember(self) -> None:
        """After the commit: who comes next for what is gone need not ask."""
        for kind, refusals in self.late.items():
            soldout.remember(kind, refusals[-1], len(refusals))

    def _open(self) -> list[tuple[int, Ask]]:
        return [(place, ask) for place, ask in enumerate(self.asks) if place not in self.outcomes]

    def _keys(self) -> None:
        owned = [ask.owned for ask in self.asks]
        locked = idempotency.lock_keys(owned)
        # A statement of its own, so that it sees what was committed before the locks were had.
        known = idempotency.answers_of(owned)
        for place, (ask, free) in enumerate(zip(self.asks, locked, strict=True)):
            if not free:
                self.outcomes[place] = Refused(answers.in_flight)
            elif ask.owned in known:
                fingerprint, answer = known[ask.owned]
                self.outcomes[place] = (
                    Accepted(answer, replayed=True)
                    if fingerprint == ask.request
                    else Refused(answers.key_reused)
                )

    def _gone(self) -> None:
        """An answered key is replayed even now; everybody else is too late."""
        for place, ask in self._open():
            if error := soldout.recall(ask.kind):
                self.outcomes[place] = Refused(error)

    def _people(self) -> None:
        strangers = {ask.buyer_id for _place, ask in self._open() if ask.buyer_name is None}
        rows = User.objects.filter(pk__in=strangers, is_active=True) if strangers else None
        names = dict(rows.values_list("pk", "username")) if rows is not None else {}
        homeless = {ask.buyer_id for _place, ask in self._open() if ask.ship_to is None}
        homes: dict[int, list[Address]] = {}
        if homeless:
            for address in Address.objects.filter(user__in=homeless):
                homes.setdefault(address.user_id, []).append(address)
        for place, ask in self._open():
            if ask.buyer_name is None:
                if ask.buyer_id not in names:
                    self.outcomes[place] = HANDED_BACK
                    continue
                ask.buyer_name = names[ask.buyer_id]
            if ask.ship_to is None:
                mine = homes.get(ask.buyer_id, [])
                home = next((one for one in mine if ask.address_id in (None, one.pk)), None)
                if home is None:
                    self.outcomes[place] = (
                        HANDED_BACK if ask.address_id else Refused(answers.no_address)
                    )
                    continue
                ask.ship_to = home.snapshot()

    def _read_terms(self) -> None:
        for place, ask in self._open():
            if ask.kind not in self.terms and not self._terms(ask.kind):
                self.outcomes[place] = HANDED_BACK

    def _terms(self, kind: Kind) -> bool:
        placement, variant, listed = kind
        try:
            if placement is not None and variant is not None:
                found = terms_of(
                    placement_id=placement, variant_id=variant, quantity=1, try_flash=False
                )
            else:
                found = direct_terms(listing_variant_id=listed or 0, quantity=1)
        except DomainError:
            # Told by the single way, in the buyer's language.
            return False
        self.terms[kind] = found
        return True

    def _read_coupons(self) -> None:
        rooms = {terms.room_ref for terms in self.terms.values() if terms.room_ref is not None}
        buyers = {ask.buyer_id for _place, ask in self._open() if ask.coupon_id != 0}
        if rooms and buyers:
            self.claims = usable_claims_of(users=buyers, rooms=rooms, hold=self.hold)

    def _read_flash(self) -> None:
        for kind in sorted(self.terms, key=str):
            placement, variant, _listed = kind
            if placement is None or variant is None:
                continue
            buyers = {ask.buyer_id for _place, ask in self._open() if ask.kind == kind}
            now = flash_now(term_of=(placement, variant), buyers=buyers, hold=self.hold)
            if now is not None:
                self.flash[kind] = now

    def _read_stock(self) -> None:
        offers = {self.terms[ask.kind].offer_id for _place, ask in self._open()}
        rows = Stock.objects.filter(offer__in=offers).order_by("offer")
        if self.hold:
            rows = rows.select_for_update(no_key=True)
        self.left = {
            offer: on_hand - reserved
            for offer, on_hand, reserved in rows.values_list("offer_id", "on_hand", "reserved")
        }

    def _decide(self, ask: Ask) -> Filled | Outcome:
        flash = self.flash.get(ask.kind)
        quantity, insists = ask.wish.quantity, ask.wish.flash_id is not None
        usual = self.terms[ask.kind]
        if insists and (flash is None or flash.sale_id != ask.wish.flash_id):
            return Refused(partial(price_changed, usual.usual_price_minor, usual.currency))
        refusal = flash.refusal(ask.buyer_id, quantity) if flash else None
        if refusal is not None and insists and flash is not None and flash.left < quantity:
            # As the single way, which does not get as far as the coupon and the sum.
            return Refused(refusal)
        if refusal is not None and not insists:
            flash = None
        cost = self._cost(ask, flash)
        if cost is None:
            return Refused(partial(answers.not_at_this_price, usual.title))
        filled = Filled(ask, cost)
        claims = self.claims.get(ask.buyer_id, [])
        if claims or ask.coupon_id:
            try:
                self._use_coupon(filled, claims)
            except DomainError:
                return HANDED_BACK
        if ask.agreed_minor is not None and filled.total_minor > ask.agreed_minor:
            return Refused(partial(answers.costs_more, filled.total_minor, cost.terms.currency))
        if refusal is not None and insists:
            return Refused(refusal)
        left = self.left.get(usual.offer_id, 0)
        if left < quantity:
            late = partial(answers.too_late, usual.title, left, usual.offer_id)
            if not left:
                self.late.setdefault(ask.kind, []).append(late)
            return Refused(late)
        self.left[usual.offer_id] = left - quantity
        if flash is not None:
            flash.take(ask.buyer_id, quantity)
        if filled.claim_id is not None:
            self.claims[ask.buyer_id] = [one for one in claims if one.pk != filled.claim_id]
        return filled

    def _cost(self, ask: Ask, flash: FlashNow | None) -> Cost | None:
        key = (ask.kind, ask.wish.quantity, flash is not None)
        if key not in self.costs:
            terms = self.terms[ask.kind]
            if flash is not None:
                terms = replace(
                    terms,
                    unit_price_minor=flash.price_minor,
                    flash_id=flash.sale_id,
                    remorse_minutes=terms.remorse_minutes if flash.remorse else 0,
                )
            line = line_of(ask.wish, terms)
            line.remorse_minutes = remorse_minutes(terms)
            covered = shares_of(line).platform >= 0
            self.costs[key] = Cost(line, terms, most_discount(line)) if covered else None
        return self.costs[key]

    def _use_coupon(self, filled: Filled, claims: list[CouponClaim]) -> None:
        cost = filled.cost
        found = discount_among(
            claims,
            goods=[Goods(cost.terms.room_ref, cost.goods_minor, cost.most_minor)],
            currency=cost.terms.currency,
            coupon_id=filled.ask.coupon_id,
        )
        if found:
            filled.discount_minor, filled.claim_id = found.minor, found.claim_id

    def _write(self) -> None:
        filled = list(self.filled.values())
        sql.number_rows(filled)
        for one in filled:
            one.number = public_number()
        spent = {one.claim_id: one.number for one in filled if one.claim_id is not None}
        if spent and spend_coupons(spent) != len(spent):
            raise _Overtaken
        now = clock.now()
        sql.write(filled, sql.Moments(now, now + settings.RESERVATION_PERIOD, default_code()))
        self._take(filled)

    def _take(self, filled: list[Filled]) -> None:
        """The hot rows, last: flash pieces in ascending sale, then stock in ascending offer."""
        pieces: dict[int, dict[int, int]] = {}
        wanted: dict[int, int] = {}
        for one in filled:
            line = one.cost.line
            wanted[line.offer_id] = wanted.get(line.offer_id, 0) + line.quantity
            if line.flash_id is not None:
                mine = pieces.setdefault(line.flash_id, {})
                mine[one.ask.buyer_id] = mine.get(one.ask.buyer_id, 0) + line.quantity
        for flash_id in sorted(pieces):
            if not take_flash_pieces(flash_id=flash_id, pieces=pieces[flash_id]):
                raise _Overtaken
        for offer_id in sorted(wanted):
            if not reserve_stock(offer_id=offer_id, quantity=wanted[offer_id]):
                raise _Overtaken
