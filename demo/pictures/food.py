"""Food and drink: tea tin, honey, coffee bag, gift box, juice, oranges, nuts."""

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
    lathe,
    lighter,
    metal,
    mix,
    path,
    rgb,
    round_body,
    spin,
)

GOLD = rgb("#d8b06a")


def tin(c: Canvas, base: Color, accent: Color) -> None:
    c.ground(370, 640, 240)
    body = lathe([(122, 330), (122, 630)], 370, 0.14)
    c.fill(body, round_body(base, 0.35))
    c.fill(lathe([(124, 300), (124, 372)], 370, 0.14), round_body(darker(base, 0.12), 0.4))
    c.fill(ellipse(370, 300, 124, 19), fade(lighter(base, 0.35), base, 20))
    c.line(path("M 248 380 Q 370 412 492 380"), 4, GOLD, opacity=0.9)
    c.line(path("M 248 618 Q 370 652 492 618"), 4, GOLD, opacity=0.9)
    for index in range(3):
        hill = path(
            f"M 240 {560 + index * 22} C {280 + index * 30} {490 + index * 26} {330 + index * 20} "
            f"{520 + index * 20} 370 {548 + index * 20} C {410 + index * 10} {500 + index * 26} 460 "
            f"{510 + index * 26} 500 {566 + index * 20} L 500 660 L 240 660 Z"
        )
        c.fill(hill, mix(base, accent, 0.35 + index * 0.28), opacity=0.75, clip=body)
    c.fill(ellipse(420, 470, 26, 26), lighter(accent, 0.45), opacity=0.9, clip=body)
    c.text("YUN WU", 360, 432, 30, lighter(GOLD, 0.35), spacing=6)
    c.fill(box(268, 320, 284, 610, 8), WHITE, opacity=0.35, blur=7, clip=body)
    _cup(c)


def _cup(c: Canvas) -> None:
    c.ground(585, 650, 150, 0.9)
    glaze = rgb("#eef2ea")
    body = lathe([(76, 580), (70, 620), (46, 650)], 585, 0.16)
    c.fill(body, round_body(glaze))
    c.fill(ellipse(585, 580, 76, 15), lighter(glaze, 0.5))
    c.fill(ellipse(585, 582, 67, 11), fade(rgb("#b98d3c"), rgb("#e1c473"), 20))
    steam = path("M 585 560 C 610 520 560 490 590 440")
    c.line(steam, 8, WHITE, opacity=0.4, blur=9)


def honey(c: Canvas, base: Color, accent: Color) -> None:
    c.ground(400, 640, 250)
    glass = path(
        "M 312 300 L 488 300 C 494 330 540 350 546 410 L 546 590 C 546 630 520 644 490 644 "
        "L 310 644 C 280 644 254 630 254 590 L 254 410 C 260 350 306 330 312 300 Z"
    )
    c.fill(glass, Paint([
        (0, darker(base, 0.35)), (0.1, base), (0.25, lighter(base, 0.5)), (0.5, lighter(base, 0.2)),
        (0.8, darker(base, 0.15)), (1, darker(base, 0.4)),
    ]))  # fmt: skip
    c.glow(440, 560, 150, lighter(base, 0.6), 0.5)
    c.fill(box(300, 306, 500, 330), lighter(base, 0.7), opacity=0.5, clip=glass)
    c.fill(lathe([(100, 236), (104, 244), (104, 304)], 400, 0.1), round_body(accent, 0.35))
    c.fill(ellipse(400, 236, 100, 16), fade(lighter(accent, 0.35), accent, 20))
    label = box(290, 410, 510, 580, 8)
    c.fill(label, rgb("#fff8e6"))
    for x, y in ((400, 452), (370, 470), (430, 470)):
        hexagon = [(x + 17 * math.cos(math.radians(60 * k + 30)), y + 17 * math.sin(math.radians(60 * k + 30)))
                   for k in range(6)]  # fmt: skip
        c.line([*hexagon, hexagon[0]], 4, base)
    c.text("WILD HONEY", 400, 518, 27, darker(base, 0.6), spacing=3)
    c.text("acacia · 500 g", 400, 550, 17, darker(base, 0.5))
    c.fill(box(268, 420, 284, 600, 8), WHITE, opacity=0.55, blur=5, clip=glass)
    c.line([(560, 690), (690, 600)], 12, metal(rgb("#b98956")))
    for step in range(5):
        dip_x, dip_y = 566 - step * 11, 688 + step * 7.6
        c.fill(
            spin(ellipse(dip_x, dip_y, 8, 26 - abs(step - 2) * 4), 36, (dip_x, dip_y)),
            round_body(rgb("#b98956")),
        )


