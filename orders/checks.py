"""What has to be set before money can be taken; part of `manage.py check`."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, register

from orders.payments.alipay import client as alipay
from orders.payments.alipay import rsa2
from orders.payments.contract import Misconfigured
from orders.payments.registry import PROVIDERS, default_code


@register("payments", deploy=True)
def payment_provider(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """The chosen provider exists and has its secrets."""
    code = default_code()
    if code not in PROVIDERS:
        known = ", ".join(sorted(PROVIDERS))
        return [Error(f"PAYMENT_PROVIDER={code} is unknown; choose {known}.", id="orders.E001")]
    if code == "sandbox" and not settings.SANDBOX_WEBHOOK_SECRET:
        return [Error("Set SANDBOX_WEBHOOK_SECRET, or another provider.", id="orders.E002")]
    if code == "sandbox":
        return [Info("Payments are a sandbox: no real money moves.", id="orders.I001")]
    return [Error(trouble, id="orders.E003") for trouble in SET_UP[code]()]


def _stripe() -> list[str]:
    names = ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRETS")
    return [
        f"Set {name}, or another PAYMENT_PROVIDER than stripe."
        for name in names
        if not getattr(settings, name)
    ]


def _alipay() -> list[str]:
    try:
        alipay.require_settings()
        rsa2.readable(private=settings.ALIPAY_PRIVATE_KEY, public=settings.ALIPAY_PUBLIC_KEY)
    except Misconfigured as error:
        return [str(error)]
    return []


SET_UP = {"stripe": _stripe, "alipay": _alipay}
