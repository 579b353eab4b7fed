"""Fills an empty database with the demo."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.errors import DomainError
from demo import seed


class Command(BaseCommand):
    help = "Seed suppliers, goods, people, rooms and two months of orders; nothing when it is done."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--tell", action="store_true", help="only print addresses and logins")
        parser.add_argument("--small", action="store_true", help="a dozen of each, for tests")

    def handle(self, *args: Any, tell: bool, small: bool, **options: Any) -> None:
        if not tell:
            quiet = options["verbosity"] < 1
            try:
                seed.seed(
                    seed.SMALL if small else seed.FULL,
                    (lambda text: None) if quiet else self.stdout.write,
                )
            except DomainError as error:
                raise CommandError(str(error)) from error
        if tell:
            seed.write_contract()
            seed.tell(self.stdout.write)
