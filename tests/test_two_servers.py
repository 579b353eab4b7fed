"""Two server processes behind one Redis: what one says the other's viewers hear, and either may die."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import websockets

from rooms.snapshot import fold
from tests.market import heard
from tests.stack import ROOT, Stack, free_port

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]

VIEWERS = 40
# A killed process's viewers are with the other one within this.
BACK_SECONDS = 5.0

ROOM = """
import json
from rooms.tests import factories as make
room = make.live_room(items=2)
print("MARKET " + json.dumps({"room": room.pk, "slug": room.slug}))
"""
PINS = """
import json, time
from rooms import actions
from rooms.models import Room, RoomItem
room = Room.objects.select_related("anchor").get(pk=%(room)d)
items = list(RoomItem.objects.filter(room=room).values_list("placement_id", flat=True))
until = time.time() + %(seconds)f
count = 0
while time.time() < until:
    actions.pin(room=room, placement_id=[*items, None][count %% 3], actor=room.anchor)
    count += 1
    time.sleep(0.05)
print("MARKET " + json.dumps({"pins": count}))
"""


class SecondServer:
    """Another server process on the data of a running stack."""

    def __init__(self, stack: Stack) -> None:
        self.port = free_port()
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "serve", "--port", str(self.port)],
            env={**stack.environment, "LIVESHOP_SUPERVISED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        give_up = time.monotonic() + 60
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"http://127.0.0.1:{self.port}/healthz").status_code == 200:
                    return
            assert time.monotonic() < give_up
            time.sleep(0.2)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


@pytest.fixture(scope="module")
def room(stack: Stack) -> dict[str, Any]:
    """{room, slug}"""
    return heard(stack.shell(ROOM))


@pytest.fixture
def second(stack: Stack) -> Iterator[SecondServer]:
    server = SecondServer(stack)
    yield server
    server.stop()


class Person:
    """Follows docs/realtime.md: folds, resumes by `s`, comes back after `bye` or a lost line."""

    def __init__(self, room: int, ports: list[int]) -> None:
        self.room = room
        self.ports = ports
        self.state: dict[str, Any] | None = None
        self.numbers: list[int] = []
        self.viewers = 0
        self.gaps = 0
        self.repeated = 0
        self.lost_at: float | None = None
        self.absences: list[float] = []
        self.byes: list[int] = []
        self.connected = False
        self.task = asyncio.create_task(self._live())

    async def _live(self) -> None:
        port = 0
        pause = 0.5
        while True:
            here = self.ports[port % len(self.ports)]
            since = "" if self.state is None else f"?s={self.state['s']}"
            try:
                async with websockets.connect(
                    f"ws://127.0.0.1:{here}/ws/rooms/{self.room}/{since}", open_timeout=5
                ) as line:
                    if self.state is None:
                        await line.send(json.dumps({"t": "hello", "s": None}))
                    async for frame in line:
                        self._take(json.loads(frame))
                        pause = 0.5
            except (OSError, websockets.WebSocketException, TimeoutError):
                pass
            self.connected = False
            self.lost_at = self.lost_at or time.monotonic()
            port += 1
            if self.byes:
                await asyncio.sleep(self.byes[-1] / 1000)
            else:
                await asyncio.sleep(pause * random.uniform(0.5, 1))
            pause = min(10.0, pause * 2)

    def _take(self, events: list[dict[str, Any]]) -> None:
        for event in events:
            if event["t"] == "welcome":
                self.connected = True
                if self.lost_at is not None:
                    self.absences.append(time.monotonic() - self.lost_at)
                    self.lost_at = None
            elif event["t"] == "reset":
                self.state = event["snapshot"]
            elif event["t"] == "bye":
                self.byes.append(event["retry_ms"])
            elif event["t"] == "viewers":
                self.viewers = event["n"]
            elif "s" in event and self.state is not None:
                if event["s"] <= self.state["s"]:
                    self.repeated += 1
                    continue
                if event["s"] > self.state["s"] + 1:
                    self.gaps += 1
                self.state = fold(self.state, event)
                self.numbers.append(event["s"])


async def test_a_person_drops_what_is_repeated_and_notices_what_is_missing() -> None:
    """Without this the tests below could not fail."""
    person = Person(0, [])
    person.task.cancel()
    snapshot = {"s": 3, "items": [], "pinned": None}
    person._take([{"t": "welcome"}, {"t": "reset", "snapshot": snapshot}])
    person._take([{"t": "pin", "s": s, "placement": None} for s in (2, 3, 4, 5, 4)])
    assert (person.numbers, person.repeated, person.gaps) == ([4, 5], 3, 0)
    person._take([{"t": "pin", "s": 7, "placement": None}])
    assert (person.numbers, person.gaps) == ([4, 5, 7], 1)


async def until(condition: Any, seconds: float, what: str) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, what
        await asyncio.sleep(0.05)


async def crowd_of(room: int, first: int, second: int) -> list[Person]:
    """Half of them begin with either server; each knows the other one too."""
    ports = [[first, second], [second, first]]
    people = [Person(room, ports[number % 2]) for number in range(VIEWERS)]
    await until(lambda: all(p.connected and p.state for p in people), 20, "not all came")
    return people


async def leave(people: list[Person]) -> None:
    for person in people:
        person.task.cancel()
    await asyncio.gather(*(person.task for person in people), return_exceptions=True)


def durable(state: dict[str, Any]) -> dict[str, Any]:
    return {name: state[name] for name in ("s", "room", "items", "pinned")}


async def fresh(stack: Stack, slug: str) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=stack.base_url) as http:
        return (await http.get(f"/api/v1/rooms/{slug}/snapshot")).json()


async def test_a_killed_servers_viewers_are_back_with_nothing_missing(
    stack: Stack, second: SecondServer, room: dict[str, Any]
) -> None:
    people = await crowd_of(room["room"], stack.port, second.port)
    try:
        await until(lambda: people[0].viewers == VIEWERS, 15, "both servers' viewers are counted")
        pins = asyncio.create_task(
            asyncio.to_thread(stack.shell, PINS % {"room": room["room"], "seconds": 6.0})
        )
        await until(lambda: all(len(p.numbers) > 5 for p in people), 30, "events reach both")
        os.kill(second.process.pid, signal.SIGKILL)
        await until(lambda: sum(not p.connected for p in people) >= VIEWERS // 2, 5, "half is cut")
        await until(lambda: all(p.connected for p in people), BACK_SECONDS + 2, "not all are back")
        assert heard(await pins)["pins"] > 20
        head = await fresh(stack, room["slug"])
        await until(lambda: all(p.state["s"] == head["s"] for p in people), 10, "all at the head")
        absences = [seconds for person in people for seconds in person.absences]
        assert len(absences) == VIEWERS // 2
        assert max(absences) < BACK_SECONDS
        for person in people:
            assert person.gaps == 0
            assert person.numbers == list(range(person.numbers[0], head["s"] + 1))
            assert durable(person.state) == durable(head)
        await until(lambda: people[0].viewers == VIEWERS, 12, "nobody is counted twice for long")
    finally:
        await leave(people)


async def test_a_server_that_is_told_to_end_sends_its_viewers_away_one_by_one(
    stack: Stack, second: SecondServer, room: dict[str, Any]
) -> None:
    people = await crowd_of(room["room"], second.port, second.port)
    for person in people:
        person.ports = [second.port, stack.port]
    pins = asyncio.create_task(
        asyncio.to_thread(stack.shell, PINS % {"room": room["room"], "seconds": 6.0})
    )
    try:
        await until(lambda: all(len(p.numbers) > 3 for p in people), 30, "events reach all")
        second.process.send_signal(signal.SIGTERM)
        await until(lambda: all(p.absences and p.connected for p in people), 12, "not all are back")
        assert await asyncio.to_thread(second.process.wait, 10) == 0
        byes = sorted(person.byes[0] for person in people)
        # Spread over the crowd's own time, not one moment for all.
        assert byes[-1] - byes[0] > 300
        assert len({value // 100 for value in byes}) >= 4
        assert heard(await pins)["pins"] > 20
        head = await fresh(stack, room["slug"])
        await until(lambda: all(p.state["s"] == head["s"] for p in people), 10, "all at the head")
        for person in people:
            assert person.gaps == 0
            assert durable(person.state) == durable(head)
    finally:
        await leave(people)


PERSON = """
import json
from accounts.models import User
from django.test import Client
user = User.objects.create_user("%(name)s", "%(name)s@example.org", "secret words 1")
client = Client()
client.force_login(user)
print("MARKET " + json.dumps({"user": user.pk, "session": client.cookies["sessionid"].value}))
"""
BAR = """
import json, time
from accounts.models import User
user = User.objects.get(pk=%(user)d)
user.is_active = False
user.save()
print("MARKET " + json.dumps({"at": time.time()}))
"""
SESSION_OVER = 4001
AT_ONCE = 2.0


async def closed_at(line: Any) -> float:
    """Unix seconds when the server closed it."""
    with contextlib.suppress(websockets.ConnectionClosed):
        while True:
            await line.recv()
    assert line.close_code == SESSION_OVER
    return time.time()


@pytest.mark.parametrize("how", ["signs out", "is barred"])
async def test_who_is_out_at_one_server_is_out_at_the_other(
    stack: Stack, second: SecondServer, room: dict[str, Any], how: str
) -> None:
    name = f"person-who-{how.replace(' ', '-')}"
    person = heard(await asyncio.to_thread(stack.shell, PERSON % {"name": name}))
    cookie = f"sessionid={person['session']}"
    async with websockets.connect(
        f"ws://127.0.0.1:{second.port}/ws/rooms/{room['room']}/",
        additional_headers={"Cookie": cookie},
    ) as line:
        welcome = json.loads(await line.recv())[0]
        assert welcome["you"]["id"] == person["user"]
        closing = asyncio.create_task(closed_at(line))
        if how == "signs out":
            async with httpx.AsyncClient(
                base_url=stack.base_url, headers={"Cookie": cookie}, timeout=20
            ) as http:
                form = await http.get("/accounts/logout/")
                token = re.search(r'name="csrf-token" content="([^"]+)"', form.text)
                assert token
                headers = {
                    "Cookie": f"{cookie}; csrftoken={form.cookies['csrftoken']}",
                    "X-CSRFToken": token.group(1),
                }
                answer = await http.post("/accounts/logout/", headers=headers)
                assert answer.status_code == 302
                out_at = time.time()
        else:
            out_at = heard(await asyncio.to_thread(stack.shell, BAR % person))["at"]
        async with asyncio.timeout(30):
            assert await closing - out_at < AT_ONCE
