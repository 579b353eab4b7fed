"""The cover of a room: uploaded by its anchor, seen in lists, replaced and removed."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts.models import User
from rooms import actions, feed
from rooms.models import Room
from rooms.tests import factories as make

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def anchor() -> User:
    return make.user("mia")


@pytest.fixture
def studio(anchor: User) -> Client:
    client = Client()
    client.force_login(anchor)
    return client


def upload(colour: str = "teal", data: bytes = b"") -> SimpleUploadedFile:
    out = BytesIO()
    Image.new("RGB", (900, 600), colour).save(out, "JPEG")
    return SimpleUploadedFile("cover.jpg", data or out.getvalue(), "image/jpeg")


def cover(room: Room) -> dict[str, str] | None:
    return feed.tile(Room.objects.select_related("anchor", "pinned").get(pk=room.pk))["cover"]


def files(media: Path) -> int:
    return len([path for path in media.rglob("*.webp") if path.is_file()])


def test_a_show_is_planned_with_its_cover(studio: Client) -> None:
    answer = studio.post("/studio/rooms/", {"title": "Silk", "cover": upload()})
    assert answer.status_code == 302
    room = Room.objects.get(title="Silk")
    shown = cover(room)
    assert shown is not None
    assert shown["src"] in studio.get("/studio/").content.decode()


def test_a_file_that_is_no_picture_leaves_no_half_planned_show(studio: Client) -> None:
    answer = studio.post(
        "/studio/rooms/", {"title": "Silk", "cover": upload(data=b"<script>alert(1)</script>")}
    )
    assert answer.status_code == 422
    assert "JPEG, PNG" in answer.content.decode()
    assert not Room.objects.exists()


def test_a_cover_is_replaced_and_removed_with_its_files(
    studio: Client, anchor: User, media: Path
) -> None:
    room = make.live_room(anchor)
    address = f"/studio/{room.slug}/cover/"
    assert cover(room) is None
    assert studio.post(address, {"cover": upload()}).status_code == 302
    first, written = cover(room), files(media)
    assert written > 0
    # WHEN a file cannot be read THEN the former cover stays
    assert studio.post(address, {"cover": upload(data=b"GIF89a")}).status_code == 422
    assert studio.post(address).status_code == 422
    assert cover(room) == first
    # WHEN it is replaced
    assert studio.post(address, {"cover": upload("red")}).status_code == 302
    assert cover(room) not in (None, first)
    assert files(media) == written
    # WHEN it is removed
    assert studio.post(address, {"remove": "1"}).status_code == 302
    assert cover(room) is None
    assert files(media) == 0


def test_a_picture_that_another_room_shows_is_kept(
    studio: Client, anchor: User, media: Path
) -> None:
    one, two = make.live_room(anchor), actions.create_room(anchor=anchor)
    studio.post(f"/studio/{one.slug}/cover/", {"cover": upload()})
    one.refresh_from_db()
    Room.objects.filter(pk=two.pk).update(cover_key=one.cover_key)
    written = files(media)
    studio.post(f"/studio/{one.slug}/cover/", {"remove": "1"})
    assert cover(two) is not None
    assert files(media) == written


def test_nobody_else_changes_a_cover(studio: Client) -> None:
    room = make.live_room(make.user("other"))
    assert studio.post(f"/studio/{room.slug}/cover/", {"cover": upload()}).status_code == 404
    assert Client().post(f"/studio/{room.slug}/cover/", {"cover": upload()}).status_code == 302
    room.refresh_from_db()
    assert room.cover_key == ""
