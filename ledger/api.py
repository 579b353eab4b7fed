"""A person's own money: balances and what moved them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.pagination import CursorPagination, paginate

from ledger.models import Account, Posting

router = Router(tags=["ledger"])


class AccountOut(Schema):
    """`balance_minor` is debits minus credits: what the house owes you is negative."""

    id: int
    owner_kind: str
    owner_ref: str
    kind: str
    currency: str
    balance_minor: int


class PostingOut(Schema):
    id: int
    account_id: int
    amount_minor: int
    currency: str
    entry_kind: str
    reference: str
    reverses: bool
    occurred_at: datetime

    @staticmethod
    def resolve_currency(posting: Posting) -> str:
        return posting.account.currency

    @staticmethod
    def resolve_entry_kind(posting: Posting) -> str:
        return posting.entry.kind

    @staticmethod
    def resolve_reference(posting: Posting) -> str:
        return posting.entry.reference

    @staticmethod
    def resolve_reverses(posting: Posting) -> bool:
        return posting.entry.reverses_id is not None

    @staticmethod
    def resolve_occurred_at(posting: Posting) -> datetime:
        return posting.entry.occurred_at


@router.get("/ledger/accounts", response=list[AccountOut], summary="My accounts and balances")
def accounts(request: HttpRequest) -> Any:
    return Account.objects.for_actor(request.user).with_balance().order_by("id")


@router.get("/ledger/postings", response=list[PostingOut], summary="What moved my balances")
@paginate(CursorPagination, ordering=("-id",), page_size=50)
def postings(request: HttpRequest, account: int | None = None) -> Any:
    rows = Posting.objects.for_actor(request.user).select_related("entry", "account")
    return rows.filter(account_id=account) if account else rows
