"""Money as the ledger has it: what an anchor earned, what a supplier is owed, what an agency shares."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from accounts.models import Agency, AgencyContract, User
from core.money import share_of
from insights.numbers import watching
from insights.sales import Sales, paid_lines, sales_by
from ledger import owners
from ledger.actions import balance
from ledger.models import Kind, Posting
from promotion.models import Commission, Placement
from rooms.models import Room
from supply.models import Supplier


@dataclass(frozen=True, slots=True)
class Earnings:
    """An anchor's commission in one currency, in minor units.

    `estimated_minor` may still be taken back by returns; `payable_minor` is safe.
    """

    currency: str
    estimated_minor: int
    payable_minor: int
    reversed_minor: int


def anchor_earnings(anchor: User) -> list[Earnings]:
    """One for each currency in which `anchor` ever earned; the balances come from the ledger."""
    rows = (
        Commission.objects.filter(anchor=anchor)
        .values("currency")
        .annotate(reversed_=Sum("reversed_minor"))
        .order_by("currency")
    )
    owner_kind, owner_ref = owners.anchor(anchor.pk)
    return [
        Earnings(
            currency=row["currency"],
            reversed_minor=row["reversed_"],
            estimated_minor=-balance(
                owner_kind=owner_kind,
                owner_ref=owner_ref,
                kind=Kind.COMMISSION_ESTIMATED,
                currency=row["currency"],
            ),
            payable_minor=-balance(
                owner_kind=owner_kind,
                owner_ref=owner_ref,
                kind=Kind.COMMISSION_PAYABLE,
                currency=row["currency"],
            ),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Show:
    """One room with what it sold."""

    room: Room
    sales: list[Sales]
    commission_minor: int


def shows_of(anchor: User, limit: int = 30) -> list[Show]:
    """The anchor's shows that have been on air, newest first."""
    rooms = list(
        Room.objects.for_actor(anchor)
        .filter(started_at__isnull=False)
        .order_by("-started_at")[:limit]
    )
    placements = Placement.objects.filter(room_ref__in=[room.pk for room in rooms])
    by_room = sales_by(
        paid_lines().filter(placement__in=placements.values("pk")), "placement__room_ref"
    )
    commissions = dict(
        Commission.objects.filter(placement__in=placements.values("pk"))
        .values("placement__room_ref")
        .annotate(left=Sum(F("amount_minor") - F("reversed_minor")))
        .values_list("placement__room_ref", "left")
    )
    return [
        Show(
            room=room,
            sales=by_room.get(room.pk, []),
            commission_minor=commissions.get(room.pk, 0),
        )
        for room in rooms
    ]


@dataclass(frozen=True, slots=True)
class StatementRow:
    """Entries of one kind: how many, and what they add to the balance (minor units)."""

    kind: str
    count: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Statement:
    """What the house owed at `since`, what changed, and what it owes at `until`."""

    supplier: Supplier
    currency: str
    since: datetime
    until: datetime
    opening_minor: int
    rows: list[StatementRow]

    @property
    def closing_minor(self) -> int:
        return self.opening_minor + sum(row.amount_minor for row in self.rows)


def supplier_statement(
    *, supplier: Supplier, since: datetime, until: datetime, currency: str
) -> Statement:
    """The supplier's account between two moments (from `since`, before `until`)."""
    postings = _payable(supplier).filter(account__currency=currency)
    opening = postings.filter(entry__occurred_at__lt=since).aggregate(
        total=Coalesce(Sum("amount_minor"), 0)
    )["total"]
    rows = (
        postings.filter(entry__occurred_at__gte=since, entry__occurred_at__lt=until)
        .values("entry__kind")
        .annotate(count=Count("pk"), total=Sum("amount_minor"))
        .order_by("entry__kind")
    )
    return Statement(
        supplier=supplier,
        currency=currency,
        since=since,
        until=until,
        opening_minor=-opening,
        rows=[StatementRow(row["entry__kind"], row["count"], -row["total"]) for row in rows],
    )


def supplier_currencies(supplier: Supplier) -> list[str]:
    """Currencies in which the supplier has an account."""
    found = _payable(supplier).order_by().values_list("account__currency", flat=True).distinct()
    return sorted(found)


def supplier_postings(supplier: Supplier, currency: str) -> QuerySet[Posting]:
    """Single movements of the supplier's account, newest first; `owed_minor` is what each adds."""
    return (
        _payable(supplier)
        .filter(account__currency=currency)
        .annotate(owed_minor=-F("amount_minor"))
        .select_related("entry", "account")
        .order_by("-entry__occurred_at", "-id")
    )


def _payable(supplier: Supplier) -> QuerySet[Posting]:
    owner_kind, owner_ref = owners.supplier(supplier.code)
    return Posting.objects.filter(
        account__owner_kind=owner_kind,
        account__owner_ref=owner_ref,
        account__kind=Kind.SUPPLIER_PAYABLE,
    )


@dataclass(frozen=True, slots=True)
class RosterRow:
    """A signed anchor: on air or not, shows, sales, and the commission the contract covers."""

    contract: AgencyContract
    on_air: Room | None
    viewers: int
    shows: int
    sales: list[Sales]
    commission_minor: int
    share_minor: int


def roster(agency: Agency) -> list[RosterRow]:
    """Present contracts of `agency`, those on air first, then by the agency's share.

    A contract covers what was sold from its signing on; its share is cut from the commission that
    refunds have left.
    """
    contracts = list(
        agency.contracts.filter(ended_at__isnull=True).select_related("anchor").order_by("pk")
    )
    anchors = [contract.anchor_id for contract in contracts]
    covered = Q(pk__in=[])
    earned = Q(pk__in=[])
    for contract in contracts:
        covered |= Q(anchor=contract.anchor_id, order__placed_at__gte=contract.signed_at)
        earned |= Q(anchor=contract.anchor_id, created_at__gte=contract.signed_at)
    sold = sales_by(paid_lines().filter(covered), "anchor_id")
    commissions = dict(
        Commission.objects.filter(earned)
        .values("anchor")
        .annotate(left=Sum(F("amount_minor") - F("reversed_minor")))
        .values_list("anchor", "left")
    )
    shows: dict[int, int] = defaultdict(int)
    live: dict[int, Room] = {}
    for room in Room.objects.filter(anchor__in=anchors, started_at__isnull=False):
        shows[room.anchor_id] += 1
        if room.on_air:
            live[room.anchor_id] = room
    viewers = watching([room.pk for room in live.values()])
    rows = [
        _roster_row(contract, live, viewers, shows, sold, commissions) for contract in contracts
    ]
    return sorted(rows, key=lambda row: (row.on_air is None, -row.share_minor))


def _roster_row(
    contract: AgencyContract,
    live: dict[int, Room],
    viewers: dict[int, int],
    shows: dict[int, int],
    sold: dict[Any, list[Sales]],
    commissions: dict[int, int],
) -> RosterRow:
    anchor = contract.anchor_id
    room = live.get(anchor)
    commission = commissions.get(anchor, 0)
    return RosterRow(
        contract=contract,
        on_air=room,
        viewers=viewers.get(room.pk, 0) if room else 0,
        shows=shows.get(anchor, 0),
        sales=sold.get(anchor, []),
        commission_minor=commission,
        share_minor=share_of(commission, contract.share_bps),
    )
