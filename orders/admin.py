"""Orders in the back office: facts are read-only, people act through actions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from core.actors import acting
from core.admin import ReadOnly
from core.backoffice import StateFilter, state_badge
from core.errors import DomainError
from core.money import format_money
from orders import actions
from orders.actions.inbox import process_webhook
from orders.models import (
    AfterSaleCase,
    CaseNote,
    Order,
    OrderLine,
    PaymentEvent,
    PaymentIntent,
    Refund,
    WebhookInbox,
)


class InMoney:
    """Shows `amount_minor` as money."""

    @admin.display(description=gettext_lazy("amount"), ordering="amount_minor")
    def amount(self, obj: Any) -> str:
        currency = getattr(obj, "currency", None) or obj.line.order.currency
        return format_money(obj.amount_minor, currency)


class Acting(ReadOnly, ModelAdmin):
    """Buttons that lead to a page of their own, which acts when it is sent: never by a link alone."""

    def has_act_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    def ask(
        self,
        request: HttpRequest,
        object_id: int,
        title: Any,
        act: Callable[[Any, forms.Form], object],
        form_class: type[forms.Form] = forms.Form,
    ) -> HttpResponse:
        """Show `form_class` and call `act(object, form)` on a valid POST; a refusal becomes a message."""
        obj = get_object_or_404(self.model, pk=object_id)
        form = form_class(request.POST or None)
        if request.method == "POST" and (form.is_valid() or not form.fields):
            try:
                act(obj, form)
            except DomainError as error:
                messages.error(request, str(error.detail) or str(error.title))
            else:
                messages.success(request, _("Done."))
            name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
            return redirect(reverse(name, args=[object_id]))
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "object": obj,
            "form": form,
            "opts": self.opts,
        }
        return TemplateResponse(request, "orders/admin_act.html", context)


class LineInline(ReadOnly, TabularInline):
    model = OrderLine
    fields = ["title", "option_label", "quantity", "price", "state", "anchor", "supplier"]
    readonly_fields = ["price"]
    extra = 0

    @admin.display(description=gettext_lazy("price"))
    def price(self, line: OrderLine) -> str:
        return format_money(line.total_minor, line.order.currency)


class PaymentInline(InMoney, ReadOnly, TabularInline):
    model = PaymentIntent
    fields = ["provider", "provider_ref", "amount", "state", "failure"]
    readonly_fields = ["amount"]
    extra = 0


class RefundInline(InMoney, ReadOnly, TabularInline):
    model = Refund
    fk_name = "order"
    fields = ["line", "quantity", "amount", "state", "reason", "failure"]
    readonly_fields = ["amount"]
    extra = 0


class NoteInline(ReadOnly, TabularInline):
    model = CaseNote
    fields = ["role", "author", "text", "at"]
    extra = 0


@admin.register(Order)
class OrderAdmin(Acting):
    list_display = ["number", "buyer", "total", "shown_status", "source", "placed_at"]
    list_filter = ["source", "currency", ("lines__state", StateFilter)]
    search_fields = ["number", "buyer__username"]
    list_select_related = ["buyer"]
    inlines = [LineInline, PaymentInline, RefundInline]
    actions_detail = ["cancel"]

    shown_status = state_badge("status", ordered=False)

    @admin.display(description=gettext_lazy("total"))
    def total(self, order: Order) -> str:
        return format_money(order.total_minor, order.currency)

    @action(
        description=gettext_lazy("Cancel and refund"),
        url_path="cancel",
        permissions=["act"],
    )
    def cancel(self, request: HttpRequest, object_id: int) -> HttpResponse:
        who = acting(request.user, "admin")
        return self.ask(
            request,
            object_id,
            _("Cancel and refund"),
            lambda order, form: actions.cancel_order(order=order, actor=who, why=""),
        )


@admin.register(OrderLine)
class OrderLineAdmin(ReadOnly, ModelAdmin):
    list_display = ["id", "order", "title", "quantity", "shown_state", "supplier", "anchor"]
    list_filter = [("state", StateFilter), "supplier"]
    search_fields = ["order__number", "title"]
    list_select_related = ["order", "supplier", "anchor"]

    shown_state = state_badge()


@admin.register(PaymentIntent)
class PaymentIntentAdmin(InMoney, ReadOnly, ModelAdmin):
    list_display = ["key", "order", "provider", "provider_ref", "amount", "shown_state"]
    list_filter = ["provider", ("state", StateFilter)]
    search_fields = ["order__number", "provider_ref", "key"]
    list_select_related = ["order"]

    shown_state = state_badge()


@admin.register(PaymentEvent)
class PaymentEventAdmin(ReadOnly, ModelAdmin):
    list_display = ["provider_event_id", "provider", "kind", "amount_minor", "occurred_at"]
    list_filter = ["provider", "kind"]
    search_fields = ["provider_event_id"]


@admin.register(Refund)
class RefundAdmin(InMoney, Acting):
    list_display = ["key", "order", "line", "amount", "shown_state", "attempts", "failure"]
    list_filter = [("state", StateFilter)]
    search_fields = ["order__number", "provider_ref", "key"]
    list_select_related = ["order", "line"]
    actions_detail = ["try_again"]

    shown_state = state_badge()

    @action(
        description=gettext_lazy("Try the refund again"),
        url_path="try-again",
        permissions=["act"],
    )
    def try_again(self, request: HttpRequest, object_id: int) -> HttpResponse:
        who = acting(request.user, "admin")
        return self.ask(
            request,
            object_id,
            _("Try the refund again"),
            lambda refund, form: actions.retry_refund(refund=refund, actor=who),
        )


class RulingForm(forms.Form):
    ruling = forms.ChoiceField(
        label=gettext_lazy("Ruling"),
        choices=[
            ("buyer", gettext_lazy("For the buyer")),
            ("seller", gettext_lazy("For the seller")),
        ],
        widget=UnfoldAdminSelectWidget,
    )
    fault = forms.ChoiceField(
        label=gettext_lazy("Who is at fault"),
        choices=[("", gettext_lazy("As presumed")), *AfterSaleCase.Fault.choices],
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    note = forms.CharField(
        label=gettext_lazy("Grounds"), max_length=2000, widget=UnfoldAdminTextareaWidget
    )


@admin.register(AfterSaleCase)
class AfterSaleCaseAdmin(InMoney, Acting):
    list_display = ["number", "line", "kind", "reason", "amount", "fault", "shown_state"]
    list_filter = [("state", StateFilter), "kind", "reason", "fault"]
    search_fields = ["number", "line__order__number"]
    list_select_related = ["line__order"]
    inlines = [NoteInline]
    actions_detail = ["approve", "rule"]

    shown_state = state_badge()

    @action(
        description=gettext_lazy("Approve"),
        url_path="approve",
        permissions=["act"],
    )
    def approve(self, request: HttpRequest, object_id: int) -> HttpResponse:
        who = acting(request.user, "admin")
        return self.ask(
            request,
            object_id,
            _("Approve"),
            lambda case, form: actions.approve_case(case=case, actor=who, note=""),
        )

    @action(
        description=gettext_lazy("Rule on the dispute"),
        url_path="rule",
        permissions=["act"],
    )
    def rule(self, request: HttpRequest, object_id: int) -> HttpResponse:
        who = acting(request.user, "admin")
        return self.ask(
            request,
            object_id,
            _("Rule on the dispute"),
            lambda case, form: actions.rule_case(
                case=case,
                actor=who,
                for_buyer=form.cleaned_data["ruling"] == "buyer",
                note=form.cleaned_data["note"],
                fault=form.cleaned_data["fault"],
            ),
            RulingForm,
        )


@admin.register(WebhookInbox)
class WebhookInboxAdmin(Acting):
    list_display = ["id", "provider", "received_at", "processed_at", "attempts", "last_error"]
    list_filter = ["provider", ("processed_at", admin.EmptyFieldListFilter)]
    actions_detail = ["process"]

    @action(
        description=gettext_lazy("Process now"),
        url_path="process",
        permissions=["act"],
    )
    def process(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return self.ask(
            request,
            object_id,
            _("Process now"),
            lambda row, form: process_webhook(inbox_id=row.pk),
        )
