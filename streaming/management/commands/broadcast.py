"""Puts streams on air without a camera: demo rooms, load tests, a check of a new server."""

from __future__ import annotations

import argparse
import signal
from pathlib import Path
from threading import Event, Thread
from typing import Any
from zlib import crc32

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from streaming.broadcast import loop
from streaming.broadcast.sender import Sender
from streaming.models import Stream


class Command(BaseCommand):
    help = "Broadcast a drawn loop into streams, through the same HTTP ingest as a browser."
    requires_system_checks = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("keys", nargs="*", metavar="key", help="public key of a stream")
        parser.add_argument(
            "--room", action="append", default=[], metavar="SLUG", help="the stream of a live room"
        )
        parser.add_argument(
            "--picture",
            action="append",
            default=[],
            type=Path,
            metavar="FILE",
            help="a picture to show on the stage; up to six, the same in all streams",
        )
        parser.add_argument("--url", default=settings.BASE_URL, help="where the server listens")

    def handle(
        self,
        *args: Any,
        keys: list[str],
        room: list[str],
        picture: list[Path],
        url: str,
        **options: Any,
    ) -> None:
        streams = [_stream(key) for key in keys] + [_stream_of_room(slug) for slug in room]
        if not streams:
            raise CommandError("name a stream, or a room with --room.")
        if missing := [str(path) for path in picture if not path.is_file()]:
            raise CommandError(f"no such picture: {', '.join(missing)}.")
        stop = Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        threads = [
            Thread(target=self._broadcast, args=(stream, picture, url, stop), name=stream.key)
            for stream in streams
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _broadcast(self, stream: Stream, pictures: list[Path], url: str, stop: Event) -> None:
        drawn = loop.load(pictures=pictures, seed=crc32(stream.key.encode()))
        sender = Sender(stream=stream, user=stream.owner, loop=drawn, base_url=url, stop=stop)
        self.stdout.write(f"{stream.key}: on air at {url}")
        self.stdout.write(f"{stream.key}: {sender.run()}")


def _stream(key: str) -> Stream:
    try:
        return Stream.objects.select_related("owner").get(key=key)
    except Stream.DoesNotExist:
        raise CommandError(f"there is no stream {key}.") from None


def _stream_of_room(slug: str) -> Stream:
    # By name only: rooms stand above this floor, and a server without them may still broadcast.
    room = apps.get_model("rooms", "Room").objects.filter(slug=slug).first()
    if room is None:
        raise CommandError(f"there is no room {slug}.")
    if room.stream_id is None:
        raise CommandError(f"the room {slug} has no stream yet: go live first.")
    return Stream.objects.select_related("owner").get(pk=room.stream_id)
