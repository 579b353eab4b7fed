"""Things for the house: mug, kettle, lamp, vase, candle, pan, cushion."""

from __future__ import annotations

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
    flat,
    lathe,
    lighter,
    metal,
    mirror,
    path,
    rgb,
    round_body,
    spin,
)


def mug(c: Canvas, base: Color, accent: Color) -> None:
    c.ground(410, 634, 250)
    outer = path("M 520 430 C 640 410 650 580 505 590")
    c.line(outer, 34, Paint([(0, base), (0.5, lighter(base, 0.25)), (1, darker(base, 0.35))]))
    c.line(path("M 522 424 C 628 408 640 566 515 580"), 7, WHITE, opacity=0.35, blur=3)
    body = lathe([(138, 370), (140, 560), (132, 605), (112, 630)], 390, 0.10)
    c.fill(body, round_body(base))
    c.fill(box(240, 480, 540, 640), accent, opacity=0.92, clip=body)
    c.fill(box(240, 480, 540, 660), round_body(accent), opacity=0.9, clip=body)
    c.line([(250, 480), (530, 480)], 3, WHITE, opacity=0.5, clip=body)
    c.fill(ellipse(390, 370, 138, 27), fade(lighter(base, 0.5), lighter(base, 0.15), 0))
    c.fill(ellipse(390, 373, 126, 21), fade(darker(base, 0.50), darker(base, 0.15)))
    coffee = ellipse(390, 380, 112, 14)
    c.fill(coffee, fade(rgb("#5b3822"), rgb("#8a5a35"), 20), clip=ellipse(390, 373, 126, 21))
    c.fill(box(282, 400, 300, 600, 9), WHITE, opacity=0.45, blur=6, clip=body)
    for dx, bend in ((-36, 26), (8, -24), (46, 22)):
        x = 390 + dx
        steam = path(f"M {x} 345 C {x + bend} 310 {x - bend} 275 {x + bend / 2} 225")
        c.line(steam, 9, WHITE, opacity=0.34, blur=9)


def kettle(c: Canvas, base: Color, accent: Color) -> None:
    c.ground(400, 640, 330)
    c.line(path("M 290 330 C 270 170 530 170 510 330"), 20, metal(darker(accent, 0.2)))
    c.line(path("M 330 214 C 370 190 430 190 470 214"), 30, fade(accent, darker(accent, 0.4)))
    c.fill(
        path("M 520 520 C 590 510 600 420 640 370 L 672 384 C 660 470 640 560 525 600 Z"),
        Paint([(0, darker(base, 0.2)), (0.6, lighter(base, 0.25)), (1, darker(base, 0.2))]),
    )
    body = mirror(
        path("M 400 330 C 470 332 520 360 545 440 C 572 530 560 610 500 640 L 400 644"), 400
    )
    c.fill(body, round_body(base, 0.55))
    c.fill(path("M 300 380 C 262 440 256 540 285 600 C 300 560 290 450 330 372 Z"), WHITE,
           opacity=0.45, blur=9, clip=body)  # fmt: skip
    c.fill(box(200, 606, 600, 650), darker(base, 0.6), opacity=0.25, blur=12, clip=body)
    c.fill(ellipse(400, 336, 82, 18), metal(lighter(base, 0.2)))
    c.fill(lathe([(20, 306), (70, 326), (74, 334)], 400), round_body(lighter(base, 0.1)))
    c.fill(ellipse(400, 298, 22, 20), round_body(accent))


