"""A little studio: products on a lit stage, one after the other, in a loop without a seam."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

WIDTH: Final = 540
HEIGHT: Final = 960
CARD: Final = 400
CARD_TOP: Final = 270
FLOOR: Final = CARD_TOP + CARD + 14
FADE_SECONDS: Final = 0.7
MOST_PICTURES: Final = 6

Colour = tuple[int, int, int]
# Wall above, wall below, floor, light.
PALETTES: Final[Sequence[tuple[Colour, Colour, Colour, Colour]]] = (
    ((58, 28, 72), (214, 92, 110), (92, 40, 66), (255, 214, 170)),
    ((18, 44, 74), (58, 150, 160), (20, 62, 84), (190, 240, 255)),
    ((72, 34, 20), (232, 142, 72), (112, 58, 34), (255, 232, 180)),
    ((24, 52, 42), (132, 176, 112), (34, 74, 58), (240, 255, 200)),
)


def frames(
    *, pictures: Sequence[Path], seed: int, seconds: int, frame_rate: int
) -> Iterator[Image.Image]:
    """RGB pictures of `WIDTH`×`HEIGHT`; the last one leads back into the first."""
    top, bottom, floor, light = PALETTES[seed % len(PALETTES)]
    stage = _stage(top, bottom, floor)
    cards = [_card(picture) for picture in pictures[:MOST_PICTURES]] or [_emblem(light)]
    spots = _spots(seed, light)
    beam = _glow(620, 30)
    mask = _rounded(CARD, 36)
    shadow = _shadow()
    mirror = _mirror_mask()
    beam_light = Image.new("RGB", beam.size, light)
    each = seconds / len(cards)
    for number in range(seconds * frame_rate):
        time = number / frame_rate
        turn = 2 * math.pi * time / seconds
        picture = stage.copy()
        for image, glow, x, y, reach, pace, phase in spots:
            picture.paste(
                image,
                (
                    round(x + reach * math.sin(pace * turn + phase)),
                    round(y + reach * 0.6 * math.cos(pace * turn + phase)),
                ),
                glow,
            )
        picture.paste(
            beam_light,
            (round(-40 + 230 * math.sin(2 * turn)), round(60 + 40 * math.cos(turn))),
            beam,
        )
        card = _at(cards, time, each, seconds)
        sway = round(6 * math.sin(3 * turn))
        left = (WIDTH - CARD) // 2
        picture.paste((0, 0, 0), (left - 40, CARD_TOP - 20 + sway), shadow)
        picture.paste(card, (left, CARD_TOP + sway), mask)
        reflection = ImageOps.flip(card.crop((0, CARD - mirror.height, CARD, CARD)))
        picture.paste(reflection, (left, FLOOR + 22 - sway), mirror)
        yield picture


def _at(cards: Sequence[Image.Image], time: float, each: float, seconds: int) -> Image.Image:
    """The card of this moment, slowly zooming; towards its end it turns into the next."""
    index = int(time / each) % len(cards)
    inside = time - index * each
    card = _zoomed(cards[index], inside / each)
    left = each - inside
    if left < FADE_SECONDS and len(cards) > 1:
        # The next one begins at zero zoom, so that nothing jumps when it takes over.
        following = _zoomed(cards[(index + 1) % len(cards)], 0.0)
        card = Image.blend(card, following, 1 - left / FADE_SECONDS)
    return card


def _zoomed(card: Image.Image, progress: float) -> Image.Image:
    inset = card.width * 0.05 * (1 - math.cos(2 * math.pi * progress)) / 2
    box = (inset, inset, card.width - inset, card.height - inset)
    return card.resize((CARD, CARD), Image.Resampling.BILINEAR, box)


def _stage(top: Colour, bottom: Colour, floor: Colour) -> Image.Image:
    wall = Image.linear_gradient("L").resize((WIDTH, FLOOR))
    picture = Image.new("RGB", (WIDTH, HEIGHT), floor)
    picture.paste(
        Image.composite(Image.new("RGB", wall.size, bottom), Image.new("RGB", wall.size, top), wall)
    )
    sheen = Image.linear_gradient("L").resize((WIDTH, HEIGHT - FLOOR))
    dark = tuple(channel // 3 for channel in floor)
    picture.paste(
        Image.composite(
            Image.new("RGB", sheen.size, dark), Image.new("RGB", sheen.size, floor), sheen
        ),
        (0, FLOOR),
    )
    edge = Image.new("L", (WIDTH, 3), 60)
    picture.paste((255, 255, 255), (0, FLOOR - 1), edge)
    return picture


def _spots(
    seed: int, light: Colour
) -> list[tuple[Image.Image, Image.Image, int, int, int, int, float]]:
    """Lights out of focus: image, mask, place, reach, whole turns in a loop, phase."""
    chance = random.Random(seed)
    spots = []
    for _ in range(9):
        size = chance.randrange(60, 170)
        glow = _disc(size, chance.randrange(22, 60))
        spots.append(
            (
                Image.new("RGB", glow.size, light),
                glow,
                chance.randrange(-40, WIDTH - 60),
                chance.randrange(-20, FLOOR - 160),
                chance.randrange(14, 46),
                chance.choice((1, 1, 2)),
                chance.random() * 2 * math.pi,
            )
        )
    return spots


def _disc(size: int, strength: int) -> Image.Image:
    image = Image.new("L", (size + 24, size + 24), 0)
    ImageDraw.Draw(image).ellipse((12, 12, size + 12, size + 12), fill=strength)
    return image.filter(ImageFilter.GaussianBlur(5))


def _glow(size: int, strength: int) -> Image.Image:
    # Pillow's gradient is not dark yet where the square ends.
    edge = 80
    return (
        ImageChops.invert(Image.radial_gradient("L"))
        .resize((size, size))
        .point(lambda value: max(0, value - edge) * strength // (255 - edge))
    )


def _card(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return ImageOps.fit(image.convert("RGB"), (CARD * 5 // 4, CARD * 5 // 4))


def _emblem(light: Colour) -> Image.Image:
    """What is shown when no product picture was given: a ring of light."""
    size = CARD * 5 // 4
    image = Image.new("RGB", (size, size), (34, 30, 44))
    ring = Image.new("L", (size, size), 0)
    ImageDraw.Draw(ring).ellipse((90, 90, size - 90, size - 90), outline=255, width=26)
    image.paste(light, (0, 0), ring.filter(ImageFilter.GaussianBlur(14)))
    image.paste((255, 255, 255), (0, 0), ring.filter(ImageFilter.GaussianBlur(2)))
    return image


def _rounded(size: int, radius: int) -> Image.Image:
    mask = Image.new("L", (size * 2, size * 2), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, size * 2 - 1, size * 2 - 1), radius * 2, fill=255)
    return mask.resize((size, size), Image.Resampling.LANCZOS)


def _shadow() -> Image.Image:
    mask = Image.new("L", (CARD + 80, CARD + 90), 0)
    ImageDraw.Draw(mask).rounded_rectangle((40, 40, CARD + 40, CARD + 40), 36, fill=130)
    return mask.filter(ImageFilter.GaussianBlur(18))


def _mirror_mask() -> Image.Image:
    height = 130
    fade = ImageChops.invert(Image.linear_gradient("L")).resize((CARD, height))
    return fade.point(lambda value: value * 70 // 255)
