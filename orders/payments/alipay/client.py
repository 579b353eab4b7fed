"""Calls to Alipay's gateway: signed by us, answered with Alipay's signature, errors in our words."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode

import httpx
from django.conf import settings

from core import clock
from orders.payments.alipay import rsa2
from orders.payments.contract import BadSignature, Declined, Misconfigured, Retryable

CHINA = timezone(timedelta(hours=8))
SUCCESS, BUSINESS_ERROR, UNAVAILABLE = "10000", "40004", "20000"
# Every call carries our own number of the trade or refund, so one more try is always safe.
ATTEMPTS = 2
PAUSE_SECONDS = 0.3
REQUEST_UNSIGNED = frozenset({"sign"})


class Refused(Declined):
    """A business error; `code` is Alipay's sub_code, for example ACQ.TRADE_NOT_EXIST."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


def require_settings() -> None:
    """Raises Misconfigured and names what is missing."""
    names = ("ALIPAY_APP_ID", "ALIPAY_PRIVATE_KEY", "ALIPAY_PUBLIC_KEY")
    missing = [name for name in names if not getattr(settings, name)]
    if missing:
        raise Misconfigured(f"Set {', '.join(missing)} to take payments by Alipay.")


def china_time(at: datetime) -> str:
    return at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")


def read_time(text: str) -> datetime:
    """Alipay's local time, perhaps with milliseconds. Raises ValueError."""
    return datetime.strptime(text.strip()[:19], "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)


def signed(method: str, content: Mapping[str, Any], **more: str) -> dict[str, str]:
    """The parameters of a request with their signature. Raises Misconfigured."""
    require_settings()
    params = {
        "app_id": settings.ALIPAY_APP_ID,
        "method": method,
        "format": "JSON",
        "charset": "utf-8",
        "sign_type": "RSA2",
        "timestamp": china_time(clock.now()),
        "version": "1.0",
        "biz_content": json.dumps(content, ensure_ascii=False, separators=(",", ":")),
        **more,
    }
    text = rsa2.canonical(params, without=REQUEST_UNSIGNED)
    return {**params, "sign": rsa2.sign(text, settings.ALIPAY_PRIVATE_KEY)}


def page_url(method: str, content: Mapping[str, Any], **more: str) -> str:
    """Where the buyer's browser goes for a page of Alipay's; calls nobody."""
    return f"{settings.ALIPAY_GATEWAY_URL}?{urlencode(signed(method, content, **more))}"


def call(method: str, content: Mapping[str, Any], **more: str) -> dict[str, Any]:
    """The verified answer. Raises Refused, Retryable (after a second try) or Misconfigured."""
    params = signed(method, content, **more)
    trouble: Retryable | None = None
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(PAUSE_SECONDS)
        try:
            answer = httpx.post(
                settings.ALIPAY_GATEWAY_URL,
                params={"charset": "utf-8"},
                data=params,
                timeout=settings.PAYMENT_TIMEOUT_SECONDS,
            )
            return _read(method, answer)
        except httpx.HTTPError as error:
            trouble = Retryable(f"Alipay did not answer: {error!r}")
        except Retryable as error:
            trouble = error
    raise trouble or Retryable("Alipay was not asked.")


def download(url: str) -> bytes:
    """A file that Alipay offers. Raises Retryable."""
    try:
        answer = httpx.get(url, timeout=settings.PAYMENT_TIMEOUT_SECONDS, follow_redirects=True)
    except httpx.HTTPError as error:
        raise Retryable(f"Alipay's file did not come: {error!r}") from error
    if answer.status_code != 200:
        raise Retryable(f"Alipay answered {answer.status_code} instead of a file.")
    return answer.content


def _read(method: str, answer: httpx.Response) -> dict[str, Any]:
    if answer.status_code != 200:
        raise Retryable(f"Alipay answered {answer.status_code}.")
    text = answer.text
    node = method.replace(".", "_") + "_response"
    try:
        whole = json.loads(text)
        name = node if node in whole else "error_response"
        body = whole[name]
        code, sub_code = str(body["code"]), str(body.get("sub_code") or "")
    except (ValueError, KeyError, TypeError):
        raise Retryable("Alipay's answer is no answer of Alipay.") from None
    message = str(body.get("sub_msg") or body.get("msg") or code)
    if not whole.get("sign"):
        # What nobody signed never decides about money.
        if code in {SUCCESS, BUSINESS_ERROR, UNAVAILABLE}:
            raise Retryable(f"Alipay's answer is not signed: {message}")
        raise Misconfigured(f"{message} ({sub_code or code})")
    try:
        rsa2.verify(_as_sent(text, name), str(whole["sign"]), settings.ALIPAY_PUBLIC_KEY)
    except BadSignature:
        raise Retryable("Alipay's answer is not signed with Alipay's key.") from None
    if code == SUCCESS:
        return dict(body)
    if code == UNAVAILABLE or sub_code.endswith("SYSTEM_ERROR") or "unknow" in sub_code:
        raise Retryable(f"{message} ({sub_code or code})")
    if code == BUSINESS_ERROR:
        raise Refused(message, sub_code)
    raise Misconfigured(f"{message} ({sub_code or code})")


def _as_sent(text: str, name: str) -> str:
    """The characters of node `name` exactly as they came: that is what Alipay signs."""
    start = text.index(f'"{name}"') + len(name) + 2
    start = text.index(":", start) + 1
    start += len(text[start:]) - len(text[start:].lstrip())
    _value, end = json.JSONDecoder().raw_decode(text, start)
    return text[start:end]
