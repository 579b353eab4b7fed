"""What has to be set before money can be taken; part of `manage.py check`."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, register

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
    return []