def lamp(c: Canvas, base: Color, accent: Color) -> None:
    c.glow(400, 330, 340, rgb("#ffe7b0"), 0.75)
    c.ground(400, 640, 190)
    c.fill(lathe([(78, 628), (84, 638)], 400, 0.2), metal(accent))
    c.fill(ellipse(400, 628, 78, 15), metal(lighter(accent, 0.25)))
    c.fill(box(391, 400, 409, 630), metal(accent))
    c.line([(452, 400), (452, 470)], 2, darker(accent, 0.2))
    c.fill(ellipse(452, 476, 6, 8), metal(accent))
    shade = path("M 320 205 L 480 205 L 568 408 Q 400 452 232 408 Z")
    warm = rgb("#fff0cf")
    c.fill(shade, Paint([
        (0, darker(base, 0.12)), (0.25, lighter(base, 0.3)), (0.5, lighter(base, 0.62)),
        (0.75, lighter(base, 0.25)), (1, darker(base, 0.2)),
    ]))  # fmt: skip
    c.fill(shade, fade(base, warm), opacity=0.45)
    for step in range(13):
        x = 320 + step * 160 / 12
        foot = 232 + step * 336 / 12
        c.line([(x, 205), (foot, 440)], 2, darker(base, 0.4), opacity=0.12, clip=shade)
    c.fill(ellipse(400, 205, 80, 11), fade(warm, lighter(base, 0.4)))
    c.line(path("M 232 408 Q 400 452 568 408"), 5, lighter(warm, 0.3), opacity=0.9)
    c.fill(ellipse(400, 640, 250, 40), rgb("#ffe7b0"), opacity=0.25, blur=24)


def vase(c: Canvas, base: Color, accent: Color) -> None:
    c.ground(400, 640, 210)
    _branches(c, accent)
    body = mirror(
        path("M 440 372 C 432 420 430 428 452 446 C 520 476 540 560 480 636 Q 440 648 400 648"), 400
    )
    c.fill(body, round_body(base, 0.35))
    for y, height in ((500, 16), (530, 6), (566, 26)):
        c.fill(box(250, y, 550, y + height), darker(base, 0.3), opacity=0.22, clip=body)
    c.fill(path("M 320 480 C 290 520 296 580 322 616 C 326 570 318 520 344 470 Z"), WHITE,
           opacity=0.4, blur=9, clip=body)  # fmt: skip
    c.fill(ellipse(400, 372, 40, 9), darker(base, 0.55))
    c.line(ellipse(400, 372, 40, 9), 4, lighter(base, 0.35))


def _branches(c: Canvas, accent: Color) -> None:
    stem = darker(rgb("#7a8b63"), 0.1)
    for tip_x, tip_y, bend in ((300, 130, -10), (420, 90, 18), (520, 170, 20), (360, 190, -30)):
        c.line(path(f"M 400 380 Q {400 + bend} 270 {tip_x} {tip_y}"), 5, stem)
        for step in range(5):
            t = 0.35 + step * 0.16
            x = (1 - t) ** 2 * 400 + 2 * (1 - t) * t * (400 + bend) + t * t * tip_x
            y = (1 - t) ** 2 * 380 + 2 * (1 - t) * t * 270 + t * t * tip_y
            for side in (-1, 1):
                leaf = spin(ellipse(x + side * 24, y - 8, 27, 10), side * -32, (x, y))
                c.fill(leaf, fade(lighter(accent, 0.25), darker(accent, 0.12), 30))


