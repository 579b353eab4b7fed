"""Proves that every entry of the ledger sums to zero."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from ledger.actions import unbalanced
from ledger.models import Account, Entry


class Command(BaseCommand):
    help = "Check that every ledger entry sums to zero; exits with 1 when one does not."

    def handle(self, *args: Any, **options: Any) -> None:
        broken = unbalanced()
        for entry_id, currency, total in broken:
            self.stderr.write(f"entry {entry_id}: {currency or 'no postings'} {total:+}")
        if options["verbosity"] > 1:
            self._tell_balances()
        self.stdout.write(f"{Entry.objects.count()} entries, {len(broken)} unbalanced")
        if broken:
            sys.exit(1)

    def _tell_balances(self) -> None:
        rows = Account.objects.with_balance().order_by("owner_kind", "owner_ref", "kind")
        names = ("owner_kind", "owner_ref", "kind", "currency", "balance_minor")
        for owner_kind, owner_ref, kind, currency, minor in rows.values_list(*names):
            self.stdout.write(f"{owner_kind}:{owner_ref} {kind} {minor:+} {currency}")