def coffee(c: Canvas, base: Color, accent: Color) -> None:
    c.ground(400, 642, 290)
    bag = path(
        "M 268 220 L 532 220 C 536 300 560 420 562 600 Q 562 642 526 642 L 274 642 Q 238 642 238 600 C 240 420 264 300 268 220 Z"
    )
    c.fill(bag, Paint([(0, darker(base, 0.25)), (0.18, lighter(base, 0.30)), (0.5, base), (0.82, darker(base, 0.2)),
                       (1, darker(base, 0.4))]))  # fmt: skip
    c.fill(box(262, 186, 538, 246, 4), fade(lighter(base, 0.12), darker(base, 0.12)))
    for y in (196, 204, 212):
        c.line([(262, y), (538, y)], 1.5, darker(base, 0.5), opacity=0.5)
    c.line([(256, 232), (544, 232)], 12, metal(GOLD))
    for fold in ("M 290 250 C 320 340 296 460 306 640", "M 510 250 C 486 340 506 460 496 640"):
        c.line(path(fold), 20, INK, opacity=0.20, blur=10, clip=bag)
        c.line([(x + 16, y) for x, y in path(fold)], 12, WHITE, opacity=0.14, blur=8, clip=bag)
    c.fill(box(304, 350, 496, 560, 6), accent)
    c.fill(ellipse(400, 420, 40, 40), darker(base, 0.1))
    c.line(path("M 380 450 C 420 430 380 410 420 390"), 6, accent)
    c.text("NIGHT TRAIN", 400, 494, 24, darker(base, 0.3), spacing=2)
    c.text("espresso blend · 250 g", 400, 526, 14, darker(base, 0.2))
    c.fill(ellipse(400, 294, 12, 12), darker(base, 0.4))
    for x, y, lean in (
        (596, 664, 20),
        (648, 690, -35),
        (566, 706, 60),
        (700, 660, 10),
        (170, 690, 40),
        (220, 712, -10),
    ):
        bean = spin(ellipse(x, y, 22, 15), lean, (x, y))
        c.shadow(bean, dx=3, dy=6, blur=5, opacity=0.4)
        c.fill(bean, fade(rgb("#7a4a2a"), rgb("#3a2012"), 40))
        c.line(
            spin(path(f"M {x - 18} {y} Q {x} {y + 7} {x + 18} {y}"), lean, (x, y)),
            3,
            rgb("#26140a"),
        )


def giftbox(c: Canvas, base: Color, accent: Color) -> None:
    c.ground(400, 642, 420)
    body = box(206, 420, 594, 642, 8)
    c.fill(body, fade(lighter(base, 0.12), darker(base, 0.22), 20))
    lid = box(188, 340, 612, 436, 8)
    c.shadow(lid, dy=10, blur=8, opacity=0.3, clip=body)
    c.fill(lid, fade(lighter(base, 0.28), base, 30))
    c.fill(
        [(188, 344), (226, 306), (574, 306), (612, 344)],
        fade(lighter(base, 0.5), lighter(base, 0.25), 20),
    )
    c.fill(box(372, 340, 428, 642), metal(accent))
    c.fill([(384, 306), (418, 306), (428, 342), (372, 342)], lighter(accent, 0.45))
    for side in (-1, 1):
        bow = [(400 + side * (x - 400), y)
               for x, y in path("M 400 306 C 430 220 520 190 540 240 C 550 280 470 306 400 306 Z")]  # fmt: skip
        c.shadow(bow, dy=5, blur=5, opacity=0.25)
        c.fill(
            bow,
            Paint([(0, lighter(accent, 0.45)), (0.5, accent), (1, darker(accent, 0.3))], angle=60),
        )
        tail = [
            (400 + side * (x - 400), y)
            for x, y in path("M 404 300 L 470 352 L 452 362 L 446 378 L 396 310 Z")
        ]
        c.fill(tail, darker(accent, 0.12))
    c.fill(ellipse(400, 300, 25, 21), metal(accent))
    for index in range(6):
        for row in range(3):
            x, y = 236 + index * 64 + (row % 2) * 26, 480 + row * 56
            if not 360 < x < 440:
                star = [(x + (11 if k % 2 else 4) * math.cos(k * math.pi / 4),
                         y + (11 if k % 2 else 4) * math.sin(k * math.pi / 4)) for k in range(8)]  # fmt: skip
                c.fill(star, lighter(accent, 0.2), opacity=0.75, clip=body)


def juice(c: Canvas, base: Color, accent: Color) -> None:
    for dx, dy, tone in ((-104, -20, accent), (96, 0, base)):
        x = 400 + dx
        c.ground(x, 640 + dy, 160)
        bottle = path(
            f"M {x - 34} {250 + dy} L {x + 34} {250 + dy} L {x + 36} {300 + dy} C {x + 40} {340 + dy} {x + 84} "
            f"{350 + dy} {x + 84} {410 + dy} L {x + 84} {610 + dy} Q {x + 84} {642 + dy} {x + 54} {642 + dy} "
            f"L {x - 54} {642 + dy} Q {x - 84} {642 + dy} {x - 84} {610 + dy} L {x - 84} {410 + dy} "
            f"C {x - 84} {350 + dy} {x - 40} {340 + dy} {x - 36} {300 + dy} Z"
        )
        c.fill(bottle, round_body(tone, 0.5))
        c.fill(
            box(x - 90, 240 + dy, x + 90, 330 + dy), lighter(tone, 0.75), opacity=0.5, clip=bottle
        )
        c.fill(lathe([(38, 208 + dy), (38, 262 + dy)], x, 0.14), round_body(rgb("#f7f4ec")))
        c.fill(box(x - 70, 440 + dy, x + 70, 570 + dy, 70), rgb("#fffaf0"), opacity=0.95)
        slice_ = ellipse(x, 486 + dy, 30, 30)
        c.fill(slice_, tone)
        for k in range(8):
            a = math.radians(45 * k)
            c.line(
                [(x, 486 + dy), (x + 27 * math.cos(a), 486 + dy + 27 * math.sin(a))],
                2,
                WHITE,
                opacity=0.9,
            )
        c.text("pressed", x, 540 + dy, 20, darker(tone, 0.4), spacing=1)
        c.fill(box(x - 74, 410 + dy, x - 62, 610 + dy, 6), WHITE, opacity=0.6, blur=5, clip=bottle)


