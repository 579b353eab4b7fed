"""Shoes and bags: sneaker, boots, tote, backpack, handbag, suitcase."""

from __future__ import annotations

import math

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
    lighter,
    metal,
    path,
    rgb,
    round_body,
    spin,
)

GOLD = rgb("#d0a354")


def sneaker(c: Canvas, base: Color, accent: Color) -> None:
    c.ground(400, 626, 520)
    upper = path(
        "M 150 560 C 140 470 150 400 176 360 C 196 336 232 352 262 392 C 290 430 340 420 372 376 "
        "C 392 350 420 352 440 384 C 480 450 560 480 640 500 C 690 514 706 540 704 574 L 150 590 Z"
    )
    c.fill(upper, Paint([(0, lighter(base, 0.35)), (0.5, base), (1, darker(base, 0.22))], angle=55))
    toe = path("M 556 474 C 640 490 706 514 704 574 L 600 578 C 600 530 590 500 556 474 Z")
    c.fill(toe, fade(lighter(base, 0.45), darker(base, 0.08)), clip=upper)
    heel = path(
        "M 150 560 C 140 470 150 400 176 360 C 196 340 214 350 222 364 C 206 440 214 520 226 586 L 150 590 Z"
    )
    c.fill(heel, fade(lighter(accent, 0.15), darker(accent, 0.2)), clip=upper)
    wave = path("M 226 540 C 300 560 400 540 470 452 C 440 540 380 580 300 586 L 228 586 Z")
    c.fill(wave, Paint([(0, accent), (1, lighter(accent, 0.25))]), clip=upper)
    tongue = path("M 352 398 C 350 350 374 318 410 322 C 440 326 452 360 452 396 L 420 420 Z")
    c.fill(tongue, fade(lighter(base, 0.3), darker(base, 0.12), 30))
    c.fill(ellipse(300, 392, 86, 26), darker(base, 0.55), opacity=0.45, blur=9, clip=upper)
    for step in range(5):
        x, y = 398 + step * 34, 388 + step * 20
        c.line([(x - 18, y + 32), (x + 22, y - 8)], 10, flat(darker(lighter(base, 0.6), 0.12)))
        c.line([(x - 19, y + 30), (x + 21, y - 10)], 7, lighter(base, 0.75))
        c.fill(ellipse(x - 20, y + 34, 5, 5), metal(rgb("#9698a5")))
    for seam in ("M 226 586 C 216 520 206 440 222 364", "M 600 578 C 600 530 590 500 556 474"):
        c.line(path(seam), 2.5, darker(base, 0.4), opacity=0.5)
    c.line(path("M 176 380 C 200 360 230 380 256 414"), 9, WHITE, opacity=0.4, blur=5)
    sole = path(
        "M 136 572 C 260 604 420 566 706 566 C 736 568 736 616 706 628 L 168 634 C 126 634 122 584 136 572 Z"
    )
    c.fill(sole, Paint([(0, WHITE), (0.5, rgb("#f1efe9")), (1, rgb("#c4c0b8"))], angle=85))
    c.line(path("M 140 600 C 300 616 480 592 722 594"), 6, accent, opacity=0.9, clip=sole)
    for x in range(150, 720, 15):
        c.line([(x, 620), (x + 4, 634)], 4, darker(rgb("#c4c0b8"), 0.25), opacity=0.6, clip=sole)


def boots(c: Canvas, base: Color, accent: Color) -> None:
    for dx, dy, shade in ((-70, -22, 0.18), (50, 12, 0.0)):
        tone = darker(base, shade)
        c.ground(400 + dx, 622 + dy, 330)
        shape = path(
            f"M {300 + dx} {180 + dy} L {448 + dx} {180 + dy} C {446 + dx} {290 + dy} {450 + dx} {380 + dy} "
            f"{460 + dx} {430 + dy} C {540 + dx} {470 + dy} {590 + dx} {500 + dy} {596 + dx} {590 + dy} "
            f"L {300 + dx} {596 + dy} C {304 + dx} {460 + dy} {306 + dx} {330 + dy} {300 + dx} {180 + dy} Z"
        )
        c.fill(shape, Paint([(0, darker(tone, 0.2)), (0.25, lighter(tone, 0.3)), (0.55, tone),
                             (1, darker(tone, 0.35))]))  # fmt: skip
        panel = path(
            f"M {352 + dx} {200 + dy} L {396 + dx} {200 + dy} L {404 + dx} {400 + dy} L {352 + dx} {400 + dy} Z"
        )
        c.fill(panel, darker(accent, 0.15), opacity=0.95)
        for x in range(356, 400, 6):
            c.line(
                [(x + dx, 204 + dy), (x + 2 + dx, 396 + dy)], 2, lighter(accent, 0.3), opacity=0.5
            )
        c.line(path(f"M {452 + dx} {440 + dy} C {410 + dx} {460 + dy} {380 + dx} {500 + dy} {370 + dx} {590 + dy}"),
               2.5, darker(tone, 0.5), opacity=0.5)  # fmt: skip
        c.fill(spin(ellipse(520 + dx, 486 + dy, 50, 16), 26, (520 + dx, 486 + dy)), WHITE, opacity=0.35,
               blur=8, clip=shape)  # fmt: skip
        c.fill(box(294 + dx, 588 + dy, 600 + dx, 616 + dy, 8), fade(rgb("#4a3326"), rgb("#2a1c14")))
        c.fill(box(294 + dx, 604 + dy, 380 + dx, 636 + dy, 4), fade(rgb("#3a281e"), rgb("#1c120c")))
        c.line(path(f"M {300 + dx} {190 + dy} L {300 + dx} {160 + dy} L {322 + dx} {160 + dy} L {322 + dx} {190 + dy}"),
               7, darker(accent, 0.2))  # fmt: skip


