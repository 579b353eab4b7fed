"""Negative control: `manage.py` with the check of signatures off, in this process alone.

Started by `python -m drills.webhooks --unguarded` in place of the servers' manage.py; the product
itself has no such switch.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import datetime


def believe(*, secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """Takes everybody's word: stands in for `orders.payments.signing.verify`."""
    import json

    return str(json.loads(body)["id"])


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "liveshop.settings.development")
    from django.core.management import execute_from_command_line

    from orders.payments import signing

    signing.verify = believe
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
