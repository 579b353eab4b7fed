"""Covers of rooms: the anchor in a drawn portrait, in the colours of their show, with goods in view."""

from __future__ import annotations

from dataclasses import dataclass

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
    mirror,
    path,
    rgb,
    spin,
)


@dataclass(frozen=True)
class Look:
    """What somebody looks like. Colours as `#rrggbb`; hair is `long`, `bob`, `bun`, `short` or `curly`."""

    skin: str
    hair: str
    hair_style: str
    top: str
    wall: str
    glow: str
    glasses: bool = False
    earrings: bool = False
    lips: str = "#b8343f"


def portrait(c: Canvas, look: Look) -> None:
    """Head and shoulders in front of a lit wall."""
    wall, glow = rgb(look.wall), rgb(look.glow)
    skin, hair, top = rgb(look.skin), rgb(look.hair), rgb(look.top)
    c.all(fade(lighter(wall, 0.12), darker(wall, 0.35), 70))
    c.glow(400, 330, 520, glow, 0.75)
    for x, y, r in ((110, 130, 54), (690, 200, 84), (660, 520, 40), (130, 470, 70), (240, 60, 26)):
        c.fill(ellipse(x, y, r, r), lighter(glow, 0.45), opacity=0.20, blur=10)
    ring = ellipse(400, 352, 268, 268)
    c.line([*ring, ring[0]], 16, WHITE, opacity=0.85, blur=3)
    c.line([*ring, ring[0]], 44, lighter(glow, 0.5), opacity=0.28, blur=22)
    _hair_behind(c, look.hair_style, hair)
    _body(c, skin, top)
    _face(c, skin, hair, rgb(look.lips))
    _hair_front(c, look.hair_style, hair)
    if look.glasses:
        for x in (350, 450):
            frame = box(x - 40, 332, x + 40, 386, 24)
            c.line([*frame, frame[0]], 6, INK)
            c.fill(frame, WHITE, opacity=0.14)
        c.line([(390, 352), (410, 352)], 5, INK)
    if look.earrings:
        for x in (284, 516):
            c.fill(ellipse(x, 430, 9, 14), fade(rgb("#ffe6a8"), rgb("#c48f35")))
    c.fill(box(0, 640, 800, 800), INK, opacity=0.30, blur=60)


def _hair_behind(c: Canvas, style: str, hair: Color) -> None:
    if style == "long":
        shape = mirror(
            path("M 400 176 C 500 172 548 250 546 360 C 546 470 580 560 566 640 L 400 650"), 400
        )
    elif style == "bob":
        shape = mirror(
            path("M 400 180 C 500 176 552 250 546 360 C 548 420 548 470 520 500 L 400 510"), 400
        )
    elif style == "curly":
        for x, y, r in ((290, 300, 84), (510, 300, 84), (270, 390, 74), (530, 390, 74), (330, 220, 86),
                        (470, 220, 86), (400, 196, 88), (290, 460, 60), (510, 460, 60)):  # fmt: skip
            c.fill(ellipse(x, y, r, r), fade(lighter(hair, 0.18), darker(hair, 0.2), 40))
        return
    else:
        shape = ellipse(400, 320, 134, 140)
        if style == "bun":
            c.fill(ellipse(400, 168, 62, 56), fade(lighter(hair, 0.22), darker(hair, 0.2), 40))
    c.fill(shape, fade(lighter(hair, 0.10), darker(hair, 0.25)))


def _body(c: Canvas, skin: Color, top: Color) -> None:
    neck = path("M 352 450 L 448 450 L 452 560 Q 400 600 348 560 Z")
    c.fill(neck, fade(darker(skin, 0.20), skin))
    torso = mirror(
        path("M 400 572 C 430 572 452 556 462 540 C 560 566 640 610 664 820 L 400 820"), 400
    )
    c.shadow(torso, dy=-6, blur=16, opacity=0.25)
    c.fill(
        torso,
        Paint(
            [(0, darker(top, 0.15)), (0.35, lighter(top, 0.20)), (0.65, top), (1, darker(top, 0.3))]
        ),
    )
    collar = mirror(
        path("M 400 600 C 440 600 462 570 468 540 L 446 534 C 440 560 424 576 400 576"), 400
    )
    c.fill(collar, darker(top, 0.25))


def _face(c: Canvas, skin: Color, hair: Color, lips: Color) -> None:
    for side in (-1, 1):
        c.fill(ellipse(400 + side * 116, 372, 20, 30), fade(skin, darker(skin, 0.2)))
    face = mirror(path("M 400 214 C 474 214 518 268 516 350 C 514 430 462 496 400 498"), 400)
    c.fill(
        face, Paint([(0, darker(skin, 0.10)), (0.4, lighter(skin, 0.22)), (1, darker(skin, 0.14))])
    )
    c.fill(ellipse(400, 520, 90, 30), darker(skin, 0.5), opacity=0.3, blur=14)
    for side in (-1, 1):
        x = 400 + side * 50
        c.fill(ellipse(400 + side * 74, 416, 30, 20), rgb("#f0776f"), opacity=0.30, blur=10)
        c.fill(ellipse(x, 360, 21, 14), WHITE)
        c.fill(ellipse(x, 361, 11, 12), darker(hair, 0.4))
        c.fill(ellipse(x - 4, 356, 4, 4), WHITE)
        c.line(path(f"M {x - 23} 356 Q {x} 338 {x + 23} 354"), 5, darker(hair, 0.5))
        c.line(path(f"M {x - 27} 324 Q {x} 308 {x + 27} 322"), 8, darker(hair, 0.2), opacity=0.9)
    c.line(path("M 400 372 C 396 396 388 408 402 412"), 4, darker(skin, 0.35), opacity=0.7)
    mouth = path("M 358 440 Q 400 452 442 440 Q 424 474 400 474 Q 376 474 358 440 Z")
    c.fill(mouth, lips)
    c.fill(path("M 366 443 Q 400 453 434 443 Q 420 456 400 456 Q 380 456 366 443 Z"), WHITE)


def _hair_front(c: Canvas, style: str, hair: Color) -> None:
    sheen = Paint(
        [
            (0, lighter(hair, 0.06)),
            (0.35, lighter(hair, 0.28)),
            (0.6, hair),
            (1, darker(hair, 0.25)),
        ]
    )
    if style == "short":
        shape = path("M 276 340 C 256 200 340 164 420 170 C 520 166 546 250 524 344 C 512 300 500 272 470 258 "
                     "C 410 276 340 262 312 262 C 290 280 284 310 276 340 Z")  # fmt: skip
    elif style == "curly":
        for x, y, r in ((310, 262, 46), (370, 232, 50), (434, 232, 50), (492, 262, 46)):
            c.fill(ellipse(x, y, r, r * 0.8), sheen)
        return
    elif style == "bun":
        shape = mirror(path("M 400 184 C 490 182 536 250 520 340 C 510 280 470 244 400 240"), 400)
    else:
        shape = path("M 272 400 C 250 240 320 172 410 176 C 510 176 552 260 530 402 C 522 330 500 280 440 248 "
                     "C 400 290 330 306 300 310 C 284 336 276 366 272 400 Z")  # fmt: skip
    c.shadow(shape, dy=6, blur=8, opacity=0.20)
    c.fill(shape, sheen)
    c.line(
        spin(path("M 316 250 Q 370 196 450 206"), 0, (400, 200)), 10, WHITE, opacity=0.18, blur=6
    )
