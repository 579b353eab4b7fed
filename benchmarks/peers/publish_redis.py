"""Publishes to a plain Redis channel: `publish_redis.py URL CHANNEL`."""

from __future__ import annotations

import itertools
import sys

import redis
from pace import encoded, follow_orders


def main() -> None:
    url, channel = sys.argv[1:]
    client = redis.Redis.from_url(url)
    numbers = itertools.count(1)

    def publish() -> int:
        seq = next(numbers)
        client.publish(channel, encoded(seq))
        return seq

    follow_orders(publish)


if __name__ == "__main__":
    main()
