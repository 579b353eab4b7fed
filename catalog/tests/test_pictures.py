"""Pictures: only what decodes is kept, only as we encode it."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from catalog import actions, pictures
from catalog.models import Picture
from catalog.tests.goods import image, listing_of
from core.errors import Invalid


def files() -> list[Path]:
    return sorted(Path(settings.MEDIA_ROOT).rglob("*.*"))


def opened(picture: Picture, width: int) -> Image.Image:
    return Image.open(Path(settings.MEDIA_ROOT) / "p" / f"{picture.key}-{width}.webp")


@pytest.fixture
def product(supplier):
    return listing_of(supplier).product


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_kept_as_webp_in_several_widths(product, format):
    picture = actions.add_picture(
        product=product,
        upload=SimpleUploadedFile("evil.php", image(1600, 1200, format), "text/html"),
        alt="front",
    )
    assert picture.widths == [160, 320, 480, 640, 960]
    assert (picture.width, picture.height) == (960, 720)
    assert [opened(picture, w).size for w in (160, 960)] == [(160, 120), (960, 720)]
    assert {path.suffix for path in files()} == {".webp"}
    assert opened(picture, 160).format == "WEBP"


def test_a_small_picture_is_not_blown_up(product):
    picture = actions.add_picture(product=product, upload=image(400, 400))
    assert picture.widths == [160, 320, 480]
    assert picture.srcset.endswith("-480.webp 400w")
    assert opened(picture, 480).size == (400, 400)
    assert opened(picture, 960).size == (400, 400)


def test_nothing_of_the_original_file_survives(product):
    exif = Image.Exif()
    exif[0x010E] = "taken at 12 Secret Street"
    polyglot = image(exif=exif) + b"<script>alert(1)</script>PK\x03\x04"
    picture = actions.add_picture(product=product, upload=polyglot)
    for path in files():
        data = path.read_bytes()
        assert b"Secret" not in data
        assert b"script" not in data
    assert not opened(picture, 640).getexif()


def test_a_picture_taken_sideways_stands_upright(product):
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = actions.add_picture(product=product, upload=image(800, 400, exif=exif))
    assert picture.height > picture.width


def png_of(width: int, height: int) -> bytes:
    """A tiny file that claims to be huge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


GIF = BytesIO()
Image.new("P", (100, 100)).save(GIF, "GIF")


@pytest.mark.parametrize(
    ("upload", "code"),
    [
        (b"", "picture_unreadable"),
        (b"no picture at all", "picture_unreadable"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "picture_unreadable"),
        (GIF.getvalue(), "picture_unreadable"),
        (b"GIF89a" + image(), "picture_unreadable"),
        (image()[:400], "picture_unreadable"),
        (image(format="PNG")[:200], "picture_unreadable"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "picture_unreadable"),
        (b"\xff\xd8\xff" + b"\0" * (10 * 1024 * 1024), "picture_too_large"),
        (png_of(8_000, 5_001), "picture_too_many_pixels"),
        (png_of(60_000, 60_000), "picture_too_many_pixels"),
        (png_of(2_000_000_000, 2_000_000_000), "picture_too_many_pixels"),
        (png_of(1_000, 1_000), "picture_unreadable"),
        (png_of(0, 10), "picture_unreadable"),
        (image(63, 63), "picture_too_small"),
        (image(2_000, 100), "picture_too_long"),
    ],
)
def test_what_is_no_good_picture_is_refused_and_leaves_nothing(product, upload, code):
    with pytest.raises(Invalid) as refusal:
        actions.add_picture(product=product, upload=upload)
    assert refusal.value.code == code
    assert not files()
    assert not Picture.objects.exists()


def test_a_product_has_at_most_twelve(product):
    Picture.objects.bulk_create(
        Picture(product=product, key=f"k{n}", width=1, height=1, position=n) for n in range(12)
    )
    with pytest.raises(Invalid, match="12"):
        actions.add_picture(product=product, upload=image())


def test_pictures_keep_their_order_and_one_can_be_put_first(product):
    first, second = (actions.add_picture(product=product, upload=image()) for _ in range(2))
    actions.lead_with(picture=second)
    assert list(product.pictures.all()) == [second, first]
    actions.remove_picture(picture=second)
    assert list(product.pictures.all()) == [first]


def test_an_address_names_the_narrowest_file_that_is_wide_enough():
    assert pictures.url("k", 100).endswith("/p/k-160.webp")
    assert pictures.url("k", 481).endswith("/p/k-640.webp")
    assert pictures.url("k", 4_000).endswith("/p/k-960.webp")


def test_a_picture_is_served_by_its_name_for_a_year(client, product):
    picture = actions.add_picture(product=product, upload=image())
    answer = client.get(picture.src)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/webp"
    assert "immutable" in answer["Cache-Control"]
    for wrong in ("/media/../settings.py", "/media/p/none.webp", "/media/p/", "/media/%2e%2e/x"):
        assert client.get(wrong).status_code == 404
