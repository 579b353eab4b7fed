"""Compares what the providers say was collected and sent back with what we booked."""

from __future__ import annotations

import json
import sys
from datetime import datetime, time, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from core import clock
from core.errors import DomainError
from orders import actions
from orders.actions.reconciling import used_providers
from orders.payments.contract import PaymentError


class Command(BaseCommand):
    help = "Compare the providers' records of a period with ours; exits with 1 when they differ."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--provider", action="append", help="default: all that were used")
        parser.add_argument("--since", help="first day or moment (default: yesterday)")
        parser.add_argument("--until", help="day or moment after the last (default: a day later)")

    def handle(self, *args: Any, **options: Any) -> None:
        today = datetime.combine(timezone.localdate(clock.now()), time.min)
        since = _moment(options["since"]) or timezone.make_aware(today - timedelta(days=1))
        until = _moment(options["until"]) or since + timedelta(days=1)
        results = []
        for code in options["provider"] or used_providers():
            try:
                done = actions.reconcile_payments(code=code, since=since, until=until)
            except (DomainError, PaymentError) as error:
                raise CommandError(f"{code}: {error}") from error
            results.append(done.shown())
        period = {"since": since.isoformat(), "until": until.isoformat()}
        self.stdout.write(json.dumps({**period, "providers": results}, ensure_ascii=False))
        if any(result["findings"] for result in results):
            sys.exit(1)


def _moment(text: str | None) -> datetime | None:
    """A date is its first moment here; a time without a zone is one of here."""
    if not text:
        return None
    try:
        day = parse_date(text)
        at = datetime.combine(day, time.min) if day else parse_datetime(text)
    except ValueError:
        at = None
    if at is None:
        raise CommandError(f"“{text}” is neither a date nor a time, for example 2026-11-24.")
    return timezone.make_aware(at) if timezone.is_naive(at) else at
