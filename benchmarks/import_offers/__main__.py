"""`python -m benchmarks.import_offers [--rows N] [--rounds N]`: a supplier's CSV into the database.

Ours writes offers, stock with its causes, draft listings, search and announcements. The peer,
django-import-export, goes row by row, once into offers and their stock alone, which is less work, and
once (`same_result`) to all that ours leaves behind, by the shop's own actions for one offer. All read
the same bytes into the same database, in turns, new SKUs each time.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.peers.machine import say
from benchmarks.peers.prepare import cache
from liveshop.embedded import running

PEER = "django-import-export==4.4.3"
HEADER = "product_code,title,description,option1_name,option1_value,sku,price,supply_price,stock\n"


def peer_packages() -> Path:
    """A folder with the peer, fetched once; what it shares with the shop comes from the shop."""
    folder = cache() / PEER
    if not folder.exists():
        say("benchmark: fetching django-import-export")
        part = folder.with_suffix(".part")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--upgrade"]
        packages = [PEER, "tablib==3.8.0", "diff-match-patch==20241021"]
        subprocess.run([*command, "--target", str(part), *packages], check=True, stdout=sys.stderr)
        part.rename(folder)
    return folder


def generated(rows: int, mark: str) -> bytes:
    """Four sizes a product."""
    lines = (
        f"{mark}p{n // 4},Thing {n // 4} of cotton,Some words that say what thing {n // 4} is,"
        f"Size,{'SMLX'[n % 4]},{mark}s{n},49.90,30.00,{n % 50}\n"
        for n in range(rows)
    )
    return (HEADER + "".join(lines)).encode()


def ours(supplier: Any, data: bytes) -> int:
    from catalog.feeds.imports import import_offers
    from core.actors import SYSTEM

    summary = import_offers(supplier=supplier, file=io.BytesIO(data), actor=SYSTEM)
    if summary.errors:
        raise SystemExit(f"benchmark: {summary.errors[0]}")
    return summary.created


def peer_to_the_same_result(supplier: Any, data: bytes) -> int:
    return peer(supplier, data, whole=True)


def peer(supplier: Any, data: bytes, *, whole: bool = False) -> int:
    import tablib
    from import_export import resources

    from catalog.actions import draft_listing
    from core.actors import SYSTEM
    from supply.actions import set_stock
    from supply.models import Offer, Stock

    class OfferResource(resources.ModelResource):
        class Meta:
            model = Offer
            import_id_fields = ("sku",)
            fields = ("sku", "product_code", "title", "description")
            use_transactions = True

        def get_queryset(self) -> Any:
            return Offer.objects.filter(supplier=supplier)

        def before_save_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
            instance.supplier = supplier
            instance.option_values = {row["option1_name"]: row["option1_value"]}
            instance.suggested_price_minor = round(float(row["price"]) * 100)
            instance.supply_price_minor = round(float(row["supply_price"]) * 100)
            instance.commission_bps = 2_000

        def after_save_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
            units = int(row["stock"])
            if not whole:
                Stock.objects.update_or_create(offer=instance, defaults={"on_hand": units})
                return
            Stock.objects.get_or_create(offer=instance)
            draft_listing(offer=instance, price_minor=instance.suggested_price_minor)
            set_stock(offer=instance, on_hand=units, actor=SYSTEM, why="import")

    table = tablib.Dataset().load(data.decode(), format="csv")
    result = OfferResource().import_data(table, raise_errors=True)
    return int(result.totals["new"])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.import_offers")
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    sys.path.append(str(peer_packages()))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "liveshop.settings.test")
    from liveshop.settings.environment import DATA_DIR

    with running(DATA_DIR):
        import django

        django.setup()
        from django.db import connection

        connection.creation.create_test_db(verbosity=0)
        try:
            return measure(options.rows, options.rounds)
        finally:
            connection.creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)


def measure(rows: int, rounds: int) -> int:
    from supply.models import Supplier

    supplier = Supplier.objects.create(code="bench", name="Bench")
    ways = {
        "ours": ours,
        "django-import-export": peer,
        "django-import-export, same_result": peer_to_the_same_result,
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds):
        for number, (name, way) in enumerate(ways.items()):
            data = generated(rows, f"w{number}{turn}-")
            began = time.perf_counter()
            created = way(supplier, data)
            seconds[name].append(time.perf_counter() - began)
            if created != rows:
                raise SystemExit(f"benchmark: {name} created {created} of {rows}")
            say(f"{name}: {rows} rows in {seconds[name][-1]:.1f} s")
    speed = {name: round(rows / median(times), 1) for name, times in seconds.items()}
    mine = speed.pop("ours")
    ratio = {name: round(mine / value, 2) for name, value in speed.items()}
    told = {"name": "import_offers", "ours": mine, "unit": "rows per second", "peers": speed}
    print(json.dumps({**told, "ratio": ratio, "rows": rows, "rounds": rounds}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
