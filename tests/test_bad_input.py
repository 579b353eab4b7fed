"""Bad input, item by item: a clear answer, and not one row of the database is another afterwards.

`docs/bad-input.md` names the test of every item. Each test comes by the public door and ends with
the control: the right input goes through the same door.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.apps import apps
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from catalog.tests.goods import image
from core import clock
from orders.models import Order, SandboxWebhook
from orders.payments import signing
from orders.tests.conftest import (  # noqa: F401
    Market,
    _webhooks_reach_our_own_endpoint,
    market,
    user,
)
from promotion.models import Placement
from rooms import actions as rooms
from rooms.snapshot import snapshot
from rooms.tests import factories as make
from rooms.tests.conftest import db_do, watch  # noqa: F401
from rooms.tests.test_buying import room_with, wish
from rooms.tests.test_socket import NONSENSE
from streaming.origin.application import Origin
from streaming.origin.desk import DjangoDesk
from streaming.tests import muxer
from tests.stack import ROOT

API = "/api/v1"
# What a visit leaves without anybody having sent anything: sign-ins, and how many were watching.
PASSING = {"django_session", "rooms_room"}


def everything() -> dict[str, str]:
    """A digest of all rows of each table."""
    digests = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            table = model._meta.db_table
            if table in PASSING or not model._meta.managed:
                continue
            cursor.execute(
                f'SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM "{table}" t'
            )
            digests[table] = cursor.fetchone()[0]
    return digests


def files_below(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "lock"
    }


def post(client: Client, path: str, body: Any = None, *, key: str = "") -> tuple[int, str, Any]:
    """(status, code of the problem, body) of the API's answer."""
    headers = {"Idempotency-Key": key} if key else {}
    answer = client.post(API + path, body or {}, "application/json", headers=headers)
    if answer.status_code >= 400:
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["detail"]
    return answer.status_code, answer.json().get("code", ""), answer.json()


def purchase(market: Market, quantity: int = 1) -> dict[str, Any]:  # noqa: F811
    line = {
        "placement_id": market.placement.pk,
        "variant_id": market.term.listing_variant_id,
        "quantity": quantity,
    }
    return {"lines": [line]}


