"""Proves that what is promised to buyers is there, SKU by SKU."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand

from orders.audit import STOCK_RULES, stock_findings
from supply.models import Stock


class Command(BaseCommand):
    help = "Check that stock and reservations agree; the last line is JSON; exits with 1 when not."

    def handle(self, *args: Any, **options: Any) -> None:
        found = stock_findings()
        for finding in found:
            self.stderr.write(f"{finding.rule}: {finding.what}")
        told = {
            "name": "audit_stock",
            "offers": Stock.objects.count(),
            "rules": {rule: sum(one.rule == rule for one in found) for rule in STOCK_RULES},
            "broken": len(found),
            "ok": not found,
        }
        self.stdout.write(json.dumps(told))
        if found:
            sys.exit(1)
