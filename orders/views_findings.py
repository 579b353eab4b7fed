"""Staff: what differs between the providers' records and ours, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from core.actors import acting
from core.errors import DomainError, NotFound
from orders import actions, states
from orders.models import PaymentComparison, PaymentFinding
from orders.payments.contract import PaymentError

PAGE = 30
SEEING, ACTING = "orders.view_paymentfinding", "orders.change_paymentfinding"
TABS = {
    "open": (gettext_lazy("Open differences"), ["OPEN"]),
    "done": (gettext_lazy("Settled"), ["CLOSED", "GONE"]),
}
View = Callable[..., HttpResponse]


def staff_view(permission: str) -> Callable[[View], View]:
    """For staff with `permission`; to everybody else there is no such page."""

    def wrap(view: View) -> View:
        @login_required
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not (request.user.is_staff and request.user.has_perm(permission)):
                raise NotFound("There is no such page.")
            return view(request, *args, **kwargs)

        return wrapped

    return wrap


@require_GET
@staff_view(SEEING)
def index(request: HttpRequest) -> HttpResponse:
    tab = request.GET.get("tab", "open")
    tab = tab if tab in TABS else "open"
    rows = PaymentFinding.objects.filter(state__in=TABS[tab][1]).select_related("order")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "tab": tab,
        "tabs": [(code, name) for code, (name, _states) in TABS.items()],
        "findings": [{"row": row, "last": _last_change(row)} for row in page],
        "comparisons": _latest_comparisons(),
        "may_act": request.user.has_perm(ACTING),
    }
    return render(request, "orders/findings.html", context)


def _last_change(row: PaymentFinding) -> Any:
    return None if row.state == "OPEN" else states.FINDING.history(row).last()


def _latest_comparisons() -> list[PaymentComparison]:
    """The last comparison with each provider."""
    return list(PaymentComparison.objects.order_by("provider", "-id").distinct("provider"))


@require_POST
@staff_view(ACTING)
def close(request: HttpRequest, finding_id: int) -> HttpResponse:
    finding = _finding(finding_id)
    try:
        actions.close_finding(
            finding=finding,
            actor=acting(request.user, "admin"),
            why=request.POST.get("why", ""),
        )
    except DomainError as error:
        messages.error(request, str(error.detail) or str(error.title))
    else:
        messages.success(request, _("Closed. Your note stands with it."))
    return redirect("payment_findings:list")


@require_POST
@staff_view(ACTING)
def ask(request: HttpRequest, finding_id: int) -> HttpResponse:
    finding = _finding(finding_id)
    try:
        settled = actions.ask_provider(finding=finding)
    except DomainError as error:
        messages.error(request, str(error.detail) or str(error.title))
    except PaymentError as error:
        messages.error(request, _("The provider could not be asked: %s") % error)
    else:
        if settled:
            messages.success(request, _("Both sides agree now."))
        else:
            messages.warning(request, _("The provider was asked; the difference is still there."))
    return redirect("payment_findings:list")


def _finding(finding_id: int) -> PaymentFinding:
    """Raises NotFound."""
    row = PaymentFinding.objects.filter(pk=finding_id).first()
    if row is None:
        raise NotFound("There is no such difference.")
    return row
