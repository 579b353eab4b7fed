"""Beauty: lipstick, dropper bottle, cream jar, perfume, tube, compact."""

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
    lathe,
    lighter,
    metal,
    mix,
    path,
    rgb,
    round_body,
)

GOLD = rgb("#d8b06a")


def lipstick(c: Canvas, base: Color, accent: Color) -> None:
    c.ground(335, 640, 130)
    c.ground(500, 640, 130)
    cap = lathe([(50, 390), (52, 400), (52, 634)], 505, 0.2)
    c.fill(cap, metal(accent))
    c.fill(ellipse(505, 390, 50, 11), fade(lighter(accent, 0.6), accent, 20))
    case = lathe([(54, 500), (54, 634)], 335, 0.2)
    c.fill(case, metal(accent))
    c.fill(box(281, 520, 389, 532), metal(GOLD))
    c.fill(ellipse(335, 500, 54, 11), darker(accent, 0.4))
    c.fill(lathe([(42, 420), (42, 500)], 335, 0.2), metal(GOLD))
    c.fill(ellipse(335, 420, 42, 9), darker(GOLD, 0.3))
    stick = path("M 300 420 L 300 300 C 300 262 330 236 370 226 L 370 420 Q 335 432 300 420 Z")
    c.fill(stick, round_body(base, 0.4))
    slant = path("M 300 300 C 300 262 330 236 370 226 C 376 262 350 300 300 312 Z")
    c.fill(slant, fade(lighter(base, 0.40), lighter(base, 0.12), 60))
    c.fill(box(310, 320, 319, 410, 4), WHITE, opacity=0.5, blur=3, clip=stick)


def dropper(c: Canvas, base: Color, accent: Color) -> None:
    c.ground(400, 640, 200)
    c.fill(lathe([(26, 172), (34, 200), (34, 250)], 400, 0.1), round_body(darker(accent, 0.5), 0.4))
    c.fill(ellipse(400, 180, 28, 22), round_body(darker(accent, 0.5), 0.4))
    collar = lathe([(46, 246), (46, 300)], 400, 0.1)
    c.fill(collar, metal(GOLD))
    body = path(
        "M 362 300 L 438 300 C 440 330 500 336 506 390 L 506 606 C 506 632 494 644 468 644 "
        "L 332 644 C 306 644 294 632 294 606 L 294 390 C 300 336 360 330 362 300 Z"
    )
    c.fill(body, Paint([
        (0, darker(base, 0.30)), (0.08, lighter(base, 0.05)), (0.2, lighter(base, 0.55)),
        (0.5, lighter(base, 0.30)), (0.8, base), (0.94, darker(base, 0.30)), (1, lighter(base, 0.2)),
    ]))  # fmt: skip
    c.fill(box(294, 430, 506, 650), fade(mix(base, accent, 0.3), darker(base, 0.15)),
           opacity=0.45, clip=body)  # fmt: skip
    c.line([(400, 300), (400, 560)], 9, WHITE, opacity=0.28, clip=body)
    c.fill(box(306, 380, 320, 610, 7), WHITE, opacity=0.75, blur=4, clip=body)
    c.fill(box(486, 400, 494, 600, 4), WHITE, opacity=0.4, blur=3, clip=body)
    c.fill(box(318, 456, 482, 590, 3), lighter(base, 0.88), opacity=0.94)
    c.text("SERUM", 400, 492, 27, darker(accent, 0.35), spacing=5)
    c.line([(350, 520), (450, 520)], 2, darker(accent, 0.2), opacity=0.5)
    c.text("niacinamide 10", 400, 544, 15, darker(accent, 0.25))
    c.text("30 ml", 400, 570, 13, darker(accent, 0.2))


def jar(c: Canvas, base: Color, accent: Color) -> None:
    c.ground(400, 640, 300)
    body = lathe([(166, 470), (170, 590), (158, 632)], 400, 0.10)
    c.fill(body, round_body(lighter(base, 0.35), 0.6))
    c.fill(box(244, 490, 262, 620, 9), WHITE, opacity=0.6, blur=5, clip=body)
    lid = lathe([(170, 372), (174, 382), (174, 478)], 400, 0.10)
    c.shadow(lid, dy=8, blur=6, opacity=0.25, clip=body)
    c.fill(lid, metal(lighter(accent, 0.1)))
    c.fill(ellipse(400, 372, 170, 25), Paint(
        [(0, lighter(accent, 0.15)), (0.4, lighter(accent, 0.65)), (1, darker(accent, 0.05))],
        angle=20))  # fmt: skip
    c.text("LUMIRA", 400, 548, 32, darker(base, 0.55), spacing=7)
    c.text("overnight cream", 400, 586, 17, darker(base, 0.45))
    smear = path(
        "M 560 690 C 600 660 700 660 730 690 C 760 716 690 738 640 726 C 590 736 540 716 560 690 Z"
    )
    c.shadow(smear, dy=4, blur=5, opacity=0.2)
    c.fill(smear, fade(lighter(base, 0.85), lighter(base, 0.5), 40))
    c.line(path("M 590 696 C 630 676 680 680 700 698"), 9, WHITE, opacity=0.8, blur=4)