def tote(c: Canvas, base: Color, accent: Color) -> None:
    c.ground(400, 642, 380)
    c.line(path("M 312 340 C 300 130 500 130 488 340"), 18, darker(accent, 0.28))
    body = path("M 232 320 L 568 320 L 606 626 Q 400 660 194 626 Z")
    c.fill(body, Paint([(0, lighter(base, 0.30)), (0.45, base), (1, darker(base, 0.20))], angle=30))
    c.fill([(520, 320), (568, 320), (606, 626), (560, 636)], darker(base, 0.35), opacity=0.5, blur=12,
           clip=body)  # fmt: skip
    for fold in ("M 300 330 C 310 430 286 530 296 640", "M 480 340 C 470 450 500 540 488 640"):
        c.line(path(fold), 18, INK, opacity=0.10, blur=10, clip=body)
        c.line([(x - 14, y) for x, y in path(fold)], 12, WHITE, opacity=0.25, blur=8, clip=body)
    c.line(path("M 290 370 C 276 100 524 100 510 370"), 20, Paint(
        [(0, lighter(accent, 0.2)), (0.5, accent), (1, darker(accent, 0.3))]))  # fmt: skip
    for x in (290, 510):
        c.fill(box(x - 20, 340, x + 20, 400, 4), fade(accent, darker(accent, 0.2)))
        c.fill(ellipse(x, 358, 5, 5), metal(GOLD))
        c.fill(ellipse(x, 384, 5, 5), metal(GOLD))
    c.fill(ellipse(400, 490, 66, 66), accent, opacity=0.92)
    c.line([(400, 536), (400, 460)], 5, lighter(base, 0.4))
    for y, reach in ((520, 34), (496, 30), (474, 24)):
        for side in (-1, 1):
            leaf = spin(
                ellipse(400 + side * reach / 1.6, y - 8, reach / 1.7, 9), side * -34, (400, y)
            )
            c.fill(leaf, lighter(base, 0.4))
    c.text("market day", 400, 592, 25, accent, spacing=2)


def backpack(c: Canvas, base: Color, accent: Color) -> None:
    c.ground(400, 644, 350)
    c.line(path("M 350 190 C 350 130 450 130 450 190"), 16, fade(accent, darker(accent, 0.4)))
    for side in (-1, 1):
        c.fill(box(400 + side * 196 - 36, 430, 400 + side * 196 + 36, 600, 30),
               round_body(darker(base, 0.14)))  # fmt: skip
    body = box(222, 170, 578, 646, 110)
    c.fill(body, Paint([(0, lighter(base, 0.30)), (0.45, base), (1, darker(base, 0.28))], angle=35))
    c.line(
        path("M 252 400 C 250 230 330 214 400 214 C 470 214 550 230 548 400"), 6, darker(base, 0.45)
    )
    c.line(path("M 252 396 C 250 226 330 210 400 210 C 470 210 550 226 548 396"), 2, lighter(base, 0.5),
           opacity=0.6)  # fmt: skip
    pocket = box(262, 424, 538, 628, 46)
    c.shadow(pocket, dy=6, blur=8, opacity=0.3)
    c.fill(pocket, Paint([(0, lighter(base, 0.22)), (1, darker(base, 0.16))], angle=60))
    c.line([(290, 462), (510, 462)], 6, metal(GOLD))
    c.fill(box(494, 458, 504, 500, 4), metal(GOLD))
    c.fill(box(352, 300, 448, 362, 8), fade(lighter(accent, 0.1), darker(accent, 0.15), 30))
    c.text("TRAIL", 400, 330, 23, lighter(base, 0.85), spacing=3)
    for x in (310, 490):
        c.fill(box(x - 13, 400, x + 13, 600, 4), accent)
        c.fill(box(x - 19, 520, x + 19, 556, 5), metal(rgb("#8d8f9c")))
    c.fill(path("M 244 300 C 246 220 300 196 340 192 C 280 230 268 300 272 400 Z"), WHITE, opacity=0.30,
           blur=10, clip=body)  # fmt: skip


