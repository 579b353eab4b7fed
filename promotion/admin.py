"""Plans, placements, commissions, flash sales and coupons in the back office: to be read."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline

from core.admin import ReadOnly
from core.backoffice import StateFilter, state_badge
from core.money import format_money
from promotion.models import (
    Commission,
    CommissionPlan,
    Coupon,
    CouponClaim,
    FlashPrice,
    FlashSale,
    Placement,
    PlacementTerm,
)


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


class FlashPriceInline(ReadOnly, TabularInline):
    model = FlashPrice
    fields = ["term", "price", "usual"]
    readonly_fields = ["price", "usual"]
    extra = 0

    @admin.display(description=_("price"))
    def price(self, row: FlashPrice) -> str:
        return format_money(row.price_minor, row.term.currency)

    @admin.display(description=_("usual price"))
    def usual(self, row: FlashPrice) -> str:
        return format_money(row.was_minor, row.term.currency)


@admin.register(FlashSale)
class FlashSaleAdmin(ReadOnly, ModelAdmin):
    list_display = ["id", "placement", "sold", "quantity", "starts_at", "ends_at", "shown_state"]
    list_filter = [("state", StateFilter)]
    search_fields = ["placement__listing__product__title", "placement__anchor__username"]
    list_select_related = ["placement__listing__product"]
    inlines = [FlashPriceInline]

    shown_state = state_badge()


class ClaimInline(ReadOnly, TabularInline):
    model = CouponClaim
    fields = ["user", "claimed_at", "expires_at", "order_ref"]
    extra = 0


@admin.register(Coupon)
class CouponAdmin(ReadOnly, ModelAdmin):
    list_display = ["id", "anchor", "room_ref", "amount", "claimed", "count", "shown_state"]
    list_filter = [("state", StateFilter), "kind"]
    search_fields = ["anchor__username", "room_ref"]
    list_select_related = ["anchor"]
    inlines = [ClaimInline]

    shown_state = state_badge()

    @admin.display(description=_("takes off at most"), ordering="amount_minor")
    def amount(self, coupon: Coupon) -> str:
        return format_money(coupon.amount_minor, coupon.currency)