def oranges(c: Canvas, base: Color, accent: Color) -> None:
    c.ground(400, 648, 320)
    for x, y, r in ((300, 440, 92), (500, 440, 92), (400, 372, 92)):
        _orange(c, x, y, r, base, accent)
    for x, y, r in ((250, 530, 92), (400, 520, 96), (550, 530, 92)):
        _orange(c, x, y, r, base, accent)
    bowl = path(
        "M 150 520 C 270 556 530 556 650 520 C 646 600 560 650 400 650 C 240 650 154 600 150 520 Z"
    )
    c.shadow(bowl, dy=-10, blur=8, opacity=0.3)
    glaze = rgb("#f2f0ea")
    c.fill(bowl, round_body(glaze, 0.6))
    for y in (566, 584):
        c.line(
            path(f"M 140 {y} C 270 {y + 36} 530 {y + 36} 660 {y}"),
            5,
            rgb("#3f5fa8"),
            opacity=0.75,
            clip=bowl,
        )
    c.line(path("M 150 520 C 270 556 530 556 650 520"), 7, WHITE, opacity=0.9)


def _orange(c: Canvas, x: float, y: float, r: float, base: Color, accent: Color) -> None:
    ball = ellipse(x, y, r, r)
    c.shadow(ball, dx=4, dy=6, blur=8, opacity=0.28)
    c.fill(ball, Paint([(0, lighter(base, 0.25)), (0.5, base), (1, darker(base, 0.35))], angle=55))
    for _ in range(90):
        a, d = c.random.random() * 6.283, r * math.sqrt(c.random.random()) * 0.95
        c.fill(
            ellipse(x + d * math.cos(a), y + d * math.sin(a), 1.5, 1.3, 6),
            darker(base, 0.35),
            opacity=0.4,
        )
    c.fill(
        ellipse(x - r * 0.34, y - r * 0.40, r * 0.30, r * 0.20), WHITE, opacity=0.55, blur=r * 0.09
    )
    leaf = spin(ellipse(x + 34, y - r * 0.92, 36, 14), -24, (x, y - r * 0.9))
    c.fill(leaf, fade(lighter(accent, 0.2), darker(accent, 0.3), 40))
    c.fill(ellipse(x + 2, y - r * 0.88, 6, 5), darker(accent, 0.5))


def nuts(c: Canvas, base: Color, accent: Color) -> None:
    c.ground(400, 646, 270)
    c.fill(ellipse(400, 478, 216, 52), darker(accent, 0.55))
    for _ in range(150):
        a, d = c.random.random() * 6.283, math.sqrt(c.random.random())
        x, y = 400 + 190 * d * math.cos(a), 470 + 66 * d * math.sin(a) - 42 * (1 - d)
        lean = c.random.random() * 180
        nut = spin(ellipse(x, y, 25, 16), lean, (x, y))
        tone = mix(base, rgb("#8a5a30"), c.random.random() * 0.7)
        c.shadow(nut, dx=2, dy=5, blur=4, opacity=0.35)
        c.fill(nut, fade(lighter(tone, 0.30), darker(tone, 0.30), 50))
        c.line(spin(path(f"M {x - 20} {y} Q {x} {y - 5} {x + 20} {y}"), lean, (x, y)), 2, darker(tone, 0.5),
               opacity=0.6)  # fmt: skip
    bowl = path(
        "M 184 474 C 290 540 510 540 616 474 C 616 590 540 646 400 646 C 260 646 184 590 184 474 Z"
    )
    c.fill(bowl, Paint([(0, darker(accent, 0.25)), (0.2, lighter(accent, 0.35)), (0.55, accent),
                        (1, darker(accent, 0.4))]))  # fmt: skip
    for y in (520, 548, 576, 604):
        c.line(path(f"M 180 {y - 20} C 290 {y + 34} 510 {y + 34} 620 {y - 20}"), 3, darker(accent, 0.4),
               opacity=0.35, clip=bowl)  # fmt: skip
    c.line(path("M 184 474 C 290 540 510 540 616 474"), 6, lighter(accent, 0.5), opacity=0.9)
