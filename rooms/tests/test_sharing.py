"""What is seen of a room where its link is shared: QR code, preview picture, absolute addresses."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
import zxingcpp
from django.core.cache import cache
from django.test import Client
from PIL import Image, ImageDraw

from catalog import pictures
from rooms import actions, sharing
from rooms.models import Room
from rooms.tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _empty_cache(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    settings.BASE_URL = "https://shop.example"
    cache.clear()


def picture(colour: str = "teal") -> str:
    """A stored picture; returns its key."""
    out = BytesIO()
    Image.new("RGB", (900, 1200), colour).save(out, "PNG")
    return pictures.store(out.getvalue()).key


def preview_of(client: Client, room: Room) -> Image.Image:
    answer = client.get(f"/rooms/{room.slug}/og.png")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    return Image.open(BytesIO(answer.content)).convert("RGB")


def drawn(svg: str, scale: int = 8) -> Image.Image:
    """The code as a camera sees it: each `h` run of the path is a row of dark modules."""
    import re

    side = int(re.search(r'viewBox="0 0 (\d+)', svg)[1])  # type: ignore[index]
    image = Image.new("L", (side * scale, side * scale), 255)
    pen = ImageDraw.Draw(image)
    for x, y, width, height in re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)h-\d+Z", svg):
        left, top = int(x) * scale, int(y) * scale
        right, bottom = left + int(width) * scale, top + int(height) * scale
        pen.rectangle((left, top, right - 1, bottom - 1), fill=0)
    return image


def test_a_camera_reads_the_room_s_address_from_the_code(client: Client) -> None:
    room = make.live_room()
    answer = client.get(f"/rooms/{room.slug}/qr.svg")
    assert answer["Content-Type"] == "image/svg+xml"
    svg = answer.content.decode()
    assert svg.startswith("<svg")
    found = zxingcpp.read_barcodes(drawn(svg))
    assert [code.text for code in found] == [f"https://shop.example/rooms/{room.slug}/"]


def test_the_preview_shows_the_cover_and_whether_it_is_live(client: Client) -> None:
    room = make.live_room()
    Room.objects.filter(pk=room.pk).update(cover_key=picture("teal"))
    live = preview_of(client, room)
    assert live.size == (1200, 630)
    assert live.getpixel((300, 300)) == pytest.approx((0, 128, 128), abs=12)
    assert vermilion(live) > 5_000
    actions.end_room(room=room, actor=make_actor(room))
    over = preview_of(client, room)
    assert vermilion(over) == 0


def vermilion(image: Image.Image) -> int:
    """How many points of the picture have the colour of the badge."""
    found: list[tuple[int, int, int]] = list(image.get_flattened_data())  # type: ignore[arg-type]
    return sum(1 for red, green, blue in found if red > 180 and green < 80 and blue < 60)


def make_actor(room: Room) -> Any:
    from core.actors import acting

    return acting(room.anchor, "anchor")


def test_a_room_without_pictures_or_goods_has_a_preview_too(client: Client) -> None:
    assert preview_of(client, make.live_room()).size == (1200, 630)


def test_the_preview_is_drawn_once_for_each_content(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    times: list[sharing.Preview] = []
    draw = sharing._draw

    def counted(facts: sharing.Preview) -> bytes:
        times.append(facts)
        return draw(facts)

    monkeypatch.setattr(sharing, "_draw", counted)
    room = make.live_room(items=1)
    for _ in range(3):
        preview_of(client, room)
    assert len(times) == 1
    assert times[0].price == "CNY 99.00"
    item = make.first_item(room)
    item.card["price"]["text"] = "¥1,234.50"
    item.save()
    preview_of(client, room)
    assert [facts.price for facts in times] == ["CNY 99.00", "CNY 1,234.50"]


def test_a_lost_cover_file_is_no_error(client: Client) -> None:
    room = make.live_room()
    Room.objects.filter(pk=room.pk).update(cover_key="gone1234")
    preview_of(client, room)


@pytest.mark.parametrize("address", ["", "http://elsewhere/p/x-480.webp?", "/media/p/../../etc"])
def test_only_our_own_addresses_are_loaded(address: str) -> None:
    assert pictures.load(address) is None


def test_the_page_names_absolute_addresses(client: Client) -> None:
    room = make.live_room()
    page = client.get(f"/rooms/{room.slug}/", headers={"host": "testserver"}).content.decode()
    base = f"https://shop.example/rooms/{room.slug}/"
    assert f'<meta property="og:image" content="{base}og.png">' in page
    assert f'<meta property="og:url" content="{base}">' in page
    assert f'<link rel="canonical" href="{base}">' in page
    assert '<meta name="twitter:card" content="summary_large_image">' in page
    assert f'value="{base}"' in page


def test_a_draft_is_shared_by_its_anchor_alone(client: Client) -> None:
    room = actions.create_room(anchor=make.user(), title="Not yet")
    for name in ("qr.svg", "og.png"):
        assert client.get(f"/rooms/{room.slug}/{name}").status_code == 404
    client.force_login(room.anchor)
    for name in ("qr.svg", "og.png"):
        answer = client.get(f"/rooms/{room.slug}/{name}")
        assert answer.status_code == 200
        assert answer["Cache-Control"].startswith("private")
