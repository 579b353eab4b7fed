"""A room as others see it before they come in: its address, a QR code of it, a picture for previews."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import zxingcpp
from django.conf import settings
from django.core.cache import cache
from PIL import Image, ImageDraw, ImageFont, ImageOps

from catalog import pictures
from rooms.models import Room
from rooms.states import ON_AIR

# What link previews ask for (Open Graph).
WIDTH, HEIGHT = 1200, 630
KEPT_SECONDS = 3600

GROUND = (29, 22, 19)
PAPER = (247, 243, 236)
VERMILION = (203, 50, 12)
PAD = 64


def address(room: Room) -> str:
    """The room's page as seen from outside, by BASE_URL."""
    return settings.BASE_URL + room.get_absolute_url()


def qr_svg(text: str) -> bytes:
    """A QR code of `text` as SVG, black on white with its quiet zone, in whatever size it is shown."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    svg: str = code.to_svg()
    # Without a viewBox an <img> cannot scale it.
    side = svg.split('<svg width="', 1)[1].split('"', 1)[0]
    sized = svg.replace("<svg ", f'<svg viewBox="0 0 {side} {side}" ', 1)
    return sized[sized.index("<svg") :].encode()


@dataclass(frozen=True, slots=True)
class Preview:
    """What the picture shows; equal ones have equal pictures. `price`: an amount in ASCII, or ""."""

    cover: str
    live: bool
    price: str


def preview(room: Room, cover: dict[str, str] | None, price: dict[str, Any] | None) -> Preview:
    """Facts of a room for its picture: no words, because no font here has all scripts."""
    return Preview(
        cover=cover["src"] if cover else "",
        live=room.state in ON_AIR,
        price=amount(price) if price else "",
    )


def amount(price: dict[str, Any]) -> str:
    """An amount that Latin letters and digits can write: "CNY 99.00"."""
    written = "".join(c for c in price["text"] if c.isascii() and (c.isdigit() or c in ".,"))
    return f"{price['currency']} {written.strip('.,')}"


def picture(facts: Preview) -> bytes:
    """The preview as PNG, 1200 × 630; drawn once an hour for each content."""
    content = f"{facts.cover} {facts.live} {facts.price}".encode()
    key = f"rooms:preview:{hashlib.blake2b(content, digest_size=16).hexdigest()}"
    kept: bytes | None = cache.get(key)
    if kept is None:
        kept = _draw(facts)
        cache.set(key, kept, KEPT_SECONDS)
    return kept


def _draw(facts: Preview) -> bytes:
    image = Image.new("RGB", (WIDTH, HEIGHT), GROUND)
    draw = ImageDraw.Draw(image)
    cover = pictures.load(facts.cover)
    left = PAD
    if cover is not None:
        image.paste(ImageOps.fit(cover, (HEIGHT, HEIGHT), Image.Resampling.LANCZOS), (0, 0))
        left = HEIGHT + PAD
    draw.text((left, PAD), "Liveshop", font=ImageFont.load_default(52), fill=PAPER)
    if facts.live:
        _badge(draw, left, 190)
    else:
        _play(draw, left, 190)
    if facts.price:
        size = 84
        while draw.textlength(facts.price, ImageFont.load_default(size)) > WIDTH - left - PAD / 2:
            size -= 4
        at = (left, HEIGHT - PAD)
        draw.text(at, facts.price, font=ImageFont.load_default(size), fill=PAPER, anchor="ls")
    out = BytesIO()
    image.quantize(256, dither=Image.Dither.NONE).save(out, "PNG", optimize=False)
    return out.getvalue()


def _badge(draw: ImageDraw.ImageDraw, x: int, y: int) -> None:
    draw.rounded_rectangle((x, y, x + 250, y + 96), radius=48, fill=VERMILION)
    draw.ellipse((x + 36, y + 36, x + 60, y + 60), fill=PAPER)
    draw.text((x + 82, y + 48), "LIVE", font=ImageFont.load_default(56), fill=PAPER, anchor="lm")


def _play(draw: ImageDraw.ImageDraw, x: int, y: int) -> None:
    draw.ellipse((x, y, x + 120, y + 120), outline=PAPER, width=6)
    draw.polygon([(x + 48, y + 36), (x + 48, y + 84), (x + 88, y + 60)], fill=PAPER)
