"""Plans, placements and commissions in the back office: to be read; a plan changes by a new version."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline

from core.admin import ReadOnly
from core.backoffice import StateFilter, state_badge
from core.money import format_money
from promotion.models import Commission, CommissionPlan, Placement, PlacementTerm


@admin.register(CommissionPlan)
class CommissionPlanAdmin(ReadOnly, ModelAdmin):
    list_display = ["offer", "kind", "version", "rate", "starts_at", "ended_at"]
    list_filter = ["kind", ("ended_at", admin.EmptyFieldListFilter)]
    search_fields = ["offer__sku", "offer__title"]
    list_select_related = ["offer"]
    ordering = ["-id"]

    @admin.display(description=_("commission"), ordering="rate_bps")
    def rate(self, plan: CommissionPlan) -> str:
        return f"{plan.rate_bps / 100:g} %"


class TermInline(ReadOnly, TabularInline):
    model = PlacementTerm
    fields = ["listing_variant", "price", "supply_price", "commission_bps", "plan"]
    readonly_fields = ["price", "supply_price"]
    extra = 0

    @admin.display(description=_("price"))
    def price(self, term: PlacementTerm) -> str:
        return format_money(term.price_minor, term.currency)

    @admin.display(description=_("supply price"))
    def supply_price(self, term: PlacementTerm) -> str:
        return format_money(term.supply_price_minor, term.currency)


@admin.register(Placement)
class PlacementAdmin(ReadOnly, ModelAdmin):
    list_display = ["listing", "anchor", "room_ref", "created_at", "expires_at", "pulled_at"]
    list_filter = [("pulled_at", admin.EmptyFieldListFilter)]
    search_fields = ["listing__product__title", "anchor__username", "room_ref"]
    list_select_related = ["listing__product", "anchor"]
    inlines = [TermInline]


@admin.register(Commission)
class CommissionAdmin(ReadOnly, ModelAdmin):
    list_display = ["order_line_ref", "anchor", "rate_bps", "amount", "taken_back", "shown_state"]
    list_filter = [("state", StateFilter), "currency"]
    search_fields = ["order_line_ref", "anchor__username"]
    list_select_related = ["anchor"]

    shown_state = state_badge()

    @admin.display(description=_("amount"), ordering="amount_minor")
    def amount(self, commission: Commission) -> str:
        return format_money(commission.amount_minor, commission.currency)

    @admin.display(description=_("taken back"), ordering="reversed_minor")
    def taken_back(self, commission: Commission) -> str:
        return format_money(commission.reversed_minor, commission.currency)
