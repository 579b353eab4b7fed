from __future__ import annotations

from typing import Any

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = "Orders"

    def ready(self) -> None:
        from ledger import owners
        from orders import checks, deadlines, handlers  # noqa: F401

        owners.source(_suppliers_of)


def _suppliers_of(user: Any) -> list[tuple[str, str]]:
    """Orders credit a supplier's account by its code; its members read it."""
    from ledger import owners

    return [owners.supplier(code) for code in user.suppliers.values_list("code", flat=True)]