def candle(c: Canvas, base: Color, accent: Color) -> None:
    c.glow(400, 300, 300, rgb("#ffdf9a"), 0.6)
    c.ground(400, 638, 220)
    glass = lathe([(118, 380), (120, 600), (112, 630)], 400, 0.12)
    c.fill(glass, round_body(lighter(base, 0.25), 0.6), opacity=0.96)
    wax = box(290, 440, 510, 650)
    c.fill(wax, round_body(lighter(base, 0.55), 0.5), clip=glass, opacity=0.8)
    c.fill(ellipse(400, 440, 110, 18), fade(lighter(base, 0.8), lighter(base, 0.5), 10))
    c.glow(400, 430, 90, rgb("#fff1c4"), 0.8)
    c.line([(400, 440), (399, 402)], 4, INK)
    c.fill(path("M 400 318 C 426 360 420 404 400 406 C 380 404 376 362 400 318 Z"),
           fade(rgb("#fff7d6"), rgb("#ffab3d")), blur=1.5)  # fmt: skip
    c.fill(path("M 400 350 C 412 372 410 400 400 402 C 390 400 388 374 400 350 Z"), WHITE,
           opacity=0.85, blur=2)  # fmt: skip
    c.line(ellipse(400, 380, 118, 20), 4, WHITE, opacity=0.75)
    c.fill(box(330, 490, 470, 590, 4), lighter(accent, 0.82))
    c.line([(345, 545), (455, 545)], 2, accent, opacity=0.6)
    c.text("NO. 7", 400, 522, 24, darker(accent, 0.2), spacing=3)
    c.text("cedar & fig", 400, 566, 15, darker(accent, 0.1))
    c.fill(box(296, 400, 312, 610, 8), WHITE, opacity=0.55, blur=4, clip=glass)


def pan(c: Canvas, base: Color, accent: Color) -> None:
    c.ground(380, 640, 380)
    for side in (-1, 1):
        x = 400 + side * 214
        c.line(path(f"M {400 + side * 190} 470 C {x + side * 50} 450 {x + side * 50} 520 "
                    f"{400 + side * 190} 512"), 20, fade(base, darker(base, 0.4)))  # fmt: skip
    body = lathe([(200, 440), (204, 580), (190, 622), (176, 634)], 400, 0.08)
    c.fill(body, round_body(base, 0.5))
    c.fill(box(236, 470, 262, 610, 13), WHITE, opacity=0.4, blur=7, clip=body)
    c.fill(ellipse(400, 440, 206, 36), fade(lighter(base, 0.35), darker(base, 0.2), 0))
    lid = [*path("M 200 434 C 210 370 330 344 400 344 C 470 344 590 370 600 434"),
           *ellipse(400, 434, 200, 32)[0:49]]  # fmt: skip
    c.fill(lid, round_body(base, 0.55))
    c.fill(path("M 240 420 C 270 380 340 362 400 360 C 330 372 290 396 270 430 Z"), WHITE,
           opacity=0.45, blur=6)  # fmt: skip
    c.fill(lathe([(14, 326), (14, 350)], 400), metal(accent))
    c.fill(ellipse(400, 320, 34, 15), metal(accent))


def cushion(c: Canvas, base: Color, accent: Color) -> None:
    c.ground(400, 640, 380)
    body = path(
        "M 200 250 C 300 285 500 285 610 240 C 640 232 650 250 640 275 C 610 380 612 500 640 600 "
        "C 646 632 630 644 604 636 C 500 612 300 612 200 640 C 176 646 160 630 166 606 "
        "C 190 500 190 380 164 282 C 158 254 174 240 200 250 Z"
    )
    c.shadow(body, dx=8, dy=12, blur=16, opacity=0.3)
    c.fill(body, fade(lighter(base, 0.28), darker(base, 0.16), 50))
    for offset in range(-400, 460, 58):
        c.line([(400 + offset - 220, 680), (400 + offset + 220, 210)], 11, accent,
               opacity=0.5, clip=body)  # fmt: skip
        c.line([(400 + offset - 220, 210), (400 + offset + 220, 680)], 5, lighter(base, 0.6),
               opacity=0.5, clip=body)  # fmt: skip
    c.fill(ellipse(320, 380, 190, 120), WHITE, opacity=0.22, blur=50, clip=body)
    c.fill(ellipse(560, 580, 180, 110), INK, opacity=0.24, blur=50, clip=body)
    for x, y, tx, ty in ((200, 262, 290, 340), (606, 252, 520, 340), (600, 626, 520, 540)):
        c.line([(x, y), (tx, ty)], 12, INK, opacity=0.10, blur=10, clip=body)
    c.line([*body, body[0]], 4, flat(lighter(accent, 0.3)), opacity=0.8)
