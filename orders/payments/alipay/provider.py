"""Alipay's side of the contract. It knows trades and refunds by our numbers, so ours are the refs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings
from django.utils.translation import gettext_noop

from core import clock
from core.money import Money
from orders.payments.alipay import bill, client, rsa2
from orders.payments.alipay.amounts import from_yuan, to_yuan
from orders.payments.contract import (
    WAIT,
    BadSignature,
    Capabilities,
    Charge,
    Declined,
    EventKind,
    Movement,
    NextAction,
    ProviderEvent,
    Started,
)

NOTIFY_PATH = "/api/v1/payments/webhooks/alipay"
PAID = frozenset({"TRADE_SUCCESS", "TRADE_FINISHED"})
CLOSED = "TRADE_CLOSED"
HAS_SUCCESS = "ACQ.TRADE_HAS_SUCCESS"
NO_TRADE = "ACQ.TRADE_NOT_EXIST"
NOTHING_TO_CLOSE = frozenset(
    {NO_TRADE, "ACQ.TRADE_STATUS_ERROR", "ACQ.REASON_TRADE_STATUS_INVALID"}
)
NOTIFY_UNSIGNED = frozenset({"sign", "sign_type"})
PAGES = {
    "page": ("alipay.trade.page.pay", "FAST_INSTANT_TRADE_PAY"),
    "wap": ("alipay.trade.wap.pay", "QUICK_WAP_WAY"),
}


class AlipayProvider:
    code = "alipay"
    capabilities = Capabilities(currencies=frozenset({"CNY"}))
    acknowledgement = "success"

    def start(self, charge: Charge) -> Started:
        """See `PaymentProvider.start`.

        `options["method"]`: "page" (default) or "wap" sends the buyer to Alipay's page, "qr" asks
        for a code to scan (action "qr" with its content as url).
        """
        if charge.amount.currency not in self.capabilities.currencies:
            raise Declined(gettext_noop("Alipay takes yuan only."))
        number = bill.number_of(charge.key)
        content = {
            "out_trade_no": number,
            "total_amount": to_yuan(charge.amount),
            "subject": charge.description,
            # The page must not outlive the reservation.
            "time_expire": client.china_time(clock.now() + settings.RESERVATION_PERIOD),
        }
        more = {"notify_url": settings.BASE_URL + NOTIFY_PATH}
        method = charge.options.get("method")
        if method == "qr":
            try:
                answer = client.call("alipay.trade.precreate", content, **more)
            except client.Refused as error:
                if error.code == HAS_SUCCESS:
                    # The first call came through and the buyer was quick; the webhook tells.
                    return Started(number, WAIT)
                raise
            return Started(number, NextAction("qr", str(answer["qr_code"])))
        name, product = PAGES["wap" if method == "wap" else "page"]
        more["return_url"] = charge.return_url
        url = client.page_url(name, {**content, "product_code": product}, **more)
        return Started(number, NextAction("redirect", url))

    def capture(self, ref: str, amount: Money, *, key: str) -> None:
        """Nothing: Alipay collects at once."""

    def cancel(self, ref: str) -> None:
        """See `PaymentProvider.cancel`. Alipay knows a trade from the buyer's first look at it."""
        try:
            client.call("alipay.trade.close", {"out_trade_no": ref})
        except client.Refused as error:
            if error.code not in NOTHING_TO_CLOSE:
                raise

    def refund(self, ref: str, amount: Money, *, key: str) -> str:
        """See `PaymentProvider.refund`; a refusal, also for lack of balance, is Declined at once."""
        request = bill.number_of(key)
        content = {
            "out_trade_no": ref,
            "out_request_no": request,
            "refund_amount": to_yuan(amount),
        }
        client.call("alipay.trade.refund", content)
        return f"{ref}/{request}"

    def fetch(self, ref: str) -> ProviderEvent | None:
        """See `PaymentProvider.fetch`."""
        try:
            trade = client.call("alipay.trade.query", {"out_trade_no": ref})
        except client.Refused as error:
            if error.code == NO_TRADE:
                return None
            raise
        # A closed trade that has a time of payment was refunded in full.
        kind = _kind(str(trade["trade_status"]), paid=bool(trade.get("send_pay_date")))
        if kind is None:
            return None
        return ProviderEvent(
            id=f"fetch:{ref}:{kind}",
            kind=kind,
            key=bill.key_of(ref),
            ref=ref,
            amount=from_yuan(str(trade["total_amount"])),
            occurred_at=clock.now(),
        )

    def fetch_refund(self, ref: str) -> ProviderEvent | None:
        """See `PaymentProvider.fetch_refund`."""
        number, _slash, request = ref.partition("/")
        content = {"out_trade_no": number, "out_request_no": request}
        found = client.call("alipay.trade.fastpay.refund.query", content)
        if found.get("refund_status") != "REFUND_SUCCESS":
            return None
        return ProviderEvent(
            id=f"fetch:{ref}:succeeded",
            kind=EventKind.REFUND_SUCCEEDED,
            key=bill.key_of(request),
            ref=ref,
            amount=from_yuan(str(found["refund_amount"])),
            occurred_at=clock.now(),
        )

    def parse_webhook(
        self, headers: Mapping[str, str], body: bytes, *, now: datetime
    ) -> list[ProviderEvent]:
        """See `PaymentProvider.parse_webhook`.

        Alipay repeats a notification for 25 hours and signs no time limit: a replay is harmless by
        its `notify_id`, not refused.
        """
        client.require_settings()
        try:
            params = _params(body.decode())
        except ValueError:
            raise BadSignature("the body is no form in UTF-8") from None
        if params.get("sign_type", "RSA2") != "RSA2":
            raise BadSignature("the signature is not RSA2")
        text = rsa2.canonical(params, without=NOTIFY_UNSIGNED)
        rsa2.verify(text, params.get("sign", ""), settings.ALIPAY_PUBLIC_KEY)
        if params.get("app_id") != settings.ALIPAY_APP_ID:
            raise BadSignature("the notification is for another app")
        try:
            return self.read_body(body.decode())
        except (ValueError, KeyError) as error:
            raise BadSignature(f"the body is not a notification of a trade: {error!r}") from None

    def read_body(self, body: str) -> list[ProviderEvent]:
        """See `PaymentProvider.read_body`.

        What a notification says of refunds is the sum of all so far and not our refund's own
        amount; refunds are asked for one by one instead.
        """
        params = _params(body)
        paid_at = params.get("gmt_payment", "")
        kind = _kind(params["trade_status"], paid=bool(paid_at))
        if kind is None or (kind == EventKind.SUCCEEDED and params["trade_status"] == CLOSED):
            return []
        number = params["out_trade_no"]
        return [
            ProviderEvent(
                id=params["notify_id"],
                kind=kind,
                key=bill.key_of(number),
                ref=number,
                amount=from_yuan(params["total_amount"]),
                occurred_at=client.read_time(paid_at or params["notify_time"]),
            )
        ]

    def movements(self, since: datetime, until: datetime) -> Iterator[Movement]:
        """See `PaymentProvider.movements`. Bills are by the day in China, there from the next day."""
        day = since.astimezone(client.CHINA).date()
        last = (until - timedelta(microseconds=1)).astimezone(client.CHINA).date()
        while day <= last:
            for movement in bill.of_day(day):
                if since <= movement.at < until:
                    yield movement
            day += timedelta(days=1)


def _kind(status: str, *, paid: bool) -> EventKind | None:
    if status in PAID or (status == CLOSED and paid):
        return EventKind.SUCCEEDED
    return EventKind.CANCELLED if status == CLOSED else None


def _params(body: str) -> dict[str, Any]:
    """Raises ValueError for a name that comes twice: which one was signed would be a guess."""
    pairs = parse_qsl(body, keep_blank_values=True, strict_parsing=True, max_num_fields=100)
    params = dict(pairs)
    if len(params) != len(pairs):
        raise ValueError("a name comes twice")
    return params
