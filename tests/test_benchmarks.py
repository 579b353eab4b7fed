"""The benchmarks of rooms in miniature: their form and that nothing is lost, never how fast."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from benchmarks.peers.load import Crowd, Door
from benchmarks.peers.machine import Cores
from benchmarks.peers.pace import encoded
from benchmarks.peers.prepare import tools
from tests.stack import ROOT

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


def last_line(module: str, *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}", *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_a_small_fan_out_loses_nothing() -> None:
    # When 20 viewers hear 100 durable events a second from our server and from the C loop.
    told = last_line(
        "chat_fanout", "--quick", "--seconds", "1", "--viewers", "20", "--small", "0",
        "--only", "send_limit",
    )  # fmt: skip
    # Then both have carried them all, and the report has the form that is promised.
    assert (told["name"], told["viewers"]) == ("chat_fanout", 20)
    assert told["lost"] == told["peers_lost"]["send_limit"] == 0
    assert told["rates"] == {"ours": 100, "send_limit": 100}
    assert told["ours"] > 0
    assert told["ratio"] == {
        "send_limit": pytest.approx(told["ours"] / told["peers"]["send_limit"], abs=0.01)
    }
    assert told["p99_ms"] >= told["p50_ms"] > 0
    # And a ticker went as one event of about 130 bytes, several to a frame.
    assert 100 < told["bytes_per_delivery"] < 180
    assert told["messages_per_frame"] > 1


def test_a_small_storm_lets_everybody_in() -> None:
    told = last_line("join_storm", "--quick", "--viewers", "20", "--only-ours")
    assert (told["name"], told["viewers"], told["refused"]) == ("join_storm", 20, 0)
    assert told["ours"] > 0
    assert told["cpu_ms_per_join"]["ours"] > 0


def test_a_small_flash_sale_oversells_and_loses_nothing() -> None:
    # When 20 buyers press at once, beside pgbench and the same action one by one.
    told = last_line(
        "flash_sale", "--quick", "--buyers", "20", "--only", "pgbench,lock_first"
    )  # fmt: skip
    # Then every order that a buyer was told of stands once, with a piece behind it, on a disk.
    assert (told["name"], told["buyers"], told["rounds"]) == ("flash_sale", 20, 1)
    assert (told["oversold"], told["lost"], told["doubled"], told["findings"]) == (0, 0, 0, [])
    assert (told["durable"]["fsync"], told["durable"]["synchronous_commit"]) == ("on", "on")
    assert told["ours"] > 0
    assert set(told["peers"]) == {"pgbench", "lock_first"}
    assert told["ratio"]["pgbench"] == pytest.approx(
        told["ours"] / told["peers"]["pgbench"], abs=0.01
    )
    assert told["p99_ms"] >= told["p50_ms"] > 0


async def test_the_crowd_notices_what_is_missing_and_what_comes_twice() -> None:
    # Given a server that leaves number 3 out, says 4 twice, and refuses nobody.
    def ticker(seq: int) -> str:
        return encoded(seq)

    async def careless(socket: ServerConnection) -> None:
        await socket.send('[{"t":"welcome","s":1}]')
        await socket.send(f"[{ticker(2)},{ticker(4)}]")
        await socket.send(f"[{ticker(4)},{ticker(5)}]")
        await socket.wait_closed()

    async with serve(careless, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        program = tools(node=False, channels=False).load
        # When five viewers come in.
        door = Door(port, "/", welcome='"t":"welcome"')
        with Crowd(program, door, 5, Cores.split()) as crowd:
            report = await asyncio.to_thread(crowd.wait_until_joined)
            while report["most_s"] < 5 or report["least_s"] < 5:
                report = await asyncio.to_thread(crowd.report)
    # Then each has missed one and heard one twice.
    assert (report["joined"], report["refused"]) == (5, 0)
    assert (report["lost_between"], report["repeated"]) == (5, 5)
    assert (report["total"], report["fewest"]) == (15, 3)
