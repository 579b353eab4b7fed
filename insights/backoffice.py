"""The first page of the back office: what waits for a person, and how today goes."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core.models import Deadline, OutboxEvent
from core.money import format_money
from insights.sales import paid_lines, sales
from ledger.actions import unbalanced
from orders.models import AfterSaleCase, Order, PaymentFinding, Refund
from rooms.models import Room
from rooms.states import ON_AIR
from supply.models import Supplier

ADMISSION = ("DOCS_REVIEW", "SAMPLE_REVIEW", "DEPOSIT_DUE")


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Adds `tiles`: {label, value, href, alarm} for templates/admin/index.html."""
    now = timezone.now()
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    orders = Order.objects.filter(placed_at__gte=midnight)
    sold = sales(paid_lines().filter(order__placed_at__gte=midnight))
    language = get_language() or "en"
    amounts = [format_money(part.gmv_minor, part.currency, language) for part in sold]
    broken = len(unbalanced())
    today = f"?placed_at__gte={midnight.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    context["tiles"] = [
        _tile(
            _("Disputes to rule on"),
            AfterSaleCase.objects.filter(state="ARBITRATING").count(),
            "orders_aftersalecase",
            "?state__exact=ARBITRATING",
            waits=True,
        ),
        _tile(
            _("Refunds that failed"),
            Refund.objects.filter(state="FAILED").count(),
            "orders_refund",
            "?state__exact=FAILED",
            waits=True,
        ),
        {
            "label": _("Payment differences"),
            "value": (open_findings := PaymentFinding.objects.filter(state="OPEN").count()),
            "href": reverse("payment_findings:list"),
            "alarm": bool(open_findings),
        },
        _tile(
            _("Suppliers waiting for admission"),
            Supplier.objects.filter(state__in=ADMISSION).count(),
            "supply_supplier",
            f"?state__in={','.join(ADMISSION)}",
            waits=True,
        ),
        _tile(
            _("Overdue deadlines"),
            Deadline.objects.filter(due_at__lt=now, paused=False).count(),
            "core_deadline",
            f"?paused__exact=0&due_at__lt={now:%Y-%m-%dT%H:%M:%SZ}",
            waits=True,
        ),
        _tile(
            _("Events waiting for delivery"),
            OutboxEvent.objects.filter(delivered_at=None).count(),
            "core_outboxevent",
            "?delivered_at__isempty=1",
        ),
        _tile(
            _("Rooms on air"),
            Room.objects.filter(state__in=ON_AIR).count(),
            "rooms_room",
            f"?state__in={','.join(sorted(ON_AIR))}",
        ),
        _tile(_("Orders today"), orders.count(), "orders_order", today),
        _tile(_("Sold today"), " + ".join(amounts) or "–", "orders_order", today),
        _tile(
            _("Ledger"),
            _("%(number)d entries do not balance") % {"number": broken}
            if broken
            else _("Balanced"),
            "ledger_entry",
            alarm=bool(broken),
        ),
    ]
    return context


def _tile(
    label: str,
    value: int | str,
    model: str,
    query: str = "",
    *,
    waits: bool = False,
    alarm: bool = False,
) -> dict[str, Any]:
    """`waits`: any number but zero asks for a person."""
    href = reverse(f"admin:{model}_changelist") + query
    return {"label": label, "value": value, "href": href, "alarm": alarm or (waits and value != 0)}
