"""The origin tied to the real Django: what it is told, and what it tells."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connection

from accounts.models import User
from core.models import OutboxEvent
from streaming import actions
from streaming.models import PublishSession, Stream
from streaming.origin.application import Origin
from streaming.origin.desk import DjangoDesk
from streaming.tests import muxer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def origin(tmp_path: Path) -> AsyncIterator[Origin]:
    origin = Origin(
        folder=lambda: tmp_path,
        secret=lambda: settings.STREAM_SIGNING_KEY,
        desk=DjangoDesk,
        keep_free=0,
    )
    yield origin
    await origin.close()
    await sync_to_async(lambda: connection.close())()


@pytest.fixture
def client(origin: Origin) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=origin), base_url="http://origin")


@sync_to_async
def new_stream() -> tuple[Stream, Any]:
    owner = User.objects.create_user("anchor", "anchor@example.com", "secret")
    stream = actions.create_stream(owner=owner)
    return stream, actions.grant_publish(stream=stream, user=owner)


async def until(holds: Callable[[], Any], seconds: float = 10) -> Any:
    """Ask again until it holds; the answer."""
    deadline = time.monotonic() + seconds
    while not (answer := await holds()):
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.02)
    return answer


async def put(client: httpx.AsyncClient, grant: Any, seq: int, body: bytes) -> httpx.Response:
    headers = {"authorization": f"Bearer {grant.token}"}
    return await client.put(f"{grant.ingest_url}{seq}", content=body, headers=headers)


async def test_the_first_part_is_announced_and_the_end_refuses_the_key(
    client: httpx.AsyncClient,
) -> None:
    stream, grant = await new_stream()
    for seq, body in enumerate([muxer.init(), *muxer.show(1.25)]):
        assert (await put(client, grant, seq, body)).status_code == 204

    await until(
        lambda: OutboxEvent.objects.filter(
            topic="streaming.stream_started", payload={"stream_key": stream.key}
        ).aexists()
    )
    await until(
        lambda: PublishSession.objects.filter(
            session=grant.session, started_at__isnull=False
        ).aexists()
    )
    await sync_to_async(actions.end_stream)(stream=stream)

    async def refused() -> bool:
        answer = await put(client, grant, 6, muxer.part(1.25))
        return answer.status_code == 403 and answer.json()["code"] == "ended"

    await until(refused)
    source = await sync_to_async(actions.replay)(stream=stream)
    assert (await client.get(source.url)).status_code == 200


async def test_a_marker_reaches_players_and_chapters(client: httpx.AsyncClient) -> None:
    stream, grant = await new_stream()
    for seq, body in enumerate([muxer.init(), *muxer.show(1.25)]):
        await put(client, grant, seq, body)
    base = actions.playback(stream=stream)[0].url.removesuffix("ll.m3u8")

    await sync_to_async(actions.add_marker)(
        stream=stream, kind="pin", label="Tea", ref="p:1", payload={"n": 1}
    )

    async def chapters() -> list[dict[str, Any]]:
        return (await client.get(f"{base}chapters.json")).json()["chapters"]

    (chapter,) = await until(chapters)
    assert (chapter["kind"], chapter["label"], chapter["payload"]) == ("pin", "Tea", {"n": 1})
    assert 'X-LABEL="Tea"' in (await client.get(f"{base}ll.m3u8")).text


async def test_a_loaded_stream_is_read_again_even_without_a_notice(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streaming.origin.desk.REFRESH_SECONDS", 0.5)
    stream, grant = await new_stream()
    await put(client, grant, 0, muxer.init())

    await Stream.objects.filter(pk=stream.pk).aupdate(revoked_epoch=1)

    async def refused() -> bool:
        answer = await put(client, grant, 1, muxer.part(0, key=True))
        return answer.status_code == 403 and answer.json()["code"] == "revoked"

    await until(refused)


async def test_a_stream_that_django_does_not_know_is_not_found(client: httpx.AsyncClient) -> None:
    stream, grant = await new_stream()
    await PublishSession.objects.all().adelete()
    await Stream.objects.filter(pk=stream.pk).adelete()

    assert (await put(client, grant, 0, muxer.init())).status_code == 404
