"""`python -m benchmarks.many_rooms [--rooms 1000] [--rate 100]`: many small rooms, one server process.

Two guests in each room. Tells the memory of a room beyond its viewers (the same crowd in a single
room is the comparison), the CPU of a room in which nothing happens, and the CPU of a durable event
that goes to a quiet room at once. No peers: these are the figures of docs/scale.md.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.peers import machine
from benchmarks.peers.contenders import Ours
from benchmarks.peers.load import Crowd, Door, Publisher
from benchmarks.peers.prepare import tools
from benchmarks.peers.shop import Room, shop

VIEWERS_EACH = 2
SETTLE_SECONDS = 3.0
IDLE_SECONDS = 8.0
RATE = 100.0
BUSY_SECONDS = 8.0
MORE_FILES = 500


class ManyRooms(Ours):
    """Our server as the crowds of this benchmark use it."""

    name = "many_rooms"

    def door_of(self, rooms: list[Room]) -> Door:
        # Made one after another in an empty database, so their numbers have no holes.
        assert [room.id for room in rooms] == list(range(rooms[0].id, rooms[-1].id + 1))
        return Door(
            self.port,
            "/ws/rooms/%d/",
            welcome='"t":"welcome"',
            rooms=len(rooms),
            first=rooms[0].id,
        )

    def publisher_to(self, rooms: list[Room]) -> Publisher:
        command = [*self.publish_command()[:2], *(str(room.id) for room in rooms)]
        environment = {**self.environment(), "PGOPTIONS": "-c synchronous_commit=off"}
        return Publisher(command, environment, self.cores)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.many_rooms")
    parser.add_argument("--rooms", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=RATE, help="events a second over all rooms")
    options = parser.parse_args()
    viewers = VIEWERS_EACH * options.rooms
    machine.raise_open_files(viewers + MORE_FILES)
    cores = machine.Cores.split()
    ready = tools(node=False, channels=False)
    with (
        tempfile.TemporaryDirectory(prefix="liveshop-bench-") as folder,
        shop(Path(folder), cores) as product,
    ):
        ours = ManyRooms(ready, product, cores)
        machine.say(f"benchmark: opening {options.rooms} rooms")
        rooms = product.open_rooms(options.rooms, items=0)
        together = _crowd(ours, viewers, rooms[:1], options.rate)
        machine.say(f"benchmark: {viewers} viewers in one room: {together}")
        apart = _crowd(ours, viewers, rooms, options.rate)
        machine.say(f"benchmark: {viewers} viewers in {len(rooms)} rooms: {apart}")
    count = len(rooms)
    kb = (apart["memory"] - together["memory"]) / 1024 / count
    result = {
        "name": "many_rooms",
        "ours": round(kb, 1),
        "unit": "KB of the server's memory for a room, beyond its viewers",
        "peers": {},
        "ratio": {},
        "rooms": count,
        "viewers": viewers,
        "kb_per_viewer": round(together["memory"] / 1024 / viewers, 1),
        "idle_core_percent": {
            "one_room": round(100 * together["idle"], 2),
            "many_rooms": round(100 * apart["idle"], 2),
        },
        "idle_us_per_room_second": round(1e6 * (apart["idle"] - together["idle"]) / count, 1),
        "idle_us_per_viewer_second": round(1e6 * together["idle"] / viewers, 2),
        "events_per_second": round(apart["rate"], 1),
        "us_per_event_in_quiet_room": round(1e6 * (apart["busy"] - apart["idle"]) / apart["rate"]),
        "p50_ms": apart["p50_ms"],
        "p99_ms": apart["p99_ms"],
        "lost": apart["lost"],
    }
    print(json.dumps(result))
    return 0


def _crowd(ours: ManyRooms, viewers: int, rooms: list[Room], rate: float) -> dict[str, Any]:
    """Memory in bytes; the share of a core used when idle and at `rate` events a second."""
    door = ours.door_of(rooms)
    with ours.serving() as pid:
        with Crowd(ours.tools.load, door, 2, ours.cores) as warm:
            warm.wait_until_joined()
        memory = machine.resident_bytes(pid)
        with Crowd(ours.tools.load, door, viewers, ours.cores) as crowd:
            if refused := crowd.wait_until_joined()["refused"]:
                raise RuntimeError(f"{refused} of {viewers} viewers were refused")
            time.sleep(SETTLE_SECONDS)
            memory = machine.resident_bytes(pid) - memory
            idle = _share(pid, IDLE_SECONDS)
            with ours.publisher_to(rooms) as publisher:
                publisher.go(rate)
                time.sleep(1)
                crowd.mark()
                before = crowd.report()["messages"]
                busy = _share(pid, BUSY_SECONDS)
                seen = crowd.report()
                publisher.stop()
    each = len(rooms) / viewers
    return {
        "memory": memory,
        "idle": idle,
        "busy": busy,
        "rate": (seen["messages"] - before) * each / BUSY_SECONDS,
        "p50_ms": seen["p50_ms"],
        "p99_ms": seen["p99_ms"],
        "lost": seen["lost_between"],
    }


def _share(pid: int, seconds: float) -> float:
    """Of a core, used by the process in the next `seconds`."""
    before, began = machine.cpu_seconds(pid), time.monotonic()
    time.sleep(seconds)
    return (machine.cpu_seconds(pid) - before) / (time.monotonic() - began)


if __name__ == "__main__":
    raise SystemExit(main())
