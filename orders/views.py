"""The buyer's pages: list, one order, paying, after-sale. All of them work without script."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from core.actors import acting
from core.errors import DomainError, Invalid, NotFound
from core.ids import is_public_number
from orders import actions, story
from orders.access import own_case, own_line, own_order, seen_order
from orders.forms import BuyForm, ClaimForm, DispatchForm, NoteForm
from orders.models import TABS, AfterSaleCase, Order, OrderLine, PaymentIntent, SandboxCharge
from orders.payments.contract import NextAction
from orders.payments.sandbox import SandboxProvider

View = Callable[..., HttpResponse]
PAGE = 20
TAB_NAMES = {
    "all": gettext_lazy("All"),
    "pay": gettext_lazy("To pay"),
    "ship": gettext_lazy("To be shipped"),
    "receive": gettext_lazy("On the way"),
    "done": gettext_lazy("Completed"),
    "cases": gettext_lazy("Returns"),
}
assert set(TABS) < set(TAB_NAMES)


def back_with_problem(target: Callable[..., str]) -> Callable[[View], View]:
    """A refused action says why on the page it came from; what is missing stays missing."""

    def wrap(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                return view(request, *args, **kwargs)
            except NotFound:
                raise
            except DomainError as error:
                messages.error(request, str(error.detail) or str(error.title))
                return redirect(target(*args, **kwargs))

        return wrapped

    return wrap


def _order_url(number: str) -> str:
    return reverse("orders:detail", args=[number])


def _case_url(number: str) -> str:
    return reverse("orders:case", args=[number])


@login_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    tab = request.GET.get("tab", "all")
    orders = Order.objects.bought_by(request.user).in_tab(tab)
    page = Paginator(orders.prefetch_related("lines"), PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "tab": tab, "tabs": TAB_NAMES.items()}
    return render(request, "orders/list.html", context)


@login_required
@require_GET
def detail(request: HttpRequest, number: str) -> HttpResponse:
    order = _typed(request.user, number)
    lines = list(
        order.lines.select_related("order", "reservation", "supplier").prefetch_related("cases")
    )
    context = {
        "order": order,
        "lines": lines,
        "steps": story.next_steps(order, lines),
        "payment": order.payments.last(),
        "parcels": story.parcels(order),
        "timeline": story.timeline(order, lines),
        "movements": story.money_story(order),
        "moving": story.is_moving(order),
    }
    return render(request, "orders/detail.html", context)


def _typed(user: Any, number: str) -> Order:
    """The order of a typed number; a typing error is told apart from a missing order."""
    if not is_public_number(number):
        raise NotFound(_("%s is not an order number. Look at it again.") % number[:40])
    return seen_order(user, number)


@login_required
@require_POST
def buy(request: HttpRequest) -> HttpResponse:
    form = BuyForm(request.POST)
    here = request.headers.get("Referer", "")
    host = {request.get_host()}
    back = here if url_has_allowed_host_and_scheme(here, host, request.is_secure()) else "/"
    try:
        placed = _buy(request, form)
    except NotFound:
        raise
    except DomainError as error:
        messages.error(request, str(error.detail) or str(error.title))
        if error.code == "address_required":
            return redirect(f"{reverse('accounts:add_address')}?next={back}")
        return redirect(back)
    return _to_payment(placed.payment, placed.number)


def _buy(request: HttpRequest, form: BuyForm) -> actions.Placed:
    if not form.is_valid():
        raise Invalid(_("Choose a variant."), code="variant_required")
    wish = form.cleaned_data
    quantity = wish["quantity"]
    return actions.place_order(
        buyer=request.user,
        address=wish["address"],
        lines=[
            actions.Wanted(
                quantity=1 if quantity is None else quantity,
                placement_id=wish["placement"],
                variant_id=wish["variant"],
                listing_variant_id=wish["listing_variant"],
            )
        ],
        key=wish["key"] or uuid.uuid4().hex,
        source="web",
    )


def _to_payment(action: NextAction, number: str) -> HttpResponse:
    return redirect(action.url if action.is_redirect else _order_url(number))


@login_required
@require_POST
@back_with_problem(_order_url)
def pay(request: HttpRequest, number: str) -> HttpResponse:
    action = actions.pay_again(order=own_order(request.user, number), buyer=request.user)
    return _to_payment(action, number)


@login_required
@require_POST
@back_with_problem(_order_url)
def cancel(request: HttpRequest, number: str) -> HttpResponse:
    actions.cancel_order(
        order=own_order(request.user, number),
        actor=acting(request.user, "buyer"),
        why="cancelled by the buyer",
    )
    messages.success(request, _("Cancelled. What you paid is on its way back."))
    return redirect(_order_url(number))


@login_required
@require_POST
@back_with_problem(_order_url)
def ship_now(request: HttpRequest, number: str) -> HttpResponse:
    actions.release_hold(order=own_order(request.user, number), buyer=request.user)
    messages.success(request, _("It goes out to be packed now."))
    return redirect(_order_url(number))


@login_required
@require_POST
@back_with_problem(_order_url)
def confirm(request: HttpRequest, number: str) -> HttpResponse:
    actions.confirm_receipt(order=own_order(request.user, number), buyer=request.user)
    messages.success(request, _("Thank you. Enjoy it."))
    return redirect(_order_url(number))


@login_required
def claim(request: HttpRequest, line_id: int) -> HttpResponse:
    """Ask for money back: the form, and its answer."""
    line: OrderLine = own_line(request.user, line_id)
    kind = line.claimable
    if not kind:
        messages.error(request, _("Nothing can be asked for this item now."))
        return redirect(_order_url(line.order.number))
    form = ClaimForm(request.POST or None, line=line, left=line.left_quantity)
    if request.method == "POST" and form.is_valid():
        try:
            case = actions.open_case(line=line, buyer=request.user, kind=kind, **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error.detail))
        else:
            return redirect(_case_url(case.number))
    context = {"line": line, "order": line.order, "form": form, "kind": kind}
    return render(request, "orders/claim.html", context)


@login_required
@require_GET
def case(request: HttpRequest, number: str) -> HttpResponse:
    return render(
        request, "orders/case.html", case_context(own_case(request.user, number), "buyer")
    )


def case_context(found: AfterSaleCase, side: str) -> dict[str, Any]:
    """What both sides' pages of a case show."""
    from orders import states

    line = found.line
    return {
        "case": found,
        "line": line,
        "order": line.order,
        "side": side,
        "parcel": story.return_parcel(found),
        "timeline": story.case_timeline(found),
        "deadline": found.deadline,
        "open": found.state not in states.CASE_FINAL,
        "notes": found.notes.select_related("author"),
        "note_form": NoteForm(),
        "dispatch_form": DispatchForm(),
    }


