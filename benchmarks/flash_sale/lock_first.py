"""The product's action as shops usually do it: the stock is locked first, and an order is a commit."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

from benchmarks.flash_sale.work import follow


def main() -> int:
    import django

    django.setup()
    from django.db import transaction

    from accounts.models import Address, User
    from orders.actions import Wanted
    from orders.actions.placing import place_alone
    from supply.models import Stock

    world: dict[str, Any] = json.loads(os.environ["FLASH_SALE_WORLD"])
    people = list(User.objects.filter(pk__in=world["buyers"]).order_by("pk"))
    homes = {home.user_id: home for home in Address.objects.filter(user__in=people)}
    wish = Wanted(
        placement_id=world["placement"], variant_id=world["variant"], flash_id=world["flash"]
    )
    worker, sold = int(sys.argv[1]), 0

    def sell_one() -> None:
        nonlocal sold
        buyer = people[(sold * 7 + worker) % len(people)]
        sold += 1
        with transaction.atomic():
            Stock.objects.select_for_update().get(offer=world["offer"])
            place_alone(
                buyer=buyer,
                address=homes[buyer.pk],
                lines=[wish],
                key=f"lock-first-{worker}-{sold}-{time.time_ns()}",
                source="peer",
            )

    follow(sell_one)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
