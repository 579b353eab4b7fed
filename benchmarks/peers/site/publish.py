"""Sends to the group of a room through the channel layer: `publish.py ROOM_NAME`."""

import asyncio
import itertools
import os
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")

import django  # noqa: E402
from pace import event, follow_orders  # noqa: E402

django.setup()

from channels.layers import get_channel_layer  # noqa: E402


def main():
    layer = get_channel_layer()
    group = f"room_{sys.argv[1]}"
    numbers = itertools.count(1)
    with asyncio.Runner() as runner:

        def publish():
            seq = next(numbers)
            message = {"type": "room.event", "event": event(seq)}
            runner.run(layer.group_send(group, message))
            return seq

        follow_orders(publish)


if __name__ == "__main__":
    main()
