"""Starts a double and points the settings at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from orders.tests.doubles import alipay, stripe


@contextmanager
def stripe_at(settings: Any) -> Iterator[stripe.StripeDouble]:
    double = stripe.StripeDouble()
    with double.running() as url:
        settings.STRIPE_API_URL = url
        settings.STRIPE_SECRET_KEY = stripe.SECRET_KEY
        settings.STRIPE_WEBHOOK_SECRETS = [stripe.WEBHOOK_SECRET]
        settings.PAYMENT_TIMEOUT_SECONDS = 1
        yield double


@contextmanager
def alipay_at(settings: Any) -> Iterator[alipay.AlipayDouble]:
    double = alipay.AlipayDouble()
    with double.running() as url:
        settings.ALIPAY_GATEWAY_URL = f"{url}/gateway.do"
        settings.ALIPAY_APP_ID = alipay.APP_ID
        settings.ALIPAY_PRIVATE_KEY = alipay.private_text("shop")
        settings.ALIPAY_PUBLIC_KEY = alipay.public_text("alipay")
        settings.PAYMENT_TIMEOUT_SECONDS = 1
        yield double
