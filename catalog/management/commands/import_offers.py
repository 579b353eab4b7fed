"""Imports a supplier's file of goods."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.feeds.imports import FORMATS, import_offers
from core.actors import Actor
from supply.actions.bulk import NewTerms
from supply.models import Supplier


class Command(BaseCommand):
    help = "Import a supplier's goods from CSV, XLSX, Shopify's export or Google Merchant XML."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        default = NewTerms()
        parser.add_argument("--supplier", required=True, metavar="CODE")
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--format", choices=FORMATS, default="auto")
        parser.add_argument("--dry-run", action="store_true", help="tell what would happen")
        parser.add_argument("--currency", default="CNY", help="of prices that name none")
        parser.add_argument(
            "--supply-price-bps",
            type=int,
            default=default.supply_price_bps,
            help="of the price, for new SKUs whose supply price the file does not tell",
        )
        parser.add_argument("--commission-bps", type=int, default=default.commission_bps)
        parser.add_argument("--dispatch-hours", type=int, default=default.dispatch_hours)

    def handle(self, *args: Any, **options: Any) -> None:
        supplier = Supplier.objects.filter(code=options["supplier"]).first()
        if supplier is None:
            raise CommandError(f"There is no supplier with the code {options['supplier']}.")
        terms = NewTerms(
            options["supply_price_bps"], options["commission_bps"], options["dispatch_hours"]
        )
        if not (
            1 <= terms.supply_price_bps <= 10_000
            and 0 <= terms.commission_bps <= 10_000
            and 1 <= terms.dispatch_hours <= 720
        ):
            raise CommandError("Rates are 1 to 10000 basis points, dispatch is 1 to 720 hours.")
        try:
            with options["file"].open("rb") as file:
                summary = import_offers(
                    supplier=supplier,
                    file=file,
                    actor=Actor("system", None, "import_offers"),
                    format=options["format"],
                    currency=options["currency"],
                    terms=terms,
                    dry_run=options["dry_run"],
                )
        except OSError as error:
            raise CommandError(f"Cannot read {options['file']}: {error.strerror}.") from error
        self.stdout.write(json.dumps(summary.as_json(), ensure_ascii=False))
        if summary.refused:
            sys.exit(1)
