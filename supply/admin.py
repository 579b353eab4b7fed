"""Suppliers and their business in the back office. States move by actions; stock and money only show."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from core.admin import ReadOnly
from core.backoffice import StateFilter, state_badge
from core.errors import DomainError
from core.money import format_money
from core.templatetags.design import state_label
from supply import actions, states
from supply.models import (
    Offer,
    PurchaseOrder,
    PurchaseOrderLine,
    ReturnParcel,
    Shipment,
    Stock,
    StockAdjustment,
    Supplier,
)


class MoveForm(forms.Form):
    to = forms.ChoiceField(label=gettext_lazy("New state"), widget=UnfoldAdminSelectWidget)
    why = forms.CharField(
        label=gettext_lazy("Why"), max_length=500, widget=UnfoldAdminTextareaWidget
    )

    def __init__(self, *args: Any, targets: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["to"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(state, state_label(state)) for state in targets]


@admin.register(Supplier)
class SupplierAdmin(ModelAdmin):
    list_display = ["name", "code", "shown_state", "contact_email", "created_at"]
    list_filter = [("state", StateFilter)]
    search_fields = ["name", "code", "contact_email"]
    autocomplete_fields = ["members"]
    fields = ["name", "code", "contact_email", "members", "return_address", "shown_state", "past"]
    readonly_fields = ["code", "shown_state", "past"]
    actions = ["admit"]
    actions_detail = ["move"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    shown_state = state_badge()

    @admin.display(description=gettext_lazy("history"))
    def past(self, supplier: Supplier) -> str:
        rows = states.SUPPLIER.history(supplier)
        return "\n".join(
            f"{row.at:%Y-%m-%d %H:%M} {state_label(row.to_state)} · {row.actor_label} {row.why}"
            for row in rows
        )

    @admin.action(description=gettext_lazy("Admit: walk all steps to Active"))
    def admit(self, request: HttpRequest, queryset: QuerySet[Supplier]) -> None:
        for supplier in queryset:
            try:
                with transaction.atomic():
                    actions.admit(supplier=supplier, actor=request.user, why="admitted by staff")
            except DomainError as error:
                self.message_user(request, str(error.detail), messages.ERROR)
            else:
                self.message_user(request, _("%s is active.") % supplier, messages.SUCCESS)

    @action(
        description=gettext_lazy("Move to another state"), url_path="move", permissions=["move"]
    )
    def move(self, request: HttpRequest, object_id: int) -> HttpResponse:
        supplier = get_object_or_404(Supplier, pk=object_id)
        form = MoveForm(request.POST or None, targets=states.SUPPLIER.targets(supplier.state))
        if request.method == "POST" and form.is_valid():
            try:
                actions.move_supplier(supplier=supplier, actor=request.user, **form.cleaned_data)
            except DomainError as error:
                messages.error(request, str(error.detail))
            else:
                messages.success(request, _("Done."))
            return redirect(reverse("admin:supply_supplier_change", args=[object_id]))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Move to another state"),
            "object": supplier,
            "form": form,
            "opts": self.opts,
        }
        return TemplateResponse(request, "supply/admin_move.html", context)

    def has_move_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request)


class StockInline(ReadOnly, TabularInline):
    model = Stock
    fields = ["on_hand", "reserved", "available"]
    readonly_fields = ["available"]
    extra = 0


class AdjustmentInline(ReadOnly, TabularInline):
    model = StockAdjustment
    fields = ["at", "before", "after", "why", "actor_label"]
    extra = 0


@admin.register(Offer)
class OfferAdmin(ReadOnly, ModelAdmin):
    list_display = [
        "sku",
        "title",
        "supplier",
        "supply_price",
        "suggested_price",
        "commission",
        "available",
        "status",
    ]
    list_filter = ["status", "supplier", "currency"]
    search_fields = ["sku", "title", "product_code", "brand"]
    list_select_related = ["supplier", "stock"]
    inlines = [StockInline, AdjustmentInline]
    actions = ["withdraw"]

    @admin.display(description=gettext_lazy("supply price"), ordering="supply_price_minor")
    def supply_price(self, offer: Offer) -> str:
        return format_money(offer.supply_price_minor, offer.currency)

    @admin.display(description=gettext_lazy("suggested price"), ordering="suggested_price_minor")
    def suggested_price(self, offer: Offer) -> str:
        return format_money(offer.suggested_price_minor, offer.currency)

    @admin.display(description=gettext_lazy("commission"), ordering="commission_bps")
    def commission(self, offer: Offer) -> str:
        return f"{offer.commission_bps / 100:g} %"

    @admin.display(description=gettext_lazy("available"))
    def available(self, offer: Offer) -> int:
        return offer.stock.available

    @admin.action(description=gettext_lazy("Withdraw"))
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Offer]) -> None:
        for offer in queryset:
            actions.withdraw_offer(offer=offer, actor=request.user)
        self.message_user(request, _("Done."), messages.SUCCESS)


class LineInline(ReadOnly, TabularInline):
    model = PurchaseOrderLine
    fields = ["offer", "title", "quantity", "supply_price", "cancelled", "order_line_ref"]
    readonly_fields = ["supply_price"]
    extra = 0

    @admin.display(description=gettext_lazy("supply price"))
    def supply_price(self, line: PurchaseOrderLine) -> str:
        return format_money(line.supply_price_minor, line.offer.currency)


class ShipmentInline(ReadOnly, TabularInline):
    model = Shipment
    fields = ["carrier", "tracking_number", "shipped_at", "delivered_at"]
    extra = 0


@admin.register(PurchaseOrder)
class PurchaseOrderAdmin(ReadOnly, ModelAdmin):
    list_display = [
        "number",
        "supplier",
        "order_ref",
        "shown_state",
        "dispatch_due_at",
        "created_at",
    ]
    list_filter = [("state", StateFilter), "supplier"]
    search_fields = ["number", "order_ref", "shipments__tracking_number"]
    list_select_related = ["supplier"]
    inlines = [LineInline, ShipmentInline]

    shown_state = state_badge()


@admin.register(ReturnParcel)
class ReturnParcelAdmin(ReadOnly, ModelAdmin):
    list_display = [
        "case_ref",
        "supplier",
        "title",
        "quantity",
        "shown_state",
        "restocked",
        "created_at",
    ]
    list_filter = [("state", StateFilter), "restocked", "supplier"]
    search_fields = ["case_ref", "order_ref", "tracking_number"]
    list_select_related = ["supplier"]

    shown_state = state_badge()
