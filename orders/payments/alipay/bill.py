"""Alipay's record of a day: a ZIP with a CSV in GBK, one row per trade or refund."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date

from core.money import Money
from orders.payments.alipay import client
from orders.payments.alipay.amounts import from_yuan
from orders.payments.contract import Misconfigured, Movement, MovementKind, Retryable

METHOD = "alipay.data.dataservice.bill.downloadurl.query"
TRADE, NUMBER, KIND, DONE, AMOUNT, REQUEST = (
    "支付宝交易号",
    "商户订单号",
    "业务类型",
    "完成时间",
    "订单金额（元）",
    "退款批次号/请求号",
)
REFUND = "退款"
NO_BILL = frozenset({"isp.bill_not_exist", "ACQ.BILL_NOT_EXIST", "BILL_NOT_EXIST"})


def of_day(day: date) -> Iterator[Movement]:
    """All that moved on one day in China; nothing when Alipay has no bill of it."""
    try:
        answer = client.call(METHOD, {"bill_type": "trade", "bill_date": day.isoformat()})
    except client.Refused as error:
        if error.code in NO_BILL:
            return
        raise Misconfigured(f"{error} ({error.code})") from error
    yield from read(client.download(str(answer["bill_download_url"])))


def read(archive: bytes) -> Iterator[Movement]:
    """The rows of the detailed file. Raises Retryable for what is no bill."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as files:
            details = [name for name in map(_name, files.infolist()) if "汇总" not in name[0]]
            text = files.read(details[0][1]).decode("gb18030")
        yield from _rows(text)
    except (zipfile.BadZipFile, IndexError, KeyError, ValueError) as error:
        raise Retryable(f"Alipay's bill cannot be read: {error!r}") from error


def _name(info: zipfile.ZipInfo) -> tuple[str, zipfile.ZipInfo]:
    """File names are GBK too, which ZIP readers take for code page 437."""
    unicode_flag = 0x800
    if info.flag_bits & unicode_flag:
        return info.filename, info
    return info.filename.encode("cp437").decode("gb18030"), info


def _rows(text: str) -> Iterator[Movement]:
    # Comments and totals begin with #; values carry a tab so that spreadsheets keep long numbers.
    lines = (line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    for raw in csv.DictReader(lines):
        row = {str(name).strip(): (value or "").strip() for name, value in raw.items()}
        amount = from_yuan(row[AMOUNT])
        is_refund = row[KIND] == REFUND
        number = row[REQUEST] if is_refund else row[NUMBER]
        yield Movement(
            MovementKind.REFUND if is_refund else MovementKind.CHARGE,
            key_of(number),
            f"{row[TRADE]}/{number}" if is_refund else row[TRADE],
            Money(abs(amount.minor), amount.currency),
            client.read_time(row[DONE]),
        )


def number_of(key: str) -> str:
    """Our key in the letters that Alipay allows: digits, letters and underscores."""
    return key.replace("-", "_")


def key_of(number: str) -> str:
    return number.replace("_", "-")
