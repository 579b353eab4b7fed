"""The supplier's side of after-sale: waiting cases first, and one case with its answer."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Case, IntegerField, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from core.actors import acting
from orders import actions, states
from orders.access import case_of_supplier
from orders.models import AfterSaleCase
from orders.views import back_with_problem, case_context
from supply.models import Supplier
from supply.portal import member_view
from supply.views import portal_context

PAGE = 30


def _url(number: str) -> str:
    return reverse("supplier_cases:detail", args=[number])


@member_view
@require_GET
def index(request: HttpRequest, supplier: Supplier) -> HttpResponse:
    tab = request.GET.get("tab", "open")
    cases = AfterSaleCase.objects.filter(line__supplier=supplier).select_related("line__order")
    if tab == "open":
        cases = cases.exclude(state__in=states.CASE_FINAL)
    waiting = Case(
        When(state="REQUESTED", then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    page = Paginator(cases.annotate(rank=waiting).order_by("rank", "-id"), PAGE).get_page(
        request.GET.get("page")
    )
    context = {**portal_context(request, supplier), "page": page, "tab": tab}
    return render(request, "orders/supplier_cases.html", context)


@login_required
@require_GET
def detail(request: HttpRequest, number: str) -> HttpResponse:
    context = case_context(case_of_supplier(request.user, number), "supplier")
    return render(request, "orders/case.html", context)


@login_required
@require_POST
@back_with_problem(_url)
def approve(request: HttpRequest, number: str) -> HttpResponse:
    actions.approve_case(
        case=case_of_supplier(request.user, number),
        actor=acting(request.user, "supplier"),
        note=request.POST.get("text", "")[:2000],
    )
    return redirect(_url(number))


@login_required
@require_POST
@back_with_problem(_url)
def reject(request: HttpRequest, number: str) -> HttpResponse:
    actions.reject_case(
        case=case_of_supplier(request.user, number),
        actor=acting(request.user, "supplier"),
        note=request.POST.get("text", "")[:2000],
    )
    return redirect(_url(number))


@login_required
@require_POST
@back_with_problem(_url)
def note(request: HttpRequest, number: str) -> HttpResponse:
    actions.add_note(
        case=case_of_supplier(request.user, number),
        author=request.user,
        role="supplier",
        text=request.POST.get("text", ""),
    )
    return redirect(_url(number))
