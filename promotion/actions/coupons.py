"""Coupons: dropped into a room, claimed once by a viewer, spent on one order, paid by the anchor."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from core import clock
from core.actors import Actor
from core.errors import Conflict, Invalid, NotFound, SoldOut
from core.events import publish
from core.models import Deadline
from core.money import BASIS_POINTS, format_money, share_of, split_minor
from promotion import states
from promotion.events import CouponMoved
from promotion.models import Coupon, CouponClaim, PlacementTerm

SHORTEST, LONGEST = 10, 600
MOST_COUPONS = 100_000
MOST_MINUTES = 7 * 24 * 60
BUSY_PAUSE = timedelta(milliseconds=300)


@dataclass(frozen=True, slots=True)
class Goods:
    """One line that a coupon may reduce: what it costs, and the most that its anchor can give."""

    room_ref: int | None
    amount_minor: int
    most_minor: int


@dataclass(frozen=True, slots=True)
class Discount:
    """What a claimed coupon takes off an order: `parts` in minor units, one for each line."""

    claim_id: int
    coupon_id: int
    parts: tuple[int, ...]

    @property
    def minor(self) -> int:
        return sum(self.parts)


def most_funded(*, room_ref: int, anchor: Any, threshold_minor: int) -> tuple[int, int, str]:
    """What the anchor earns on an order that just reaches the threshold, at the lowest and at the
    highest among the goods of the room: (least, most, currency). Reads only.

    Raises Invalid while the room has no goods.
    """
    terms = PlacementTerm.objects.filter(
        placement__room_ref=room_ref, placement__anchor=anchor, placement__pulled_at=None
    ).values_list("price_minor", "commission_bps", "currency")
    if not terms:
        raise Invalid(_("Put goods on the shelf first."), code="no_goods")
    earned = [
        share_of(max(threshold_minor, price), rate) for price, rate, _currency in terms if rate
    ] or [0]
    return min(earned), max(earned), terms[0][2]


@transaction.atomic
def drop_coupon(
    *,
    anchor: Any,
    room_ref: int,
    kind: str,
    amount_minor: int,
    count: int,
    valid_minutes: int,
    seconds: int,
    rate_bps: int = 0,
    threshold_minor: int = 0,
    actor: Actor,
) -> Coupon:
    """Offer `count` coupons to a room for `seconds`; a claimed one is good for `valid_minutes`.

    `amount_minor` is what a fixed coupon takes off, and the cap of a percentage of `rate_bps`. The
    anchor pays out of the commission, so it cannot be more than the anchor earns on an order that
    reaches the threshold. Raises Invalid, Conflict(coupon_open) while another one is open.
    """
    if kind not in Coupon.Kind.values:
        raise Invalid(_("Choose what the coupon takes off."), code="bad_kind")
    percent = kind == Coupon.Kind.PERCENT
    if percent and not 1 <= rate_bps < BASIS_POINTS:
        raise Invalid(_("The percentage must be between 0 and 100."), code="bad_rate")
    if not 1 <= count <= MOST_COUPONS:
        raise Invalid(_("Choose how many coupons, 1 or more."), code="bad_count")
    if not 1 <= valid_minutes <= MOST_MINUTES:
        raise Invalid(_("A coupon is good for one minute to seven days."), code="bad_minutes")
    if not SHORTEST <= seconds <= LONGEST:
        raise Invalid(_("A drop lasts from 10 to 600 seconds."), code="bad_duration")
    _least, most, currency = most_funded(
        room_ref=room_ref, anchor=anchor, threshold_minor=threshold_minor
    )
    if not 1 <= amount_minor <= most:
        raise Invalid(
            _(
                "You pay coupons out of your commission. On an order that just reaches the"
                " threshold you earn at most %s; take off that much at most."
            )
            % format_money(most, currency),
            code="coupon_too_high",
            most_minor=most,
            currency=currency,
        )
    now = clock.database_now()
    for late in Coupon.objects.select_for_update(no_key=True).filter(
        room_ref=room_ref, state="OPEN", closes_at__lte=now
    ):
        states.COUPON.move(late, "ENDED", why="another one is dropped")
    try:
        with transaction.atomic():
            coupon = Coupon.objects.create(
                anchor=anchor,
                room_ref=room_ref,
                kind=kind,
                rate_bps=rate_bps if percent else 0,
                amount_minor=amount_minor,
                threshold_minor=threshold_minor,
                currency=currency,
                count=count,
                valid_minutes=valid_minutes,
                closes_at=now + timedelta(seconds=seconds),
            )
    except IntegrityError as error:
        raise Conflict(
            _("There is a coupon in the room already. Withdraw it or wait for its end."),
            code="coupon_open",
        ) from error
    states.COUPON.start(coupon, actor=actor)
    return coupon


@transaction.atomic
def withdraw_coupon(*, coupon: Coupon, actor: Actor) -> Coupon:
    """Let nobody claim any more; what was claimed stays good. Raises IllegalMove. Locks the coupon."""
    found = Coupon.objects.select_for_update(no_key=True).get(pk=coupon.pk)
    states.COUPON.move(found, "WITHDRAWN", actor=actor)
    _announce(found)
    return found


@transaction.atomic
def claim_coupon(*, coupon_id: int, user: Any) -> CouponClaim:
    """One piece for this viewer; whoever claims again is given the same one.

    Of any number of viewers at once exactly `count` succeed: the claim is a unique row, the count
    one conditional UPDATE. Raises NotFound, SoldOut when all are taken, Conflict(closed) when the
    drop is over. Locks the coupon.
    """
    coupon = Coupon.objects.filter(pk=coupon_id).first()
    if coupon is None:
        raise NotFound(_("There is no such coupon."))
    now = clock.database_now()
    claim, created = CouponClaim.objects.get_or_create(
        coupon=coupon,
        user=user,
        defaults={"expires_at": now + timedelta(minutes=coupon.valid_minutes)},
    )
    if created and not _count_claim(coupon_id, now):
        coupon.refresh_from_db()
        if coupon.left <= 0:
            raise SoldOut(_("All coupons are taken."), left=0, coupon=coupon_id)
        raise Conflict(_("This coupon is over."), code="closed")
    return claim


def _count_claim(coupon_id: int, at: datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE promotion_coupon SET claimed = claimed + 1"
            " WHERE id = %s AND state IN ('OPEN', 'TAKEN') AND closes_at > %s"
            " AND claimed < count RETURNING claimed",
            [coupon_id, at],
        )
        return cursor.fetchone() is not None


@transaction.atomic
def settle_coupon(*, coupon_id: int) -> Coupon:
    """Close a drop whose pieces are all claimed or whose time is over. Locks the coupon."""
    return _settle(Coupon.objects.select_for_update(no_key=True).get(pk=coupon_id))


def _settle(coupon: Coupon) -> Coupon:
    if coupon.state == "OPEN" and coupon.left <= 0:
        states.COUPON.move(coupon, "TAKEN")
        _announce(coupon)
    elif coupon.state == "OPEN" and coupon.closes_at <= clock.database_now():
        states.COUPON.move(coupon, "ENDED")
        _announce(coupon)
    return coupon


def _announce(coupon: Coupon) -> None:
    publish(CouponMoved(coupon_id=coupon.pk, room_ref=coupon.room_ref, state=coupon.state))


@states.COUPON.on_timeout("OPEN")
def _time_is_up(coupon_id: int) -> None:
    rows = Coupon.objects.select_for_update(no_key=True, skip_locked=True)
    coupon = rows.filter(pk=coupon_id).first()
    if coupon is None or _settle(coupon).state == "OPEN":
        Deadline.objects.filter(machine=states.COUPON.name, object_id=coupon_id).update(
            due_at=clock.now() + BUSY_PAUSE
        )


def usable_claims(*, user: Any, room_ref: int | None = None) -> Any:
    """The claimed coupons that `user` can still spend, the one that ends first in front."""
    now = clock.database_now()
    mine = CouponClaim.objects.select_related("coupon").filter(
        user=user, order_ref="", expires_at__gt=now
    )
    here = mine if room_ref is None else mine.filter(coupon__room_ref=room_ref)
    return here.order_by("expires_at", "id")


def best_discount(
    *, user: Any, goods: Sequence[Goods], currency: str, coupon_id: int | None = None
) -> Discount | None:
    """The claimed coupon that takes most off these lines, or the named one; None when none does.

    `coupon_id` 0 asks for none. A named coupon that takes nothing off raises Conflict(coupon) with
    the reason. Reads only; `spend_coupon` binds it.
    """
    rooms = {line.room_ref for line in goods if line.room_ref is not None}
    if coupon_id == 0 or not rooms:
        return None
    claims = usable_claims(user=user).filter(coupon__room_ref__in=rooms)
    return discount_among(claims, goods=goods, currency=currency, coupon_id=coupon_id)


def usable_claims_of(
    *, users: Collection[int], rooms: Collection[int], hold: bool = False
) -> dict[int, list[CouponClaim]]:
    """As `usable_claims`, of many users and some rooms at once, by user.

    `hold` locks them in ascending id until the transaction ends.
    """
    claims = CouponClaim.objects.select_related("coupon").filter(
        user__in=users,
        order_ref="",
        expires_at__gt=clock.database_now(),
        coupon__room_ref__in=rooms,
    )
    if hold:
        claims = claims.order_by("id").select_for_update(no_key=True, of=("self",))
    found: dict[int, list[CouponClaim]] = {}
    for claim in sorted(claims, key=lambda one: (one.expires_at, one.pk)):
        found.setdefault(claim.user_id, []).append(claim)
    return found


def discount_among(
    claims: Iterable[CouponClaim],
    *,
    goods: Sequence[Goods],
    currency: str,
    coupon_id: int | None = None,
) -> Discount | None:
    """What `best_discount` chooses among the usable claims of the buyer. Raises Conflict(coupon)."""
    rooms = {line.room_ref for line in goods if line.room_ref is not None}
    if coupon_id == 0 or not rooms:
        return None
    claims = [
        one for one in claims if one.coupon.currency == currency and one.coupon.room_ref in rooms
    ]
    if coupon_id is not None:
        named = next((one for one in claims if one.coupon_id == coupon_id), None)
        found = named and _discount(named, goods)
        if not found:
            raise Conflict(
                _("This coupon cannot be used for this purchase: it is spent, over, or the sum is"
                  " below its threshold."),
                code="coupon",
            )  # fmt: skip
        return found
    offers = [found for claim in claims if (found := _discount(claim, goods))]
    return max(offers, key=lambda offer: offer.minor, default=None)


def _discount(claim: CouponClaim, goods: Sequence[Goods]) -> Discount | None:
    coupon = claim.coupon
    here = [line if line.room_ref == coupon.room_ref else None for line in goods]
    amount = sum(line.amount_minor for line in here if line)
    most = [line.most_minor if line else 0 for line in here]
    if amount < coupon.threshold_minor or not sum(most):
        return None
    minor = coupon.amount_minor
    if coupon.kind == Coupon.Kind.PERCENT:
        minor = min(minor, share_of(amount, coupon.rate_bps))
    minor = min(minor, sum(most))
    # In proportion to what each line can give, so no part is greater than that.
    return Discount(claim.pk, coupon.pk, tuple(split_minor(minor, most))) if minor else None


def spend_coupon(*, claim_id: int, order_ref: str) -> bool:
    """Bind a claimed coupon to an order; False when it was spent or ran out meanwhile.

    One conditional UPDATE of the claim's row, in the order's transaction.
    """
    usable = CouponClaim.objects.filter(
        pk=claim_id, order_ref="", expires_at__gt=clock.database_now()
    )
    return usable.update(order_ref=order_ref) == 1


def spend_coupons(orders: Mapping[int, str]) -> int:
    """As `spend_coupon` for many claims ({claim: order}); returns how many could be bound.

    Locks the claims in ascending id.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            # Locked in ascending id, so that two batches with the same buyers never deadlock.
            "WITH held AS (SELECT id FROM promotion_couponclaim WHERE id = ANY(%s)"
            " ORDER BY id FOR NO KEY UPDATE)"
            " UPDATE promotion_couponclaim AS mine SET order_ref = one.ref"
            " FROM held, unnest(%s::bigint[], %s::text[]) AS one (id, ref)"
            " WHERE mine.id = held.id AND one.id = held.id"
            " AND mine.order_ref = '' AND mine.expires_at > %s",
            [list(orders), list(orders), list(orders.values()), clock.database_now()],
        )
        return int(cursor.rowcount)


def return_coupon(*, order_ref: str) -> None:
    """Nothing was paid for the order: its coupon may be spent again until it runs out."""
    CouponClaim.objects.filter(order_ref=order_ref).update(order_ref="")


def respend_coupon(*, claim_id: int, order_ref: str) -> bool:
    """A late payment revives an order that gave its coupon back; the coupon's time is not asked."""
    free = CouponClaim.objects.filter(Q(order_ref="") | Q(order_ref=order_ref), pk=claim_id)
    return free.update(order_ref=order_ref) == 1
