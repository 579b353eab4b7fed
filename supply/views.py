"""The supplier's pages: the desk, stock, parcels out and parcels back. All work without script."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core import clock
from core.errors import DomainError
from supply import actions, states
from supply.actions.people import actor_of
from supply.desk import LOW, desk_of
from supply.forms import ApplyForm, InspectForm, ShipForm, StockForm
from supply.models import Offer, PurchaseOrder, ReturnParcel, Shipment, Supplier
from supply.portal import choose, current, member_view, said

PAGE = 30
ORDER_TABS = {
    "ship": (gettext_lazy("To ship"), ("RELEASED",)),
    "way": (gettext_lazy("On the way"), ("SHIPPED",)),
    "done": (gettext_lazy("Delivered"), ("DELIVERED",)),
    "off": (gettext_lazy("Cancelled"), ("CANCELLED",)),
}
RETURN_TABS = {
    "open": (gettext_lazy("Open"), ("EXPECTED", "IN_TRANSIT", "RECEIVED")),
    "done": (gettext_lazy("Closed"), ("ACCEPTED", "DISPUTED", "CANCELLED")),
}


@member_view
@require_GET
def desk(request: HttpRequest, supplier: Supplier) -> HttpResponse:
    context = {
        **portal_context(request, supplier),
        "desk": desk_of(supplier),
        "now": clock.now(),
        "LOW": LOW,
    }
    return render(request, "supply/desk.html", context)


def portal_context(request: HttpRequest, supplier: Supplier) -> dict[str, Any]:
    """What the head of every portal page shows."""
    return {
        "supplier": supplier,
        "suppliers": list(Supplier.objects.of_member(request.user)),
        "may_submit": states.SUPPLIER.allows(supplier, "SUBMITTED", actor_of(request.user)),
    }


@login_required
@require_http_methods(["GET", "POST"])
def apply(request: HttpRequest) -> HttpResponse:
    """How one becomes a supplier, for those who are none yet and those who want another."""
    form = ApplyForm(
        request.POST or None, initial={"contact_email": getattr(request.user, "email", "")}
    )
    if request.method == "POST" and form.is_valid():
        try:
            supplier = actions.apply_as_supplier(
                user=request.user,
                name=form.cleaned_data["name"],
                contact_email=form.cleaned_data["contact_email"],
                return_address=form.return_address(),
            )
        except DomainError as error:
            form.add_error(None, str(error.detail))
        else:
            choose(request, supplier)
            messages.success(request, _("Your application is saved as a draft."))
            return redirect("supplier:desk")
    return render(
        request,
        "supply/apply.html",
        {"form": form, "supplier": current(request)},
        status=422 if form.errors else 200,
    )


@login_required
@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Work for another of one's suppliers."""
    supplier = Supplier.objects.of_member(request.user).fetch(
        request.user, pk=request.POST.get("supplier", "")
    )
    choose(request, supplier)
    return redirect("supplier:desk")


@member_view
@require_POST
def submit(request: HttpRequest, supplier: Supplier) -> HttpResponse:
    """Ask to be admitted."""
    try:
        actions.move_supplier(supplier=supplier, to="SUBMITTED", actor=request.user)
        messages.success(request, _("Sent. An admin will look at it."))
    except DomainError as error:
        said(request, error)
    return redirect("supplier:desk")


@member_view
@require_GET
def stock(request: HttpRequest, supplier: Supplier) -> HttpResponse:
    offers = (
        Offer.objects.filter(supplier=supplier)
        .exclude(status=Offer.Status.WITHDRAWN)
        .select_related("stock")
        .annotate(left=F("stock__on_hand") - F("stock__reserved"))
        .order_by("left", "title", "id")
    )
    if text := request.GET.get("q", "").strip()[:80]:
        offers = offers.filter(Q(title__icontains=text) | Q(sku__icontains=text))
    page = Paginator(offers, PAGE).get_page(request.GET.get("page"))
    context = {**portal_context(request, supplier), "page": page, "query": text, "LOW": LOW}
    return render(request, "supply/stock.html", context)


@member_view
@require_POST
def set_stock(request: HttpRequest, supplier: Supplier, offer_id: int) -> HttpResponse:
    offer = Offer.objects.select_related("stock").fetch(request.user, pk=offer_id)
    form = StockForm(request.POST)
    problem = ""
    if form.is_valid():
        try:
            offer.stock = actions.set_stock(
                offer=offer,
                on_hand=form.cleaned_data["on_hand"],
                actor=request.user,
                why="counted",
            )
        except DomainError as error:
            problem = str(error.detail)
    else:
        problem = str(form.errors["on_hand"][0])
    if getattr(request, "htmx", False):
        return render(
            request,
            "supply/stock.html#row",
            {"offer": offer, "LOW": LOW, "problem": problem, "saved": not problem},
            status=422 if problem else 200,
        )
    if problem:
        messages.error(request, problem)
    else:
        messages.success(request, _("Stock saved."))
    return redirect("supplier:stock")


