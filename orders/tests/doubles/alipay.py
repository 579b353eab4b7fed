"""As much of Alipay's gateway as our provider uses, with keys of its own and real RSA2 both ways."""

from __future__ import annotations

import base64
import io
import json
import secrets
import zipfile
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from core import clock
from orders.payments.alipay.client import china_time
from orders.tests.doubles.server import Answer, Double, Request

APP_ID = "2021000000000001"
PAY_METHODS = {"alipay.trade.page.pay", "alipay.trade.wap.pay"}


@lru_cache
def key_of(whose: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_text(whose: str, form: str = "PKCS8") -> str:
    """Bare base64 as Alipay's tools write it."""
    der = key_of(whose).private_bytes(
        serialization.Encoding.DER,
        getattr(serialization.PrivateFormat, form),
        serialization.NoEncryption(),
    )
    return base64.b64encode(der).decode()


def public_text(whose: str) -> str:
    der = (
        key_of(whose)
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return base64.b64encode(der).decode()


def sign(text: str, whose: str = "alipay") -> str:
    made = key_of(whose).sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return base64.b64encode(made).decode()


def canonical(params: dict[str, str], *without: str) -> str:
    """Written from Alipay's documents, not from our code."""
    kept = sorted(name for name in params if name not in without and params[name])
    return "&".join(f"{name}={params[name]}" for name in kept)


class Trouble(Exception):
    def __init__(self, sub_code: str, code: str = "40004") -> None:
        self.body = {"code": code, "msg": "Business Failed", "sub_code": sub_code}
        self.body["sub_msg"] = f"trouble: {sub_code}"


def cents(text: str) -> int:
    whole, part = text.split(".")
    assert len(part) == 2, text
    return int(whole) * 100 + int(part)


def yuan(minor: int) -> str:
    return f"{minor / 100:.2f}"


@dataclass
class AlipayDouble(Double):
    """`wishes` by number: "pay" pays a QR code as soon as it is made."""

    trades: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    notes: list[dict[str, str]] = field(default_factory=list)
    wishes: dict[str, str] = field(default_factory=dict)
    failing_refunds: set[str] = field(default_factory=set)
    extra_rows: list[list[str]] = field(default_factory=list)
    signs: str = "alipay"

    def handle(self, request: Request) -> Answer:
        address = urlsplit(request.path)
        if address.path.startswith("/bill/"):
            return Answer(200, self._bill(address.path.rpartition("/")[2]), "application/zip")
        params = dict(parse_qsl(request.body.decode() or address.query))
        method = params.get("method", "")
        node = method.replace(".", "_") + "_response"
        try:
            self._check(params)
            body = self._do(method, json.loads(params["biz_content"]), params)
            body = {"code": "10000", "msg": "Success", **body}
        except Trouble as trouble:
            body = trouble.body
        # Spaces and escapes are Alipay's own: the signature is over these very characters.
        text = json.dumps(body, ensure_ascii=True, separators=(", ", ":")).replace("/", "\\/")
        whole = f'{{"{node}": {text},"sign":"{sign(text, self.signs)}"}}'
        return Answer(200, whole.encode())

    def _check(self, params: dict[str, str]) -> None:
        if params["app_id"] != APP_ID:
            raise Trouble("isv.invalid-app-id", "40002")
        try:
            key_of("shop").public_key().verify(
                base64.b64decode(params["sign"]),
                canonical(params, "sign").encode(),
                padding.PKCS1v15(),
                hashes.SHA256(),
            )
        except Exception:
            raise Trouble("isv.invalid-signature", "40002") from None

    def _do(self, method: str, wish: dict[str, Any], params: dict[str, str]) -> dict[str, Any]:
        number = wish.get("out_trade_no", "")
        if method in PAY_METHODS:
            self._open(number, wish)
            return {}
        if method == "alipay.trade.precreate":
            if wish["total_amount"] == "9999999.99":
                raise Trouble("ACQ.TOTAL_FEE_EXCEED")
            if self.trades.get(number, {}).get("send_pay_date"):
                raise Trouble("ACQ.TRADE_HAS_SUCCESS")
            self._open(number, wish)
            if self.wishes.get(number) == "pay":
                self.pay(number)
            return {"out_trade_no": number, "qr_code": f"https://qr.alipay.example/{number}"}
        if method == "alipay.data.dataservice.bill.downloadurl.query":
            if wish["bill_date"] not in self._days():
                raise Trouble("isp.bill_not_exist")
            return {"bill_download_url": f"{self.url}/bill/{wish['bill_date']}"}
        trade = self.trades.get(number)
        if trade is None:
            raise Trouble("ACQ.TRADE_NOT_EXIST")
        if method == "alipay.trade.query":
            return {name: value for name, value in trade.items() if value}
        if method == "alipay.trade.close":
            if trade["trade_status"] != "WAIT_BUYER_PAY":
                raise Trouble("ACQ.TRADE_STATUS_ERROR")
            trade["trade_status"] = "TRADE_CLOSED"
            self.tell(number)
            return {"out_trade_no": number}
        request = wish.get("out_request_no", "")
        known = self.refunds.get((number, request))
        if method == "alipay.trade.fastpay.refund.query":
            return known or {}
        assert method == "alipay.trade.refund", method
        if known:
            return {"out_trade_no": number, "fund_change": "N"}
        return self._refund(trade, number, request, wish["refund_amount"])

    def _refund(
        self, trade: dict[str, Any], number: str, request: str, amount: str
    ) -> dict[str, Any]:
        if not trade["send_pay_date"]:
            raise Trouble("ACQ.TRADE_STATUS_ERROR")
        if request in self.failing_refunds:
            self.failing_refunds.discard(request)
            raise Trouble("ACQ.SELLER_BALANCE_NOT_ENOUGH")
        gone = sum(
            cents(row["refund_amount"]) for key, row in self.refunds.items() if key[0] == number
        )
        if gone + cents(amount) > cents(trade["total_amount"]):
            raise Trouble("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL")
        self.refunds[(number, request)] = {
            "out_trade_no": number,
            "out_request_no": request,
            "refund_amount": amount,
            "refund_status": "REFUND_SUCCESS",
            "gmt_refund_pay": china_time(clock.now()),
        }
        total = gone + cents(amount)
        if total == cents(trade["total_amount"]):
            trade["trade_status"] = "TRADE_CLOSED"
        self.tell(number, refund_fee=yuan(total), out_biz_no=request)
        return {"out_trade_no": number, "fund_change": "Y", "refund_fee": yuan(total)}

    def _open(self, number: str, wish: dict[str, Any]) -> None:
        self.trades.setdefault(
            number,
            {
                "out_trade_no": number,
                "trade_no": f"2026{secrets.randbelow(10**24):024d}",
                "total_amount": wish["total_amount"],
                "trade_status": "WAIT_BUYER_PAY",
                "send_pay_date": "",
            },
        )

    def pay(self, number: str) -> None:
        """The buyer pays."""
        self.trades[number] |= {
            "trade_status": "TRADE_SUCCESS",
            "send_pay_date": china_time(clock.now()),
        }
        self.tell(number)

    def tell(self, number: str, **more: str) -> None:
        trade = self.trades[number]
        now = china_time(clock.now())
        self.notes.append(
            {
                "notify_time": now,
                "notify_type": "trade_status_sync",
                "notify_id": secrets.token_hex(17),
                "app_id": APP_ID,
                "charset": "utf-8",
                "version": "1.0",
                "out_trade_no": number,
                "trade_no": trade["trade_no"],
                "trade_status": trade["trade_status"],
                "total_amount": trade["total_amount"],
                "subject": "订单 & more = +",
                "gmt_payment": trade["send_pay_date"],
                "passback_params": "",
                **more,
            }
        )

    def webhooks(self) -> list[tuple[dict[str, str], bytes]]:
        return [({}, signed(note)) for note in self.notes]

    # The bill -------------------------------------------------------------------------------

    def _rows(self) -> list[list[str]]:
        rows = []
        for number, trade in self.trades.items():
            if paid := trade["send_pay_date"]:
                rows.append([trade["trade_no"], number, "交易", paid, trade["total_amount"], ""])
        for (number, request), row in self.refunds.items():
            trade_no, at = self.trades[number]["trade_no"], row["gmt_refund_pay"]
            rows.append([trade_no, number, "退款", at, f"-{row['refund_amount']}", request])
        return rows + self.extra_rows

    def _days(self) -> set[str]:
        return {row[3][:10] for row in self._rows()}

    def _bill(self, day: str) -> bytes:
        lines = [
            "#支付宝业务明细查询",
            f"#账号：[{APP_ID}]",
            "支付宝交易号,商户订单号,业务类型,商品名称,完成时间,订单金额（元）,退款批次号/请求号,备注",
        ]
        for trade, number, kind, at, amount, request in self._rows():
            if at.startswith(day):
                cells = [f"{trade}\t", f"{number}\t", f"{kind}\t", "商品", f"{at}\t", amount]
                lines.append(",".join([*cells, f"{request}\t", ""]))
        lines.append("#-----------------业务明细列表结束----------------")
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as files:
            files.writestr(f"{day}_业务明细.csv", "\r\n".join(lines).encode("gbk"))
            files.writestr(f"{day}_业务明细(汇总).csv", "#汇总\r\n".encode("gbk"))
        return archive.getvalue()


def signed(note: dict[str, str], whose: str = "alipay") -> bytes:
    """A notification's form body with its signature."""
    made = sign(canonical(note, "sign", "sign_type"), whose)
    return urlencode({**note, "sign_type": "RSA2", "sign": made}).encode()