def perfume(c: Canvas, base: Color, accent: Color) -> None:
    c.ground(400, 640, 300)
    glass = box(262, 346, 538, 642, 26)
    c.fill(glass, Paint([
        (0, lighter(base, 0.45)), (0.06, darker(base, 0.12)), (0.16, lighter(base, 0.65)),
        (0.6, lighter(base, 0.35)), (0.9, base), (1, darker(base, 0.3)),
    ]))  # fmt: skip
    inner = box(284, 372, 516, 614, 16)
    c.fill(inner, fade(lighter(base, 0.4), mix(base, accent, 0.35)), opacity=0.9)
    c.fill([(284, 420), (516, 400), (516, 614), (284, 614)],
           fade(mix(base, accent, 0.25), mix(base, accent, 0.6), 60), opacity=0.75, clip=inner)  # fmt: skip
    c.line([(400, 350), (404, 600)], 5, WHITE, opacity=0.35, clip=inner)
    c.fill(
        [(292, 372), (350, 372), (318, 614), (292, 614)], WHITE, opacity=0.40, blur=6, clip=inner
    )
    c.fill(box(356, 306, 444, 350, 4), metal(GOLD))
    cap = box(334, 186, 466, 310, 14)
    c.fill(cap, metal(darker(accent, 0.35)))
    c.fill(box(346, 196, 362, 300, 8), WHITE, opacity=0.4, blur=4)
    c.fill(box(330, 462, 470, 556, 2), lighter(base, 0.9), opacity=0.95)
    c.text("ROSEA", 400, 496, 28, darker(accent, 0.45), spacing=5)
    c.text("eau de parfum", 400, 528, 14, darker(accent, 0.35))


def tube(c: Canvas, base: Color, accent: Color) -> None:
    c.ground(400, 642, 190)
    body = path(
        "M 288 170 L 512 170 L 512 200 C 512 340 496 470 480 566 L 320 566 "
        "C 304 470 288 340 288 200 Z"
    )
    c.shadow(body, dx=14, dy=8, blur=18, opacity=0.22)
    c.fill(body, round_body(base, 0.55))
    c.fill(box(288, 170, 512, 198), fade(lighter(base, 0.3), darker(base, 0.1)))
    for x in range(294, 512, 8):
        c.line([(x, 172), (x, 196)], 1.5, darker(base, 0.3), opacity=0.35)
    c.fill(lathe([(80, 562), (84, 636)], 400, 0.08), round_body(accent, 0.5))
    c.fill(box(330, 576, 342, 630, 6), WHITE, opacity=0.5, blur=4)
    c.fill(path("M 312 210 L 334 210 C 340 340 344 460 350 560 L 334 560 C 322 460 314 330 312 210 Z"),
           WHITE, opacity=0.5, blur=5)  # fmt: skip
    c.fill(ellipse(408, 290, 46, 46), fade(accent, lighter(accent, 0.35), 45))
    c.text("SPF", 408, 280, 20, WHITE, spacing=2)
    c.text("50+", 408, 304, 24, WHITE)
    c.text("DAILY SUN", 408, 378, 24, darker(base, 0.6), spacing=3)
    c.text("light · no white cast", 408, 408, 14, darker(base, 0.5))


def compact(c: Canvas, base: Color, accent: Color) -> None:
    c.ground(400, 640, 340)
    lid = ellipse(400, 330, 186, 172)
    c.shadow(lid, dx=12, dy=12, blur=18, opacity=0.25)
    c.fill(lid, metal(accent))
    glass = ellipse(400, 330, 164, 150)
    c.fill(glass, fade(rgb("#eef5fb"), rgb("#9fb4c6"), 50))
    c.fill(
        [(280, 470), (400, 180), (470, 180), (350, 480)], WHITE, opacity=0.55, blur=3, clip=glass
    )
    c.fill(box(350, 486, 450, 520, 8), metal(darker(accent, 0.2)))
    dish = [*ellipse(400, 566, 196, 66)]
    c.fill(lathe([(196, 566), (192, 592)], 400, 0.33), metal(accent))
    c.fill(dish, fade(lighter(accent, 0.5), accent, 20))
    powder = ellipse(400, 562, 172, 54)
    c.fill(powder, fade(lighter(base, 0.30), darker(base, 0.06), 40))
    for index in range(6):
        c.line(path(f"M {262 + index * 44} 590 Q {300 + index * 40} 556 {286 + index * 46} 528"), 3,
               darker(base, 0.3), opacity=0.22, clip=powder)  # fmt: skip
    c.line([*powder, powder[0]], 3, INK, opacity=0.2, blur=1)
    handle = path("M 600 700 L 730 610 L 744 628 L 616 724 Z")
    c.shadow(handle, dy=10, blur=8, opacity=0.3)
    c.fill(handle, metal(accent))
    c.fill(path("M 610 728 C 560 768 500 760 506 730 C 512 704 566 700 598 704 Z"),
           fade(lighter(base, 0.1), darker(base, 0.25), 20))  # fmt: skip
