"""Orders, their payment and after-sale over HTTP; the socket of a room meets in the same actions."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Header, Query, Router, Status
from ninja.pagination import CursorPagination, paginate

from core import idempotency
from core.actors import acting
from core.errors import Invalid
from orders import actions
from orders.access import (
    case_of_supplier,
    own_case,
    own_line,
    own_order,
    seen_case,
    seen_order,
)
from orders.models import AfterSaleCase, Order, OrderLine
from orders.payments.registry import provider
from orders.schemas import (
    CaseIn,
    CaseOut,
    DecisionIn,
    DispatchIn,
    OrderDetailOut,
    OrderOut,
    PaymentIn,
    PaymentOut,
    PlacedOut,
    PlaceIn,
    QuoteIn,
    QuoteOut,
    SoldLineOut,
    TextIn,
)

router = Router(tags=["orders"])

Key = Header(None, alias="Idempotency-Key", description="1 to 255 characters, your own.")


@router.post("/orders", response={201: PlacedOut, 200: PlacedOut}, summary="Place an order")
def place(request: HttpRequest, body: PlaceIn, key: str | None = Key) -> Any:
    """Reserves the stock for 15 minutes and starts the payment.

    The same Idempotency-Key with the same body replays the answer (200); with another body it is
    refused (422); while the first request runs, 409 with Retry-After.
    """
    placed = actions.place_order(
        buyer=request.user,
        address=body.address,
        lines=[actions.Wanted(**wish.dict()) for wish in body.lines],
        key=_required(key),
        source="api",
        body=body.dict(),
        payment_options=body.payment.options(),
        coupon_id=body.coupon_id,
        agreed_minor=body.agreed_minor,
    )
    return Status(200 if placed.replayed else 201, PlacedOut.of(placed))


@router.post("/orders/quote", response=QuoteOut, summary="What an order would cost now")
def quote(request: HttpRequest, body: QuoteIn) -> Any:
    """With the flash prices of this moment and your best coupon; changes nothing."""
    wishes = actions.checked([actions.Wanted(**wish.dict()) for wish in body.lines])
    return QuoteOut.of(actions.priced(buyer=request.user, wishes=wishes, coupon_id=body.coupon_id))


@router.get("/orders", response=list[OrderOut], summary="My orders, the newest first")
@paginate(CursorPagination, ordering=("-id",), page_size=20)
def mine(request: HttpRequest, tab: str = Query("all", description="As on the page.")) -> Any:
    return Order.objects.bought_by(request.user).in_tab(tab).prefetch_related("lines")


@router.get("/orders/sold", response=list[SoldLineOut], summary="Lines I sold as an anchor")
@paginate(CursorPagination, ordering=("-id",), page_size=50)
def sold(request: HttpRequest) -> Any:
    return OrderLine.objects.sold_by(request.user).select_related("order")


@router.get("/orders/{number}", response=OrderDetailOut, summary="One order")
def detail(request: HttpRequest, number: str) -> Any:
    return seen_order(request.user, number)


@router.post("/orders/{number}/cancel", response=OrderDetailOut, summary="Cancel, free of charge")
def cancel(request: HttpRequest, number: str) -> Any:
    order = own_order(request.user, number)
    actions.cancel_order(
        order=order, actor=acting(request.user, "buyer"), why="cancelled by the buyer"
    )
    return order


@router.post("/orders/{number}/release-hold", response=OrderDetailOut, summary="Ship it now")
def release_hold(request: HttpRequest, number: str) -> Any:
    order = own_order(request.user, number)
    actions.release_hold(order=order, buyer=request.user)
    return order


@router.post("/orders/{number}/confirm", response=OrderDetailOut, summary="I have it and keep it")
def confirm(request: HttpRequest, number: str) -> Any:
    order = own_order(request.user, number)
    actions.confirm_receipt(order=order, buyer=request.user)
    return order


@router.post("/orders/{number}/payments", response=PaymentOut, summary="Pay again")
def pay_again(request: HttpRequest, number: str, body: PaymentIn) -> Any:
    """Continues an attempt that is still open, else starts another one; needs no key for that."""
    order = own_order(request.user, number)
    action = actions.pay_again(order=order, buyer=request.user, options=body.options())
    return {"kind": action.kind, "url": action.url}


@router.post("/orders/lines/{line_id}/cases", response={201: CaseOut}, summary="Open a case")
def open_case(request: HttpRequest, line_id: int, body: CaseIn, key: str | None = Key) -> Any:
    """Asks for money back, before shipping or against a return. Needs an Idempotency-Key."""
    line = own_line(request.user, line_id)

    def work() -> dict[str, Any]:
        case = actions.open_case(line=line, buyer=request.user, **body.dict())
        return {"number": case.number}

    answer, _replayed = idempotency.once(
        actor=f"user:{request.user.pk}",
        key=_required(key),
        request=idempotency.fingerprint("case", line_id, body.dict()),
        work=work,
    )
    return Status(201, AfterSaleCase.objects.fetch(request.user, **answer))


@router.get("/cases", response=list[CaseOut], summary="Cases that I am a side of")
@paginate(CursorPagination, ordering=("-id",), page_size=20)
def cases(request: HttpRequest) -> Any:
    return AfterSaleCase.objects.for_actor(request.user).select_related("line__order")


@router.get("/cases/{number}", response=CaseOut, summary="One case")
def case_detail(request: HttpRequest, number: str) -> Any:
    return seen_case(request.user, number)


@router.post("/cases/{number}/withdraw", response=CaseOut, summary="Take my claim back")
def withdraw(request: HttpRequest, number: str) -> Any:
    case = own_case(request.user, number)
    actions.withdraw_case(case=case, buyer=request.user)
    return case


@router.post("/cases/{number}/dispatch", response=CaseOut, summary="I sent the goods back")
def dispatch(request: HttpRequest, number: str, body: DispatchIn) -> Any:
    case = own_case(request.user, number)
    actions.dispatch_return(case=case, buyer=request.user, **body.dict())
    return case


@router.post("/cases/{number}/escalate", response=CaseOut, summary="Let the platform decide")
def escalate(request: HttpRequest, number: str, body: TextIn) -> Any:
    case = own_case(request.user, number)
    actions.escalate_case(case=case, buyer=request.user, why=body.text)
    return case


@router.post("/cases/{number}/approve", response=CaseOut, summary="Supplier: grant the claim")
def approve(request: HttpRequest, number: str, body: DecisionIn) -> Any:
    case = case_of_supplier(request.user, number)
    actions.approve_case(case=case, actor=acting(request.user, "supplier"), note=body.note)
    return case


@router.post("/cases/{number}/reject", response=CaseOut, summary="Supplier: refuse, with a reason")
def reject(request: HttpRequest, number: str, body: DecisionIn) -> Any:
    case = case_of_supplier(request.user, number)
    actions.reject_case(case=case, actor=acting(request.user, "supplier"), note=body.note)
    return case


@router.post("/cases/{number}/notes", response=CaseOut, summary="Write to the other side")
def note(request: HttpRequest, number: str, body: TextIn) -> Any:
    case = seen_case(request.user, number)
    role = "buyer" if case.line.order.buyer_id == request.user.pk else "supplier"
    actions.add_note(case=case, author=request.user, role=role, text=body.text)
    return case


@router.post("/payments/webhooks/{code}", auth=None, summary="For payment providers")
def webhook(request: HttpRequest, code: str) -> HttpResponse:
    """Verified, kept, answered with 200, and then acted on."""
    if len(request.body) > 64 * 1024:
        raise Invalid("The webhook is too large.", code="too_large")
    actions.take_webhook(code=code, headers=request.headers, body=request.body)
    return HttpResponse(provider(code).acknowledgement, content_type="text/plain")


def _required(key: str | None) -> str:
    if not key:
        raise Invalid("Send an Idempotency-Key of 1 to 255 characters.", code="key_missing")
    return key
