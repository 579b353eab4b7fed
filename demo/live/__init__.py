"""Keeps the demo room alive: a broadcaster, a host, a crowd of real clients, and hands backstage."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError, close_old_connections

from core.errors import DomainError
from demo.live import backstage
from demo.live.board import Board
from demo.live.crowd import Crowd
from demo.live.host import Host
from demo.live.recording import Recording
from demo.live.stage import Stage

log = logging.getLogger(__name__)

HOST_SECONDS = 1.0
BACKSTAGE_SECONDS = 20.0
STAGE_SECONDS = 2.0


async def run() -> None:
    """Until SIGTERM or SIGINT. What fails is tried again: the server may be restarting."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    stage, board = Stage(settings.BASE_URL), Board()
    recording = Recording(settings.BASE_URL)
    host = Host(board)
    crowd = Crowd(settings.BASE_URL, board)
    work = [
        asyncio.create_task(_again(stage.tend, STAGE_SECONDS)),
        asyncio.create_task(_again(lambda: host.act(stage.room_id), HOST_SECONDS)),
        asyncio.create_task(_again(recording.tend, STAGE_SECONDS)),
        asyncio.create_task(_again(backstage.act, BACKSTAGE_SECONDS)),
        asyncio.create_task(crowd.run(lambda: stage.room_id)),
    ]
    await stop.wait()
    for task in work:
        task.cancel()
    await asyncio.wait(work, timeout=1)
    stage.close()
    recording.close()


async def _again(act: Callable[[], None], pause: float) -> None:
    while True:
        try:
            await sync_to_async(_guarded)(act)
        except (DatabaseError, OSError) as error:
            log.info("demo waits", extra={"why": repr(error)})
        except DomainError as refusal:
            log.info("demo was refused", extra={"why": str(refusal)})
        await asyncio.sleep(pause)


def _guarded(act: Callable[[], None]) -> None:
    close_old_connections()
    act()
