"""A small studio for drawn product photographs: shapes, paints, light and shadow.

Coordinates are those of the finished 800 × 800 picture; drawing happens at twice the size.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

SIDE = 800
ZOOM = 2
FULL = SIDE * ZOOM

Point = tuple[float, float]
Color = tuple[int, int, int]
Stops = Sequence[tuple[float, Color]]


def rgb(code: str) -> Color:
    """`#e8c39e` as three numbers."""
    code = code.lstrip("#")
    return (int(code[0:2], 16), int(code[2:4], 16), int(code[4:6], 16))


def mix(a: Color, b: Color, share: float) -> Color:
    """`share` of `b` in `a`."""
    return tuple(round(x + (y - x) * share) for x, y in zip(a, b, strict=True))  # type: ignore[return-value]


WHITE: Color = (255, 255, 255)
INK: Color = (22, 20, 34)


def lighter(color: Color, share: float) -> Color:
    return mix(color, WHITE, share)


def darker(color: Color, share: float) -> Color:
    return mix(color, INK, share)


# Shapes ------------------------------------------------------------------------------------------


def ellipse(cx: float, cy: float, rx: float, ry: float, steps: int = 96) -> list[Point]:
    turn = 2 * math.pi / steps
    return [(cx + rx * math.cos(i * turn), cy + ry * math.sin(i * turn)) for i in range(steps)]


def box(x0: float, y0: float, x1: float, y1: float, r: float = 0) -> list[Point]:
    """A rectangle with round corners."""
    r = min(r, (x1 - x0) / 2, (y1 - y0) / 2)
    if r <= 0:
        return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    points: list[Point] = []
    for cx, cy, start in (
        (x1 - r, y0 + r, -90),
        (x1 - r, y1 - r, 0),
        (x0 + r, y1 - r, 90),
        (x0 + r, y0 + r, 180),
    ):
        for step in range(13):
            angle = math.radians(start + step * 7.5)
            points.append((cx + r * math.cos(angle), cy + r * math.sin(angle)))
    return points


def path(text: str) -> list[Point]:
    """Absolute SVG path data with M, L, C, Q and Z, flattened."""
    tokens = text.replace(",", " ").split()
    points: list[Point] = []
    at = 0
    command = ""

    def pair() -> Point:
        nonlocal at
        at += 2
        return float(tokens[at - 2]), float(tokens[at - 1])

    while at < len(tokens):
        if tokens[at].isalpha():
            command = tokens[at]
            at += 1
            if command == "Z":
                continue
        if command in "ML":
            points.append(pair())
        elif command == "C":
            points += _cubic(points[-1], pair(), pair(), pair())
        elif command == "Q":
            start, control, end = points[-1], pair(), pair()
            points += _cubic(
                start,
                (
                    start[0] + 2 / 3 * (control[0] - start[0]),
                    start[1] + 2 / 3 * (control[1] - start[1]),
                ),
                (end[0] + 2 / 3 * (control[0] - end[0]), end[1] + 2 / 3 * (control[1] - end[1])),
                end,
            )
    return points


def _cubic(a: Point, b: Point, c: Point, d: Point, steps: int = 20) -> list[Point]:
    out = []
    for step in range(1, steps + 1):
        t = step / steps
        u = 1 - t
        w = (u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t)
        out.append(
            (
                w[0] * a[0] + w[1] * b[0] + w[2] * c[0] + w[3] * d[0],
                w[0] * a[1] + w[1] * b[1] + w[2] * c[1] + w[3] * d[1],
            )
        )
    return out


def mirror(points: Sequence[Point], cx: float) -> list[Point]:
    """A closed shape from its right half, listed from top to bottom."""
    return [*points, *((2 * cx - x, y) for x, y in reversed(points))]


def lathe(profile: Sequence[Point], cx: float, bulge: float = 0.12) -> list[Point]:
    """A turned body from (radius, y) pairs; the foot is rounded as seen slightly from above."""
    radius, bottom = profile[-1]
    right = [(cx + r, y) for r, y in profile]
    foot = [
        (cx + radius * math.cos(a), bottom + radius * bulge * math.sin(a))
        for a in (math.pi * i / 32 for i in range(33))
    ]
    left = [(cx - r, y) for r, y in reversed(profile)]
    return [*right, *foot, *left]


def shift(points: Sequence[Point], dx: float = 0, dy: float = 0) -> list[Point]:
    return [(x + dx, y + dy) for x, y in points]


def spin(points: Sequence[Point], degrees: float, around: Point) -> list[Point]:
    a = math.radians(degrees)
    cx, cy = around
    return [
        (
            cx + (x - cx) * math.cos(a) - (y - cy) * math.sin(a),
            cy + (x - cx) * math.sin(a) + (y - cy) * math.cos(a),
        )
        for x, y in points
    ]


# Paints ------------------------------------------------------------------------------------------


class Paint:
    """A gradient over the box of whatever it fills."""

    def __init__(self, stops: Stops, *, vertical: bool = False, angle: float | None = None) -> None:
        self.stops = stops
        self.angle = angle if angle is not None else (90.0 if vertical else 0.0)

    def over(self, size: tuple[int, int]) -> Image.Image:
        strip = Image.new("RGB", (256, 1))
        strip.putdata([self._at(i / 255) for i in range(256)])
        turned = self.angle % 360
        if turned == 0:
            return strip.resize(size, Image.Resampling.BILINEAR)
        if turned == 90:
            return strip.transpose(Image.Transpose.ROTATE_270).resize(
                size, Image.Resampling.BILINEAR
            )
        square = strip.resize((362, 362)).rotate(-turned, Image.Resampling.BICUBIC)
        inner = square.crop((53, 53, 309, 309))
        return inner.resize(size, Image.Resampling.BILINEAR)

    def _at(self, t: float) -> Color:
        below = self.stops[0]
        for stop in self.stops:
            if stop[0] >= t:
                span = stop[0] - below[0]
                return mix(below[1], stop[1], (t - below[0]) / span if span else 0)
            below = stop
        return below[1]


def flat(color: Color) -> Paint:
    return Paint([(0, color), (1, color)])


def fade(top: Color, bottom: Color, angle: float = 90) -> Paint:
    return Paint([(0, top), (1, bottom)], angle=angle)


def round_body(color: Color, gloss: float = 0.45) -> Paint:
    """A cylinder lit from the upper left."""
    return Paint(
        [
            (0.00, darker(color, 0.22)),
            (0.10, color),
            (0.26, lighter(color, gloss)),
            (0.40, lighter(color, gloss * 0.3)),
            (0.68, darker(color, 0.10)),
            (0.90, darker(color, 0.34)),
            (1.00, darker(color, 0.20)),
        ]
    )


def metal(color: Color) -> Paint:
    return Paint(
        [
            (0.00, darker(color, 0.45)),
            (0.14, lighter(color, 0.30)),
            (0.24, lighter(color, 0.75)),
            (0.34, color),
            (0.55, darker(color, 0.30)),
            (0.72, lighter(color, 0.15)),
            (0.86, darker(color, 0.25)),
            (1.00, darker(color, 0.55)),
        ]
    )


# The canvas --------------------------------------------------------------------------------------


class Canvas:
    def __init__(self, seed: str) -> None:
        self.image = Image.new("RGB", (FULL, FULL), WHITE)
        self.random = random.Random(seed)

    def finish(self) -> Image.Image:
        """The finished picture, with a breath of film grain against banding."""
        small = self.image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        return ImageChops.add(small, _grain(), scale=1, offset=-6)

    def all(self, paint: Paint) -> None:
        self.image.paste(paint.over((FULL, FULL)))

    def fill(
        self,
        points: Sequence[Point],
        paint: Paint | Color,
        *,
        opacity: float = 1,
        clip: Sequence[Point] | None = None,
        blur: float = 0,
    ) -> None:
        """Paint a shape, softened by `blur`, only inside `clip`."""
        place = self._box(points, blur * 3)
        if place is None:
            return
        mask = self._mask(points, place)
        if blur:
            mask = soften(mask, blur * ZOOM)
        if clip is not None:
            mask = ImageChops.multiply(mask, self._mask(clip, place))
        if opacity < 1:
            mask = mask.point(lambda v: int(v * opacity))
        size = (place[2] - place[0], place[3] - place[1])
        source = paint.over(size) if isinstance(paint, Paint) else Image.new("RGB", size, paint)
        self.image.paste(source, place[:2], mask)

    def shadow(
        self,
        points: Sequence[Point],
        *,
        dx: float = 0,
        dy: float = 0,
        blur: float = 18,
        opacity: float = 0.35,
        color: Color = INK,
        clip: Sequence[Point] | None = None,
    ) -> None:
        self.fill(shift(points, dx, dy), color, opacity=opacity, blur=blur, clip=clip)

    def ground(self, cx: float, cy: float, width: float, strength: float = 1) -> None:
        """The shadow of a thing that stands: dark where it touches, wide and soft beside it."""
        self.fill(
            ellipse(cx + width * 0.18, cy + 6, width * 0.78, width * 0.14),
            INK,
            opacity=0.20 * strength,
            blur=26,
        )
        self.fill(
            ellipse(cx + width * 0.04, cy + 2, width * 0.52, width * 0.07),
            INK,
            opacity=0.42 * strength,
            blur=9,
        )

    def line(
        self,
        points: Sequence[Point],
        width: float,
        paint: Paint | Color,
        *,
        opacity: float = 1,
        clip: Sequence[Point] | None = None,
        blur: float = 0,
    ) -> None:
        """A stroke with round ends."""
        place = self._box(points, width + blur * 3)
        if place is None:
            return
        size = (place[2] - place[0], place[3] - place[1])
        mask = Image.new("L", size)
        draw = ImageDraw.Draw(mask)
        moved = [(x * ZOOM - place[0], y * ZOOM - place[1]) for x, y in points]
        thick = max(1, round(width * ZOOM))
        draw.line(moved, fill=255, width=thick, joint="curve")
        r = thick / 2
        for x, y in (moved[0], moved[-1]):
            draw.ellipse((x - r, y - r, x + r, y + r), fill=255)
        if blur:
            mask = soften(mask, blur * ZOOM)
        if clip is not None:
            mask = ImageChops.multiply(mask, self._mask(clip, place))
        if opacity < 1:
            mask = mask.point(lambda v: int(v * opacity))
        source = paint.over(size) if isinstance(paint, Paint) else Image.new("RGB", size, paint)
        self.image.paste(source, place[:2], mask)

    def glow(self, cx: float, cy: float, radius: float, color: Color, opacity: float) -> None:
        """Light that falls off evenly."""
        size = int(radius * 2 * ZOOM)
        falloff = Image.radial_gradient("L").point(lambda v: int(max(0, 255 - v * 1.42) * opacity))
        mask = falloff.resize((size, size), Image.Resampling.BILINEAR)
        at = (int((cx - radius) * ZOOM), int((cy - radius) * ZOOM))
        self.image.paste(Image.new("RGB", (size, size), color), at, mask)

    def text(
        self,
        words: str,
        cx: float,
        cy: float,
        size: float,
        color: Color,
        *,
        opacity: float = 1,
        spacing: float = 0,
        angle: float = 0,
    ) -> None:
        """Words centred on a point; `spacing` in pixels between letters."""
        font = _font(round(size * ZOOM))
        widths = [font.getlength(letter) + spacing * ZOOM for letter in words]
        width, height = int(sum(widths)) + 8, int(size * ZOOM * 1.6)
        mask = Image.new("L", (width, height))
        draw = ImageDraw.Draw(mask)
        x = 4 + spacing * ZOOM / 2
        for letter, advance in zip(words, widths, strict=True):
            draw.text((x, height / 2), letter, font=font, fill=round(255 * opacity), anchor="lm")
            x += advance
        if angle:
            mask = mask.rotate(angle, Image.Resampling.BICUBIC, expand=True)
        at = (round(cx * ZOOM - mask.width / 2), round(cy * ZOOM - mask.height / 2))
        self.image.paste(Image.new("RGB", mask.size, color), at, mask)

    @staticmethod
    def _box(points: Sequence[Point], margin: float) -> tuple[int, int, int, int] | None:
        xs = [x for x, _ in points]
        ys = [y for _, y in points]
        left = max(0, math.floor((min(xs) - margin) * ZOOM) - 1)
        top = max(0, math.floor((min(ys) - margin) * ZOOM) - 1)
        right = min(FULL, math.ceil((max(xs) + margin) * ZOOM) + 1)
        bottom = min(FULL, math.ceil((max(ys) + margin) * ZOOM) + 1)
        return (left, top, right, bottom) if right > left and bottom > top else None

    @staticmethod
    def _mask(points: Sequence[Point], place: tuple[int, int, int, int]) -> Image.Image:
        mask = Image.new("L", (place[2] - place[0], place[3] - place[1]))
        moved = [(x * ZOOM - place[0], y * ZOOM - place[1]) for x, y in points]
        ImageDraw.Draw(mask).polygon(moved, fill=255)
        return mask


def soften(mask: Image.Image, radius: float) -> Image.Image:
    """Gaussian blur at a reduced size: large soft shadows need no detail."""
    factor = max(1, int(radius / 4))
    if factor == 1:
        return mask.filter(ImageFilter.GaussianBlur(radius))
    small = mask.resize(
        (max(1, mask.width // factor), max(1, mask.height // factor)), Image.Resampling.BOX
    )
    small = small.filter(ImageFilter.GaussianBlur(radius / factor))
    return small.resize(mask.size, Image.Resampling.BICUBIC)


@lru_cache(maxsize=32)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


@lru_cache(maxsize=1)
def _grain() -> Image.Image:
    source = random.Random("grain")
    tile = Image.frombytes("L", (200, 200), bytes(source.randrange(4, 9) for _ in range(40_000)))
    whole = Image.new("L", (SIDE, SIDE))
    for x in range(0, SIDE, 200):
        for y in range(0, SIDE, 200):
            whole.paste(tile, (x, y))
    return Image.merge("RGB", (whole, whole, whole))
