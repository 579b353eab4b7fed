"""Where the goods stand: walls, arches, podiums and the light that falls on them."""

from __future__ import annotations

from collections.abc import Callable

from demo.pictures.canvas import (
    INK,
    WHITE,
    Canvas,
    Color,
    Paint,
    box,
    darker,
    ellipse,
    fade,
    lighter,
    mix,
    rgb,
    spin,
)

HORIZON = 560.0
# The line on which a standing thing rests.
FLOOR = 640.0


def sweep(c: Canvas, wall: Color) -> None:
    """A paper sweep: no edge between wall and floor."""
    c.all(
        Paint(
            [
                (0, darker(wall, 0.10)),
                (0.55, lighter(wall, 0.22)),
                (0.70, lighter(wall, 0.34)),
                (1, darker(wall, 0.04)),
            ],
            vertical=True,
        )
    )
    c.glow(280, 240, 520, WHITE, 0.42)


def room(c: Canvas, wall: Color, floor: Color) -> None:
    """Wall and floor with a soft edge, lit from the left."""
    c.all(fade(lighter(wall, 0.16), darker(wall, 0.06), 35))
    c.glow(220, 180, 560, WHITE, 0.34)
    c.fill(box(-20, HORIZON, 820, 820), fade(darker(floor, 0.10), lighter(floor, 0.18)))
    c.fill(box(-20, HORIZON - 8, 820, HORIZON + 26), darker(floor, 0.5), opacity=0.16, blur=14)


def arch(c: Canvas, wall: Color, floor: Color) -> None:
    """A niche with a round top behind the thing."""
    room(c, wall, floor)
    shape = box(210, 120, 590, 900, 190)
    c.shadow(shape, dx=-8, dy=-4, blur=10, opacity=0.16)
    c.fill(shape, fade(darker(mix(wall, floor, 0.5), 0.10), mix(wall, floor, 0.12), 20))
    c.shadow(box(180, 80, 270, 700, 60), blur=40, opacity=0.18, clip=shape)
    c.fill(box(-20, HORIZON, 820, 820), fade(darker(floor, 0.10), lighter(floor, 0.18)))
    c.fill(box(-20, HORIZON - 4, 820, HORIZON + 24), darker(floor, 0.5), opacity=0.14, blur=12)


def sun(c: Canvas, wall: Color, floor: Color) -> None:
    """A round disc like a low sun."""
    room(c, wall, floor)
    disc = ellipse(430, 330, 235, 235)
    c.shadow(disc, dx=10, dy=14, blur=18, opacity=0.20)
    c.fill(disc, fade(lighter(floor, 0.30), mix(floor, wall, 0.25), 60))
    c.fill(box(-20, HORIZON, 820, 820), fade(darker(floor, 0.10), lighter(floor, 0.18)))
    c.fill(box(-20, HORIZON - 4, 820, HORIZON + 24), darker(floor, 0.5), opacity=0.14, blur=12)


def window(c: Canvas, wall: Color, floor: Color) -> None:
    """Light through window panes on the wall."""
    room(c, wall, floor)
    for column in range(2):
        for row in range(3):
            x, y = 400 + column * 150, 60 + row * 160
            pane = spin(box(x, y, x + 128, y + 138), 9, (500, 300))
            c.fill(pane, WHITE, opacity=0.30, blur=7)
    c.fill(spin(box(110, 600, 760, 690), -5, (400, 640)), WHITE, opacity=0.22, blur=16)


def podium(c: Canvas, wall: Color, floor: Color) -> None:
    """A round stage; its upper face lies at FLOOR."""
    arch(c, wall, floor)
    stage = mix(lighter(wall, 0.35), floor, 0.35)
    c.ground(400, 745, 560, 0.9)
    for part in (box(150, FLOOR, 650, 700), ellipse(400, 700, 250, 42)):
        c.fill(
            part,
            Paint(
                [
                    (0, darker(stage, 0.14)),
                    (0.25, lighter(stage, 0.30)),
                    (0.6, stage),
                    (1, darker(stage, 0.32)),
                ]
            ),
        )
    c.fill(ellipse(400, FLOOR, 250, 42), fade(lighter(stage, 0.50), lighter(stage, 0.22), 20))


def blocks(c: Canvas, wall: Color, floor: Color) -> None:
    """Two plain blocks beside the thing."""
    room(c, wall, floor)
    for x0, y0, x1, shade in ((60, 430, 240, 0.10), (590, 500, 760, 0.22)):
        tone = mix(floor, wall, 0.4)
        c.ground((x0 + x1) / 2, 655, x1 - x0, 0.8)
        c.fill(box(x0, y0, x1, 655, 4), fade(lighter(tone, 0.18), darker(tone, shade), 0))
        c.fill(
            [(x0, y0), (x0 + 26, y0 - 24), (x1 + 26, y0 - 24), (x1, y0)],
            fade(lighter(tone, 0.5), lighter(tone, 0.3), 0),
        )
        c.fill(
            [(x1, y0), (x1 + 26, y0 - 24), (x1 + 26, 635), (x1, 655)],
            fade(darker(tone, 0.20), darker(tone, 0.34)),
        )


def cloth(c: Canvas, wall: Color, floor: Color) -> None:
    """Seen from above: a plain table with a diagonal second colour and the shadow of leaves."""
    c.all(fade(lighter(wall, 0.24), wall, 40))
    c.fill([(0, 800), (0, 560), (800, 300), (800, 800)], fade(lighter(floor, 0.2), floor, 30))
    c.line([(0, 560), (800, 300)], 3, darker(floor, 0.3), opacity=0.20, blur=2)
    c.glow(250, 200, 520, WHITE, 0.32)
    _leaves(c)


def _leaves(c: Canvas) -> None:
    for index in range(9):
        cx, cy = 640 + index * 22, 30 + index * 36
        leaf = spin(ellipse(cx - 70, cy, 82, 15), 24 - index * 9, (cx, cy))
        c.fill(leaf, INK, opacity=0.10, blur=7)
    c.line([(600, -20), (860, 380)], 7, INK, opacity=0.10, blur=6)


def mark(c: Canvas, brand: str, floor: str) -> None:
    """The maker's name, small, at the foot."""
    ground = rgb(floor)
    ink = darker(ground, 0.62) if sum(ground) > 330 else lighter(ground, 0.7)
    c.text(brand.upper(), 400, 764, 16, ink, opacity=0.75, spacing=5)


BACKDROPS: dict[str, Callable[[Canvas, Color, Color], None]] = {
    "sweep": lambda c, wall, floor: sweep(c, wall),
    "room": room,
    "arch": arch,
    "sun": sun,
    "window": window,
    "podium": podium,
    "blocks": blocks,
    "cloth": cloth,
}


def backdrop(c: Canvas, name: str, wall: str, floor: str) -> None:
    BACKDROPS[name](c, rgb(wall), rgb(floor))
