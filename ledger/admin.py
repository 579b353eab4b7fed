"""The ledger in the back office: to be read, never to be changed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline

from core.admin import ReadOnly
from core.money import format_money
from ledger.models import Account, Entry, Posting


class PostingInline(ReadOnly, TabularInline):
    model = Posting
    fields = ["account", "amount"]
    readonly_fields = ["account", "amount"]
    extra = 0

    @admin.display(description=_("amount"))
    def amount(self, posting: Posting) -> str:
        return format_money(posting.amount_minor, posting.account.currency)


@admin.register(Entry)
class EntryAdmin(ReadOnly, ModelAdmin):
    list_display = ["id", "kind", "reference", "memo", "reverses", "occurred_at"]
    list_filter = ["kind"]
    search_fields = ["reference", "key"]
    ordering = ["-id"]
    inlines = [PostingInline]


@admin.register(Account)
class AccountAdmin(ReadOnly, ModelAdmin):
    list_display = ["owner_kind", "owner_ref", "kind", "currency", "balance"]
    list_filter = ["owner_kind", "kind", "currency"]
    search_fields = ["owner_ref"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        return Account.objects.with_balance()

    @admin.display(description=_("balance"))
    def balance(self, account: Any) -> str:
        return format_money(account.balance_minor, account.currency)