def signed_in(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


# Frames ------------------------------------------------------------------------------------------


async def test_broken_frames_of_any_kind_change_nothing_in_the_room(watch, db_do) -> None:  # noqa: F811
    room = await db_do(make.live_room, items=1)
    people = [await db_do(make.buyer) for _ in NONSENSE]
    watchers = [await watch(room, person) for person in people]
    before, shown = await db_do(everything), await db_do(snapshot, room.pk)
    for watcher, (frame, code) in zip(watchers, NONSENSE, strict=True):
        await watcher.send_raw(frame)
        error = await watcher.get("error")
        assert (error["code"], bool(error["detail"])) == (code, True), frame
    await watchers[0].send_raw(data=b"\x00\xff")
    await watchers[0].get("error", code="binary")
    after = await db_do(snapshot, room.pk)
    assert await db_do(everything) == before
    for name in ("s", "items", "pinned", "chat"):
        assert after[name] == shown[name], name
    assert after["counts"]["likes"] == 0
    await watchers[1].send({"t": "chat", "text": "and now a right one"})
    await watchers[0].get("chat")


# Video -------------------------------------------------------------------------------------------


@pytest.fixture
async def origin(transactional_db: None, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The real origin on the real database."""
    application = Origin(
        folder=lambda: tmp_path,
        secret=lambda: settings.STREAM_SIGNING_KEY,
        desk=DjangoDesk,
        keep_free=0,
    )
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://origin") as client:
        yield client
    await application.close()
    await sync_to_async(lambda: connection.close())()


class Camera:
    """A publisher with the grant that the API gave."""

    def __init__(self, origin: httpx.AsyncClient, grant: dict[str, Any]) -> None:
        self.origin = origin
        self.path = httpx.URL(grant["ingest_url"]).path.rstrip("/")
        self.headers = {"authorization": f"Bearer {grant['token']}"}

    async def put(self, number: int, body: bytes) -> httpx.Response:
        return await self.origin.put(f"{self.path}/{number}", content=body, headers=self.headers)


@sync_to_async
def go_live(slug: str, person: Any) -> tuple[int, dict[str, Any]]:
    status, _code, body = post(signed_in(person), f"/rooms/{slug}/go-live")
    return status, body


async def test_wrong_codecs_are_refused_and_use_up_no_number(origin, tmp_path: Path) -> None:
    room = await sync_to_async(make.live_room)()
    _status, grant = await go_live(room.slug, room.anchor)
    camera = Camera(origin, grant)
    before = await sync_to_async(everything)()
    wrong = {
        "hvc1": muxer.init(video=muxer.video_entry("hvc1")),
        "av01": muxer.init(video=muxer.video_entry("av01")),
        "ac-3": muxer.init(audio=muxer.audio_entry("ac-3")),
    }
    for codec, body in wrong.items():
        refused = await camera.put(0, body)
        assert (refused.status_code, refused.json()["code"]) == (422, "bad_media")
        assert codec in refused.json()["detail"]
        assert refused.headers["x-next"] == "0"
    assert await sync_to_async(everything)() == before
    assert not [name for name in files_below(tmp_path) if name.endswith((".mp4", ".m4s"))]
    assert (await camera.put(0, muxer.init(audio=muxer.audio_entry()))).status_code == 204


async def test_a_second_publisher_of_a_stranger_is_kept_out_and_one_of_the_anchor_takes_over(
    origin,
) -> None:
    room = await sync_to_async(make.live_room)()
    _status, grant = await go_live(room.slug, room.anchor)
    first = Camera(origin, grant)
    assert (await first.put(0, muxer.init())).status_code == 204
    for number, part in enumerate(muxer.show(0.5), start=1):
        assert (await first.put(number, part)).status_code == 204
    await asyncio.sleep(0.2)
    stranger = await sync_to_async(lambda: signed_in(make.user()))()
    before = await sync_to_async(everything)()

    for door in (f"/rooms/{room.slug}/go-live", f"/streams/{grant['stream']}/sessions"):
        assert (await sync_to_async(post)(stranger, door))[:2] == (404, "not_found")
    forged = Camera(origin, {**grant, "token": grant["token"][:-2] + "xx"})
    refused = await forged.put(3, muxer.part(0.5))
    assert (refused.status_code, refused.json()["code"]) == (403, "bad_token")
    assert await sync_to_async(everything)() == before
    assert (await first.put(3, muxer.part(0.5))).status_code == 204

    # The anchor's own second tab takes over with its first init, not with the grant alone.
    _status, newer = await go_live(room.slug, room.anchor)
    assert (await first.put(4, muxer.part(0.75))).status_code == 204
    second = Camera(origin, newer)
    assert (await second.put(0, muxer.init())).status_code == 204
    fenced = await first.put(5, muxer.part(1))
    assert (fenced.status_code, fenced.json()["code"]) == (403, "superseded")
    assert fenced.json()["detail"]
    assert (await second.put(1, muxer.part(0, key=True))).status_code == 204


# Orders ------------------------------------------------------------------------------------------


def test_more_than_the_stock_is_refused_with_what_is_left(market: Market) -> None:  # noqa: F811
    before = everything()
    status, code, body = post(market.client, "/orders", purchase(market, 11), key="k")
    assert (status, code, body["left"]) == (409, "sold_out", 10)
    assert everything() == before
    assert post(market.client, "/orders", purchase(market, 10), key="k")[0] == 201


async def test_more_than_the_stock_is_refused_over_the_socket(watch, db_do) -> None:  # noqa: F811
    room, item = await db_do(room_with, 2)
    shopper = await watch(room, await db_do(make.buyer))
    before = await db_do(everything)
    await shopper.send(wish(item, "key-much", qty=3))
    assert (await shopper.get("sold_out", key="key-much"))["left"] == 2
    assert await db_do(everything) == before
    await shopper.send(wish(item, "key-fits", qty=2))
    await shopper.get("order.accepted", key="key-fits")


def test_twice_with_one_key_is_one_order(market: Market) -> None:  # noqa: F811
    first = post(market.client, "/orders", purchase(market), key="k")
    assert first[0] == 201
    before = everything()
    again = post(market.client, "/orders", purchase(market), key="k")
    assert (again[0], again[2]["number"]) == (200, first[2]["number"])
    assert post(market.client, "/orders", purchase(market, 2), key="k")[:2] == (422, "key_reused")
    assert post(market.client, "/orders", purchase(market))[:2] == (422, "key_missing")
    assert everything() == before
    assert post(market.client, "/orders", purchase(market), key="other")[0] == 201
    assert Order.objects.count() == 2


def test_an_expired_placement_sells_nothing(market: Market) -> None:  # noqa: F811
    Placement.objects.update(expires_at=clock.now() + timedelta(minutes=5))
    with clock.travel(timedelta(minutes=6)):
        before = everything()
        assert post(market.client, "/orders", purchase(market), key="k")[:2] == (409, "closed")
        assert everything() == before
    assert post(market.client, "/orders", purchase(market), key="k")[0] == 201


async def test_an_expired_placement_sells_nothing_over_the_socket(watch, db_do) -> None:  # noqa: F811
    room, item = await db_do(room_with, 2)
    shopper = await watch(room, await db_do(make.buyer))
    terms = Placement.objects.filter(pk=item.placement_id)
    await db_do(lambda: terms.update(expires_at=clock.now() - timedelta(seconds=1)))
    before = await db_do(everything)
    await shopper.send(wish(item, "key-late"))
    assert (await shopper.get("closed", key="key-late"))["detail"]
    assert await db_do(everything) == before
    await db_do(lambda: terms.update(expires_at=None))
    await shopper.send(wish(item, "key-late"))
    await shopper.get("order.accepted", key="key-late")


def test_another_buyer_s_order_is_not_there(market: Market) -> None:  # noqa: F811
    order = market.paid()
    others = (signed_in(user("stranger")), signed_in(market.anchor))
    before = everything()
    for client in others:
        assert client.get(f"{API}/orders/{order.number}").status_code == 404
        assert client.get(f"/orders/{order.number}/").status_code == 404
        for verb in ("cancel", "release-hold", "confirm", "payments"):
            assert post(client, f"/orders/{order.number}/{verb}")[:2] == (404, "not_found"), verb
        for verb in ("cancel", "pay", "ship-now", "confirm"):
            assert client.post(f"/orders/{order.number}/{verb}/").status_code == 404, verb
        assert order.number not in client.get(f"{API}/orders").content.decode()
    assert everything() == before
    assert post(market.client, f"/orders/{order.number}/cancel")[0] == 200


def test_a_webhook_with_a_broken_signature_is_refused_and_not_kept(market: Market) -> None:  # noqa: F811
    market.order()
    row = SandboxWebhook.objects.get()
    body = json.dumps(row.body).encode()

    def knock(*, secret: str = settings.SANDBOX_WEBHOOK_SECRET, sent: bytes = body, **change: str):
        headers = signing.sign(secret=secret, event_id=row.event_id, at=clock.now(), body=body)
        headers = {name: value for name, value in {**headers, **change}.items() if value}
        path = "/payments/webhooks/sandbox"
        answer = Client().post(API + path, sent, "application/json", headers=headers)
        return answer.status_code, answer.json().get("code") if answer.content else ""

    before = everything()
    refused = (400, "bad_signature")
    assert knock(secret="another") == refused
    assert knock(sent=body.replace(b"10000", b"1")) == refused
    for name in (signing.SIGNATURE, signing.ID, signing.TIMESTAMP):
        for value in ("", "rubbish", "v1,", "1" * 400):
            assert knock(**{name: value}) == refused, (name, value)
    assert everything() == before
    assert knock()[0] == 200


# Pictures ----------------------------------------------------------------------------------------


def test_a_picture_that_is_no_picture_is_refused(
    market: Market,  # noqa: F811
    settings: Any,
    tmp_path: Path,
) -> None:
    settings.MEDIA_ROOT = tmp_path
    seller = signed_in(market.seller)
    address = f"{API}/offers/{market.offer.pk}/pictures"

    def upload(content: bytes) -> tuple[int, str]:
        answer = seller.post(address, {"file": SimpleUploadedFile("a.jpg", content, "image/jpeg")})
        return answer.status_code, answer.json().get("code", "")

    before = everything()
    broken = (b"MZ\x90\x00", b"<svg onload='x()'/>", image()[:300], b"GIF89a" + image())
    for content in broken:
        assert upload(content) == (422, "picture_unreadable")
    assert upload(b"\xff\xd8\xff" + bytes(10 * 1024 * 1024)) == (422, "picture_too_large")
    page = f"/supplier/offers/{market.offer.pk}/pictures/"
    seller.post(page, {"pictures": SimpleUploadedFile("a.jpg", broken[0], "image/jpeg")})
    assert everything() == before
    assert files_below(tmp_path) == {}
    assert upload(image()) == (201, "")


def test_a_room_that_is_over_takes_neither_goods_nor_a_camera(market: Market) -> None:  # noqa: F811
    room = rooms.quick_start(user=market.anchor, title="Short")
    anchor = signed_in(market.anchor)
    assert post(anchor, f"/rooms/{room.slug}/end")[0] == 200
    before = everything()
    listing = {"listing": market.placement.listing_id}
    assert post(anchor, f"/rooms/{room.slug}/items", listing)[:2] == (409, "room_over")
    assert post(anchor, f"/rooms/{room.slug}/go-live")[0] == 409
    assert everything() == before


def test_the_table_of_bad_input_names_tests_that_exist() -> None:
    named = re.findall(r"`(\S+\.py)::(\w+)`", (ROOT / "docs" / "bad-input.md").read_text())
    assert len(named) > 20
    for file, test in named:
        assert f"def {test}(" in (ROOT / file).read_text(), f"{file}::{test}"
