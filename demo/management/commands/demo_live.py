"""Keeps the demo room on air until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from demo.live import run
from demo.seed import refuse_in_production
from demo.seed.people import is_seeded


class Command(BaseCommand):
    help = "Keep the demo room alive: picture, host, a dozen viewers who chat, like and buy."

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_in_production()
        if not is_seeded():
            raise CommandError("run manage.py demo_seed first.")
        logging.getLogger("httpx").setLevel(logging.WARNING)
        asyncio.run(run())
        # A thread that still waits for the network must not hold up the end.
        self.stdout.flush()
        os._exit(0)
