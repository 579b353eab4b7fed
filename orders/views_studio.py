"""The anchor's page: what they sold and what they earn on it."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from orders.models import OrderLine
from promotion.models import Commission

PAGE = 30


@login_required
@require_GET
def sold(request: HttpRequest) -> HttpResponse:
    lines = OrderLine.objects.sold_by(request.user).select_related("order").order_by("-id")
    if request.GET.get("tab") == "sold":
        lines = lines.exclude(state__in=["EXPIRED", "CANCELLED", "PENDING_PAYMENT"])
    page = Paginator(lines, PAGE).get_page(request.GET.get("page"))
    earned = {
        row.order_line_ref: row
        for row in Commission.objects.for_actor(request.user).filter(
            order_line_ref__in=[line.pk for line in page]
        )
    }
    context = {
        "page": page,
        "rows": [(line, earned.get(line.pk)) for line in page],
        "tab": request.GET.get("tab", ""),
    }
    return render(request, "orders/sold.html", context)
