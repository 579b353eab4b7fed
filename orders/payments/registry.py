"""Providers by code."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings

from core.errors import NotFound
from orders.payments.alipay import AlipayProvider
from orders.payments.contract import PaymentProvider
from orders.payments.sandbox import SandboxProvider
from orders.payments.stripe import StripeProvider

PROVIDERS: dict[str, Callable[[], PaymentProvider]] = {
    "sandbox": SandboxProvider,
    "stripe": StripeProvider,
    "alipay": AlipayProvider,
}


def provider(code: str) -> PaymentProvider:
    """The provider of that code. Raises NotFound."""
    try:
        return PROVIDERS[code]()
    except KeyError:
        raise NotFound(f"There is no payment provider “{code}”.") from None


def default_code() -> str:
    """The provider that new payments use."""
    return str(settings.PAYMENT_PROVIDER)