def handbag(c: Canvas, base: Color, accent: Color) -> None:
    c.ground(400, 642, 400)
    for index in range(27):
        angle = math.pi * (1 + index / 26)
        x, y = 400 + 178 * math.cos(angle), 342 + 236 * math.sin(angle)
        link = spin(ellipse(x, y, 14, 7), 90 + math.degrees(angle), (x, y))
        c.line([*link, link[0]], 5, metal(GOLD))
    body = path(
        "M 206 352 Q 208 330 232 330 L 568 330 Q 592 330 594 352 L 612 606 Q 612 640 580 642 L 220 642 Q 188 640 188 606 Z"
    )
    c.fill(body, Paint([(0, lighter(base, 0.28)), (0.5, base), (1, darker(base, 0.30))], angle=35))
    for step in range(-8, 9):
        for lean in (-1, 1):
            x = 400 + step * 58
            c.line([(x - lean * 170, 330), (x + lean * 170, 650)], 2.5, darker(base, 0.5), opacity=0.45,
                   clip=body)  # fmt: skip
            c.line([(x - lean * 170 + 4, 330), (x + lean * 170 + 4, 650)], 2, lighter(base, 0.5),
                   opacity=0.28, clip=body)  # fmt: skip
    flap = path(
        "M 206 352 Q 208 330 232 330 L 568 330 Q 592 330 594 352 L 600 430 C 540 520 460 540 400 540 C 340 540 260 520 200 430 Z"
    )
    c.shadow(flap, dy=9, blur=8, opacity=0.35, clip=body)
    c.fill(flap, Paint([(0, lighter(base, 0.38)), (0.6, base), (1, darker(base, 0.18))], angle=55))
    c.line(path("M 208 426 C 264 508 342 526 400 526 C 458 526 536 508 592 426"), 2.5, lighter(accent, 0.4),
           opacity=0.8)  # fmt: skip
    c.fill(box(362, 488, 438, 548, 12), metal(GOLD))
    c.fill(box(378, 502, 422, 534, 7), fade(darker(GOLD, 0.35), GOLD, 40))
    c.fill(ellipse(300, 376, 80, 22), WHITE, opacity=0.35, blur=14, clip=flap)


def suitcase(c: Canvas, base: Color, accent: Color) -> None:
    c.ground(400, 668, 320)
    for x in (356.0, 444.0):
        c.fill(box(x - 6, 90, x + 6, 190), metal(rgb("#a7aab8")))
    c.fill(box(340, 76, 460, 104, 12), fade(darker(base, 0.5), darker(base, 0.75)))
    for x in (296.0, 504.0):
        c.fill(box(x - 22, 640, x + 22, 668, 10), fade(rgb("#3a3b47"), rgb("#15151c")))
    body = box(252, 178, 548, 648, 48)
    c.fill(body, round_body(base, 0.40))
    for index in range(7):
        x = 284 + index * 38.6
        c.line([(x, 206), (x, 620)], 8, darker(base, 0.4), opacity=0.42, clip=body)
        c.line([(x + 9, 206), (x + 9, 620)], 4, lighter(base, 0.6), opacity=0.5, clip=body)
    c.line([(252, 412), (548, 412)], 5, darker(base, 0.5), opacity=0.6, clip=body)
    c.fill(box(364, 190, 436, 206, 8), fade(darker(base, 0.5), darker(base, 0.7)))
    c.fill(box(524, 380, 556, 444, 8), metal(rgb("#b9bcc8")))
    c.line([(452, 150), (500, 236)], 3, darker(accent, 0.3))
    tag = spin(box(476, 230, 528, 318, 10), -12, (500, 236))
    c.shadow(tag, dx=4, dy=7, blur=7, opacity=0.35)
    c.fill(tag, fade(lighter(accent, 0.15), darker(accent, 0.15), 40))
    c.fill(ellipse(498, 244, 5, 5), darker(accent, 0.5))
    c.fill(box(272, 210, 292, 610, 10), WHITE, opacity=0.32, blur=7, clip=body)
