"""The one writer of the ledger. Entries are never changed: a correction is another entry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from core.errors import Conflict, Invalid
from ledger.models import Account, Entry, Kind, Posting
from ledger.owners import Owner


@dataclass(frozen=True, slots=True)
class Line:
    """One side of an entry: `amount_minor` > 0 debits the owner's account, < 0 credits it."""

    owner_kind: str
    owner_ref: str
    kind: str
    amount_minor: int
    currency: str

    @property
    def account(self) -> tuple[str, str, str, str]:
        return (self.owner_kind, self.owner_ref, self.kind, self.currency)


def line(owner: Owner, kind: str, amount_minor: int, currency: str) -> Line:
    """A `Line` for an owner pair of `ledger.owners`."""
    return Line(owner[0], owner[1], kind, amount_minor, currency)


def post(
    *,
    kind: str,
    key: str,
    reference: str,
    postings: Sequence[Line],
    memo: str = "",
    reverses: Entry | None = None,
) -> Entry:
    """Write one entry; a second call with the same `key` returns the first one's entry.

    Lines on the same account are added up and zero sums left out. Raises Invalid when nothing is
    left, when a currency does not sum to zero or an account kind is unknown, and Conflict when the
    key was used for other postings. Takes no row locks: balances are sums, never counters.
    """
    wanted = _summed(postings)
    _check(wanted)
    with transaction.atomic():
        entry_id = _insert_once(kind, key, reference, memo, reverses)
        if entry_id is None:
            return _known(key, wanted)
        accounts = _accounts(list(wanted))
        Posting.objects.bulk_create(
            Posting(entry_id=entry_id, account_id=accounts[account], amount_minor=amount)
            for account, amount in wanted.items()
        )
        return Entry.objects.get(pk=entry_id)


def reverse(*, entry: Entry, key: str, memo: str = "") -> Entry:
    """Undo a whole entry by its mirror image, linked by `reverses`. Idempotent by `key`."""
    return post(
        kind=f"{entry.kind}.reversed",
        key=key,
        reference=entry.reference,
        postings=[
            Line(*_account_of(posting), -posting.amount_minor, posting.account.currency)
            for posting in entry.postings.select_related("account").order_by("id")
        ],
        memo=memo,
        reverses=entry,
    )


def balance(*, owner_kind: str, owner_ref: str, kind: str, currency: str) -> int:
    """Debits minus credits of one account, in minor units; 0 for an account never used."""
    total = Posting.objects.filter(
        account__owner_kind=owner_kind,
        account__owner_ref=owner_ref,
        account__kind=kind,
        account__currency=currency,
    ).aggregate(total=Sum("amount_minor"))["total"]
    return total or 0


def unbalanced() -> list[tuple[int, str, int]]:
    """(entry id, currency, sum) of every entry that does not sum to zero, or has no postings."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT e.id, coalesce(a.currency, ''), coalesce(sum(p.amount_minor), 0)::bigint
            FROM ledger_entry e
            LEFT JOIN ledger_posting p ON p.entry_id = e.id
            LEFT JOIN ledger_account a ON a.id = p.account_id
            GROUP BY e.id, a.currency
            HAVING coalesce(sum(p.amount_minor), 1) <> 0
            ORDER BY e.id
            """
        )
        return [(entry, currency, total) for entry, currency, total in cursor.fetchall()]


def _account_of(posting: Posting) -> tuple[str, str, str]:
    account = posting.account
    return (account.owner_kind, account.owner_ref, account.kind)


def _summed(postings: Sequence[Line]) -> dict[tuple[str, str, str, str], int]:
    sums: dict[tuple[str, str, str, str], int] = defaultdict(int)
    for item in postings:
        sums[item.account] += item.amount_minor
    return {account: amount for account, amount in sorted(sums.items()) if amount}


def _check(wanted: dict[tuple[str, str, str, str], int]) -> None:
    if not wanted:
        raise Invalid(_("An entry needs postings that are not zero."), code="empty_entry")
    totals: dict[str, int] = defaultdict(int)
    for (_owner_kind, _owner_ref, kind, currency), amount in wanted.items():
        if kind not in Kind.values:
            raise Invalid(_("There is no account kind “%s”.") % kind, code="unknown_account")
        totals[currency] += amount
    for currency, total in totals.items():
        if total:
            raise Invalid(
                _("The postings in %(currency)s sum to %(total)d, not to zero.")
                % {"currency": currency, "total": total},
                code="unbalanced",
            )


def _insert_once(
    kind: str, key: str, reference: str, memo: str, reverses: Entry | None
) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_entry (kind, key, reference, memo, reverses_id)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (key) DO NOTHING RETURNING id",
            [kind, key, reference, memo, reverses.pk if reverses else None],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _known(key: str, wanted: dict[tuple[str, str, str, str], int]) -> Entry:
    entry = Entry.objects.get(key=key)
    written = {
        (*_account_of(posting), posting.account.currency): posting.amount_minor
        for posting in entry.postings.select_related("account")
    }
    if written != wanted:
        raise Conflict(_("The key %s belongs to another entry.") % key, code="entry_differs")
    return entry


def _accounts(wanted: list[tuple[str, str, str, str]]) -> dict[tuple[str, str, str, str], int]:
    known = _find(wanted)
    missing = [account for account in wanted if account not in known]
    if missing:
        Account.objects.bulk_create(
            (
                Account(owner_kind=owner_kind, owner_ref=owner_ref, kind=kind, currency=currency)
                for owner_kind, owner_ref, kind, currency in missing
            ),
            ignore_conflicts=True,
        )
        known = _find(wanted)
    return known


def _find(wanted: list[tuple[str, str, str, str]]) -> dict[tuple[str, str, str, str], int]:
    rows = Account.objects.filter(
        owner_kind__in={item[0] for item in wanted}, owner_ref__in={item[1] for item in wanted}
    )
    return {(row.owner_kind, row.owner_ref, row.kind, row.currency): row.pk for row in rows}
