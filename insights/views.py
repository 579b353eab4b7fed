"""Pages of the roof: an anchor's earnings, an agency's roster, a supplier's statement."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.caller import caller
from accounts.models import Agency
from core import clock
from core.errors import NotFound
from insights import statements
from promotion.models import Commission
from supply.models import Supplier

PAGE = 30
MONTHS_SHOWN = 6


@login_required
def earnings(request: HttpRequest) -> HttpResponse:
    """What the signed-in anchor has earned, show by show."""
    user = caller(request)
    commissions = (
        Commission.objects.for_actor(user)
        .filter(anchor=user)
        .select_related("placement__listing__product")
        .order_by("-id")
    )
    context = {
        "earnings": statements.anchor_earnings(user),
        "shows": statements.shows_of(user),
        "page": Paginator(commissions, PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "insights/earnings.html", context)


@login_required
def agency(request: HttpRequest) -> HttpResponse:
    """The roster of an agency that the reader belongs to, or what an agency is."""
    mine = Agency.objects.filter(members=caller(request)).order_by("name")
    if not mine:
        return render(request, "insights/no_agency.html")
    number = _number(request.GET.get("agency"))
    chosen = next((one for one in mine if one.pk == number), mine[0])
    rows = statements.roster(chosen)
    currency = next((row.sales[0].currency for row in rows if row.sales), settings.DEFAULT_CURRENCY)
    context = {
        "agencies": mine,
        "agency": chosen,
        "rows": rows,
        "currency": currency,
        "on_air": sum(1 for row in rows if row.on_air),
        "shows": sum(row.shows for row in rows),
        "gmv_minor": _in(currency, rows, "gmv_minor"),
        "kept_minor": _in(currency, rows, "kept_minor"),
        "commission_minor": sum(row.commission_minor for row in rows),
        "share_minor": sum(row.share_minor for row in rows),
    }
    return render(request, "insights/agency.html", context)


@login_required
def supplier_statement(request: HttpRequest) -> HttpResponse:
    """The account of the reader's supplier in one month."""
    mine = Supplier.objects.for_actor(request.user).order_by("name")
    code = request.GET.get("supplier")
    supplier = Supplier.objects.fetch(request.user, code=code) if code else mine.first()
    if supplier is None:
        raise NotFound(_("You do not belong to a supplier."))
    months = list(_months())
    chosen = request.GET.get("month")
    since, until = next((span for span in months if f"{span[0]:%Y-%m}" == chosen), months[0])
    currencies = statements.supplier_currencies(supplier) or [settings.DEFAULT_CURRENCY]
    currency = request.GET.get("currency")
    currency = currency if currency in currencies else currencies[0]
    movements = statements.supplier_postings(supplier, currency).filter(
        entry__occurred_at__gte=since, entry__occurred_at__lt=until
    )
    context = {
        "suppliers": mine,
        "supplier": supplier,
        "months": [start for start, _ in months],
        "statement": statements.supplier_statement(
            supplier=supplier, since=since, until=until, currency=currency
        ),
        "page": Paginator(movements, PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "insights/statement.html", context)


def _months() -> Any:
    """The last months as (first moment, first moment of the next), the present one first."""
    start = timezone.localtime(clock.now()).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )
    end: datetime = (start + timedelta(days=32)).replace(day=1)
    for _month in range(MONTHS_SHOWN):
        yield start, end
        start, end = (start - timedelta(days=1)).replace(day=1), start


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


def _in(currency: str, rows: list[statements.RosterRow], name: str) -> int:
    return sum(
        getattr(part, name) for row in rows for part in row.sales if part.currency == currency
    )