@login_required
@require_POST
@back_with_problem(_case_url)
def case_withdraw(request: HttpRequest, number: str) -> HttpResponse:
    actions.withdraw_case(case=own_case(request.user, number), buyer=request.user)
    return redirect(_case_url(number))


@login_required
@require_POST
@back_with_problem(_case_url)
def case_dispatch(request: HttpRequest, number: str) -> HttpResponse:
    actions.dispatch_return(
        case=own_case(request.user, number),
        buyer=request.user,
        carrier=request.POST.get("carrier", ""),
        tracking_number=request.POST.get("tracking_number", ""),
    )
    messages.success(request, _("Thank you. The supplier knows that it is on its way."))
    return redirect(_case_url(number))


@login_required
@require_POST
@back_with_problem(_case_url)
def case_escalate(request: HttpRequest, number: str) -> HttpResponse:
    actions.escalate_case(
        case=own_case(request.user, number),
        buyer=request.user,
        why=request.POST.get("text", "")[:2000],
    )
    return redirect(_case_url(number))


@login_required
@require_POST
@back_with_problem(_case_url)
def case_note(request: HttpRequest, number: str) -> HttpResponse:
    actions.add_note(
        case=own_case(request.user, number),
        author=request.user,
        role="buyer",
        text=request.POST.get("text", ""),
    )
    return redirect(_case_url(number))


@login_required
def sandbox_pay(request: HttpRequest, ref: str) -> HttpResponse:
    """The sandbox's 3-D Secure page: what a bank would show."""
    intent = PaymentIntent.objects.filter(
        provider="sandbox", provider_ref=ref, order__buyer=request.user.pk
    ).first()
    charge = SandboxCharge.objects.filter(ref=ref).first() if intent else None
    if intent is None or charge is None:
        raise NotFound("There is no such payment.")
    if request.method == "POST":
        SandboxProvider().confirm(ref, approve=request.POST.get("answer") == "approve")
        return redirect(_order_url(intent.order.number))
    return render(request, "orders/sandbox_pay.html", {"order": intent.order, "charge": charge})
