"""Proves that orders, stock, payments and the ledger agree."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from orders.audit import RULES, findings


class Command(BaseCommand):
    help = "Check that orders, stock, payments and the ledger agree; exits with 1 when not."

    def handle(self, *args: Any, **options: Any) -> None:
        found = findings()
        for finding in found:
            self.stderr.write(f"{finding.rule}: {finding.what}")
        self.stdout.write(f"{len(RULES) + 2} rules, {len(found)} broken")
        if found:
            sys.exit(1)
