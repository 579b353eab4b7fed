"""Generated product photographs and covers: deterministic by seed, drawn with Pillow alone."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from demo.pictures import beauty, carry, digital, fashion, food, home
from demo.pictures.backdrops import backdrop, mark
from demo.pictures.canvas import Canvas, Color, rgb
from demo.pictures.portraits import Look, portrait

THINGS: dict[str, Callable[[Canvas, Color, Color], None]] = {
    thing.__name__: thing
    for thing in (
        home.mug, home.kettle, home.lamp, home.vase, home.candle, home.pan, home.cushion,
        fashion.tee, fashion.hoodie, fashion.dress, fashion.cap, fashion.scarf, fashion.socks,
        fashion.jeans, carry.sneaker, carry.boots, carry.tote, carry.backpack, carry.handbag,
        carry.suitcase, beauty.lipstick, beauty.dropper, beauty.jar, beauty.perfume, beauty.tube,
        beauty.compact, digital.headphones, digital.earbuds, digital.speaker, digital.watch,
        digital.powerbank, digital.keyboard, digital.phone_case, digital.projector, food.tin,
        food.honey, food.coffee, food.giftbox, food.juice, food.oranges, food.nuts,
    )
}  # fmt: skip


@dataclass(frozen=True)
class Still:
    """One still life: the thing in its two colours, before a backdrop in two colours."""

    thing: str
    base: str
    accent: str
    backdrop: str
    wall: str
    floor: str


def draw_still(still: Still, brand: str) -> Image.Image:
    """800 × 800, the same for the same arguments."""
    canvas = Canvas(f"{still}{brand}")
    backdrop(canvas, still.backdrop, still.wall, still.floor)
    THINGS[still.thing](canvas, rgb(still.base), rgb(still.accent))
    mark(canvas, brand, still.floor)
    return canvas.finish()


def still_png(still: Still, brand: str) -> bytes:
    """As `draw_still`, ready to upload; a plain function, so that another process can do it."""
    return encode(draw_still(still, brand))


def draw_cover(look: Look) -> Image.Image:
    """600 × 800, for the card of a room."""
    canvas = Canvas(str(look))
    portrait(canvas, look)
    return canvas.finish().crop((100, 0, 700, 800))


def encode(image: Image.Image) -> bytes:
    """PNG with the least effort: the catalog re-encodes every upload anyway."""
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=1)
    return out.getvalue()


__all__ = ["THINGS", "Look", "Still", "draw_cover", "draw_still", "encode", "still_png"]
