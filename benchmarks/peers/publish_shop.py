"""Publishes durable events into a room of ours, by the product's own way: `publish_shop.py ROOM_ID…`.

Several rooms take turns; the last number is then that of the room last written to. Each event is a
transaction that takes the room's lock and records it, as every action does.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import django

django.setup()

from django.db import transaction  # noqa: E402
from pace import follow_orders, payload  # noqa: E402

from rooms.actions.locking import locked  # noqa: E402
from rooms.journal import record  # noqa: E402


def main() -> None:
    turns = itertools.cycle(map(int, sys.argv[1:]))

    def publish() -> int:
        event = payload()
        with transaction.atomic():
            room = locked(next(turns))
            record(room, ("ticker", event))
        return room.event_seq

    follow_orders(publish)


if __name__ == "__main__":
    main()