@member_view
@require_GET
def purchase_orders(request: HttpRequest, supplier: Supplier) -> HttpResponse:
    tab = request.GET.get("tab", "")
    tab = tab if tab in ORDER_TABS else "ship"
    orders = PurchaseOrder.objects.filter(
        supplier=supplier, state__in=ORDER_TABS[tab][1]
    ).prefetch_related("lines__offer", "shipments")
    orders = orders.order_by("dispatch_due_at") if tab == "ship" else orders.order_by("-id")
    if text := request.GET.get("q", "").strip()[:40]:
        orders = orders.filter(
            Q(number__iexact=text)
            | Q(order_ref__iexact=text)
            | Q(shipments__tracking_number__iexact=text)
        )
    context = {
        **portal_context(request, supplier),
        "page": Paginator(orders, PAGE).get_page(request.GET.get("page")),
        "tab": tab,
        "tabs": [(key, name) for key, (name, _states) in ORDER_TABS.items()],
        "query": text,
        "now": clock.now(),
    }
    return render(request, "supply/purchase_orders.html", context)


@member_view
@require_GET
def purchase_order(request: HttpRequest, supplier: Supplier, number: str) -> HttpResponse:
    return _purchase_order(request, _order(request, number), ShipForm())


def _order(request: HttpRequest, number: str) -> PurchaseOrder:
    return PurchaseOrder.objects.select_related("supplier").fetch(request.user, number=number)


def _purchase_order(
    request: HttpRequest, order: PurchaseOrder, form: ShipForm, status: int = 200
) -> HttpResponse:
    lines = list(order.lines.select_related("offer"))
    context = {
        **portal_context(request, order.supplier),
        "order": order,
        "lines": lines,
        "total_minor": sum(
            line.quantity * line.supply_price_minor for line in lines if not line.cancelled
        ),
        "currency": lines[0].offer.currency if lines else "CNY",
        "shipments": order.shipments.all(),
        "history": states.PURCHASE_ORDER.history(order),
        "form": form,
        "now": clock.now(),
    }
    return render(request, "supply/purchase_order.html", context, status=status)


@member_view
@require_POST
def ship(request: HttpRequest, supplier: Supplier, number: str) -> HttpResponse:
    order = _order(request, number)
    form = ShipForm(request.POST)
    if form.is_valid():
        try:
            actions.ship(purchase_order=order, actor=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error.detail))
        else:
            messages.success(request, _("Shipped. The buyer has been told."))
            return redirect("supplier:purchase_order", number)
    return _purchase_order(request, order, form, status=422)


@member_view
@require_POST
def delivered(
    request: HttpRequest, supplier: Supplier, number: str, shipment_id: int
) -> HttpResponse:
    shipment = Shipment.objects.filter(purchase_order__number=number).fetch(
        request.user, pk=shipment_id
    )
    try:
        actions.record_delivery(shipment=shipment, actor=request.user)
        messages.success(request, _("Marked as delivered."))
    except DomainError as error:
        said(request, error)
    return redirect("supplier:purchase_order", number)


@member_view
@require_GET
def returns(request: HttpRequest, supplier: Supplier) -> HttpResponse:
    tab = request.GET.get("tab", "")
    tab = tab if tab in RETURN_TABS else "open"
    parcels = ReturnParcel.objects.filter(supplier=supplier, state__in=RETURN_TABS[tab][1])
    context = {
        **portal_context(request, supplier),
        "page": Paginator(parcels.order_by("-id"), PAGE).get_page(request.GET.get("page")),
        "tab": tab,
        "tabs": [(key, name) for key, (name, _states) in RETURN_TABS.items()],
    }
    return render(request, "supply/returns.html", context)


@member_view
@require_GET
def return_parcel(request: HttpRequest, supplier: Supplier, parcel_id: int) -> HttpResponse:
    return _return_parcel(request, _parcel(request, parcel_id), InspectForm())


def _parcel(request: HttpRequest, parcel_id: int) -> ReturnParcel:
    return ReturnParcel.objects.select_related("supplier", "offer").fetch(
        request.user, pk=parcel_id
    )


def _return_parcel(
    request: HttpRequest, parcel: ReturnParcel, form: InspectForm, status: int = 200
) -> HttpResponse:
    context = {
        **portal_context(request, parcel.supplier),
        "parcel": parcel,
        "history": states.RETURN_PARCEL.history(parcel),
        "may_receive": parcel.state in ("EXPECTED", "IN_TRANSIT"),
        "form": form if parcel.state == "RECEIVED" else None,
    }
    return render(request, "supply/return.html", context, status=status)


@member_view
@require_POST
def receive(request: HttpRequest, supplier: Supplier, parcel_id: int) -> HttpResponse:
    try:
        actions.receive_return(parcel=_parcel(request, parcel_id), actor=request.user)
        messages.success(request, _("Received. Now inspect the goods."))
    except DomainError as error:
        said(request, error)
    return redirect(reverse("supplier:return", args=[parcel_id]))


@member_view
@require_POST
def inspect(request: HttpRequest, supplier: Supplier, parcel_id: int) -> HttpResponse:
    parcel = _parcel(request, parcel_id)
    form = InspectForm(request.POST)
    if form.is_valid():
        accepted = form.cleaned_data["verdict"] == "accept"
        try:
            actions.inspect_return(
                parcel=parcel,
                accepted=accepted,
                restock=accepted and form.cleaned_data["restock"],
                note=form.cleaned_data["note"],
                actor=request.user,
            )
        except DomainError as error:
            form.add_error(None, str(error.detail))
        else:
            messages.success(
                request,
                _("Accepted. The refund is on its way.")
                if accepted
                else _("Disputed. The platform will decide."),
            )
            return redirect("supplier:return", parcel_id)
    return _return_parcel(request, parcel, form, status=422)
