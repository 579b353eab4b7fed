"""Sound and screens: headphones, ear buds, speaker, watch, power bank, keyboard."""

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
    mix,
    path,
    rgb,
    round_body,
    spin,
)


def headphones(c: Canvas, base: Color, accent: Color) -> None:
    c.ground(400, 646, 340)
    band = path("M 222 450 C 200 100 600 100 578 450")
    c.line(band, 40, Paint([(0, darker(base, 0.3)), (0.3, lighter(base, 0.35)), (0.7, base),
                            (1, darker(base, 0.4))]))  # fmt: skip
    c.line(path("M 262 300 C 290 160 510 160 538 300"), 16, darker(accent, 0.2), opacity=0.9)
    c.line(path("M 236 330 C 262 130 470 120 530 250"), 5, WHITE, opacity=0.5, blur=3)
    for side in (-1, 1):
        x = 400 + side * 176
        c.fill(box(x - 11, 380, x + 11, 470, 8), metal(lighter(base, 0.35)))
    for side in (-1, 1):
        x = 400 + side * 168
        pad = spin(ellipse(x - side * 30, 530, 50, 104), side * 6, (x, 530))
        c.fill(pad, fade(lighter(accent, 0.12), darker(accent, 0.45), 0))
        cup = spin(ellipse(x + side * 14, 530, 60, 112), side * 6, (x, 530))
        c.shadow(cup, dx=-side * 6, dy=6, blur=9, opacity=0.35, clip=pad)
        c.fill(
            cup, Paint([(0, lighter(base, 0.35)), (0.5, base), (1, darker(base, 0.45))], angle=40)
        )
        face = spin(ellipse(x + side * 20, 530, 40, 84), side * 6, (x, 530))
        c.fill(face, Paint([(0, darker(base, 0.25)), (1, lighter(base, 0.25))], angle=50))
        c.line([*face, face[0]], 3, lighter(accent, 0.25), opacity=0.8)
        c.fill(spin(ellipse(x + side * 8, 480, 9, 34), 12, (x, 480)), WHITE, opacity=0.35, blur=5)


def earbuds(c: Canvas, base: Color, accent: Color) -> None:
    c.ground(400, 646, 330)
    lid = box(232, 330, 568, 480, 66)
    c.fill(lid, Paint([(0, lighter(base, 0.45)), (0.6, base), (1, darker(base, 0.25))], angle=60))
    c.fill(box(252, 350, 548, 480, 52), fade(darker(base, 0.40), darker(base, 0.22)))
    for side in (-1, 1):
        x = 400 + side * 72
        c.fill(box(x - 15, 330, x + 15, 500, 15), round_body(base, 0.7))
        c.fill(ellipse(x + side * 8, 338, 42, 48), Paint(
            [(0, lighter(base, 0.7)), (0.5, base), (1, darker(base, 0.35))], angle=45))  # fmt: skip
        c.fill(spin(ellipse(x + side * 40, 352, 18, 26), side * 20, (x, 350)),
               fade(darker(accent, 0.15), darker(accent, 0.6)))  # fmt: skip
        c.fill(ellipse(x - 6, 318, 13, 17), WHITE, opacity=0.75, blur=5)
    body = box(224, 452, 576, 646, 76)
    c.shadow(body, dy=-6, blur=8, opacity=0.3)
    c.fill(body, Paint([(0, lighter(base, 0.55)), (0.45, base), (1, darker(base, 0.32))], angle=70))
    c.fill(box(256, 468, 544, 484, 8), WHITE, opacity=0.55, blur=5, clip=body)
    c.line([(232, 500), (568, 500)], 2, INK, opacity=0.18, clip=body)
    c.fill(ellipse(400, 540, 6, 6), rgb("#6ee7a8"))
    c.glow(400, 540, 26, rgb("#6ee7a8"), 0.6)
    c.text("AURA", 400, 592, 24, darker(base, 0.4), spacing=6, opacity=0.7)


def speaker(c: Canvas, base: Color, accent: Color) -> None:
    c.ground(400, 642, 330)
    c.line(path("M 286 350 C 286 230 514 230 514 350"), 22, fade(accent, darker(accent, 0.35)))
    body = box(226, 330, 574, 642, 82)
    c.fill(body, Paint([(0, lighter(base, 0.28)), (0.5, base), (1, darker(base, 0.38))], angle=30))
    for row in range(19):
        for column in range(21):
            x, y = 244 + column * 15.6 + (row % 2) * 7.8, 352 + row * 15.2
            c.fill(ellipse(x, y, 3.2, 3.2, 10), darker(base, 0.6), opacity=0.45, clip=body)
    ring = ellipse(400, 486, 98, 98)
    c.fill(ring, metal(accent))
    c.fill(ellipse(400, 486, 90, 90), fade(darker(base, 0.55), darker(base, 0.2), 50))
    c.fill(ellipse(400, 486, 60, 60), fade(darker(base, 0.2), darker(base, 0.6), 50))
    c.fill(
        ellipse(400, 486, 28, 28),
        Paint([(0, lighter(base, 0.4)), (1, darker(base, 0.5))], angle=50),
    )
    c.fill(ellipse(388, 472, 9, 6), WHITE, opacity=0.6, blur=3)
    c.fill(path("M 250 400 C 250 360 280 346 320 344 L 300 620 C 260 620 250 600 250 560 Z"), WHITE,
           opacity=0.14, blur=12, clip=body)  # fmt: skip
    c.fill(box(376, 606, 424, 618, 6), lighter(accent, 0.3), opacity=0.9)


def watch(c: Canvas, base: Color, accent: Color) -> None:
    c.ground(400, 690, 180)
    for top in (True, False):
        strap = path(
            "M 326 300 L 338 120 Q 400 96 462 120 L 474 300 Z"
            if top
            else "M 326 500 L 340 676 Q 400 704 460 676 L 474 500 Z"
        )
        c.fill(strap, round_body(accent, 0.30))
        for hole in range(3):
            y = 150 + hole * 34 if top else 590 + hole * 30
            c.fill(ellipse(400, y, 7, 5), darker(accent, 0.5))
    case = box(272, 262, 528, 538, 74)
    c.shadow(case, dx=10, dy=14, blur=18, opacity=0.35)
    c.fill(case, metal(base))
    c.fill(box(526, 366, 544, 424, 7), metal(lighter(base, 0.2)))
    screen = box(290, 280, 510, 520, 58)
    c.fill(screen, fade(rgb("#14142b"), rgb("#05050c"), 60))
    for radius, share, tone in (
        (70, 0.78, "#ff4d8d"),
        (54, 0.62, "#3ddc97"),
        (38, 0.86, "#4ea8ff"),
    ):
        whole = ellipse(400, 442, radius, radius * 0.72)
        c.line(whole, 10, rgb(tone), opacity=0.22)
        arc = [*whole[72:], *whole[: int(96 * share) - 24]]
        c.line(arc, 10, rgb(tone))
    c.text("10:08", 400, 334, 60, WHITE)
    c.fill(
        [(300, 280), (390, 280), (320, 520), (290, 520)], WHITE, opacity=0.10, blur=4, clip=screen
    )


def powerbank(c: Canvas, base: Color, accent: Color) -> None:
    c.ground(400, 642, 240)
    c.line(path("M 470 250 C 480 110 660 160 650 340 C 644 470 720 520 690 660"), 13,
           fade(accent, darker(accent, 0.3)))  # fmt: skip
    c.fill(box(452, 236, 488, 286, 6), metal(lighter(base, 0.3)))
    body = box(276, 270, 524, 642, 44)
    c.fill(body, round_body(base, 0.35))
    c.fill(box(296, 290, 308, 620, 6), WHITE, opacity=0.45, blur=5)
    c.fill(box(330, 320, 470, 400, 16), fade(rgb("#12121f"), rgb("#26263c"), 40))
    c.text("86%", 400, 360, 42, mix(accent, WHITE, 0.5))
    for index in range(4):
        c.fill(
            ellipse(352 + index * 32, 436, 6, 6),
            lighter(accent, 0.5) if index < 3 else darker(base, 0.3),
        )
    c.text("20 000 mAh", 400, 560, 22, lighter(base, 0.65), spacing=1)
    c.text("65 W", 400, 592, 20, lighter(base, 0.5))


def keyboard(c: Canvas, base: Color, accent: Color) -> None:
    body = path(
        "M 96 330 L 704 300 Q 728 300 732 322 L 758 560 Q 760 586 734 588 L 82 616 Q 56 616 58 590 L 74 352 Q 76 332 96 330 Z"
    )
    c.shadow(body, dx=8, dy=26, blur=24, opacity=0.35)
    c.fill([(x, y + 16) for x, y in body], fade(darker(base, 0.25), darker(base, 0.5)))
    c.fill(body, fade(lighter(base, 0.25), darker(base, 0.05), 40))
    rows = [14, 14, 13, 12]
    for row, count in enumerate(rows):
        y0 = 346 + row * 50
        for column in range(count):
            x0 = 100 - row * 5 + column * (592 + row * 13) / count
            x1 = x0 + (592 + row * 13) / count - 7
            slope = -0.05 * (x0 - 100)
            tone = (
                accent if (row, column) in {(0, 0), (2, count - 1), (3, 0)} else lighter(base, 0.55)
            )
            c.fill(box(x0, y0 + slope + 5, x1, y0 + slope + 46, 7), darker(tone, 0.35))
            c.fill(box(x0 + 1, y0 + slope, x1 - 1, y0 + slope + 39, 7),
                   fade(lighter(tone, 0.3), tone))  # fmt: skip
    y0 = 546
    for x0, x1, tone in ((84, 150, base), (158, 224, base), (232, 540, accent), (548, 614, base),
                         (622, 700, base)):  # fmt: skip
        slope = -0.05 * (x0 - 100)
        tone = lighter(tone, 0.45) if tone == base else tone
        c.fill(box(x0, y0 + slope + 5, x1, y0 + slope + 44, 7), darker(tone, 0.35))
        c.fill(box(x0 + 1, y0 + slope, x1 - 1, y0 + slope + 38, 7), fade(lighter(tone, 0.3), tone))


def phone_case(c: Canvas, base: Color, accent: Color) -> None:
    body = spin(box(264, 110, 536, 670, 54), 8, (400, 400))
    c.shadow(body, dx=16, dy=22, blur=24, opacity=0.38)
    c.fill(body, Paint([(0, lighter(base, 0.35)), (0.5, base), (1, darker(base, 0.25))], angle=40))
    for index in range(5):
        wave = [
            (x, 420 + index * 52 + 26 * ((x / 60 + index) % 2 - 1) ** 2) for x in range(180, 640, 6)
        ]
        c.line(spin(wave, 8, (400, 400)), 18, accent, opacity=0.30 + index * 0.12, clip=body)
    island = spin(box(288, 134, 402, 268, 34), 8, (400, 400))
    c.fill(island, fade(darker(base, 0.15), darker(base, 0.40), 40))
    for x, y in ((320, 168), (320, 232), (372, 200)):
        ((px, py),) = spin([(x, y)], 8, (400, 400))
        c.fill(ellipse(px, py, 25, 25), metal(rgb("#8d8f9c")))
        c.fill(ellipse(px, py, 18, 18), fade(rgb("#0c0d18"), rgb("#2b2f4a"), 50))
        c.fill(ellipse(px - 6, py - 6, 5, 4), WHITE, opacity=0.7, blur=1.5)
    c.line([*body, body[0]], 5, flat(lighter(base, 0.45)), opacity=0.7)


def projector(c: Canvas, base: Color, accent: Color) -> None:
    c.fill([(470, 470), (820, 160), (820, 520), (500, 540)], rgb("#fff3c9"), opacity=0.35, blur=16)
    c.ground(400, 642, 320)
    body = lathe([(168, 390), (170, 612), (160, 632)], 390, 0.14)
    c.fill(body, round_body(base, 0.45))
    c.fill(ellipse(390, 390, 168, 32), fade(lighter(base, 0.6), lighter(base, 0.1), 20))
    c.line(ellipse(390, 390, 130, 23), 4, darker(base, 0.2), opacity=0.5)
    c.fill(ellipse(470, 500, 72, 78), metal(accent))
    c.fill(ellipse(474, 500, 56, 62), fade(rgb("#101424"), rgb("#3a4670"), 45))
    c.fill(ellipse(476, 500, 30, 34), fade(rgb("#fff8dc"), rgb("#8fb6ff"), 50))
    c.glow(476, 500, 80, rgb("#fff6d2"), 0.8)
    c.fill(box(246, 430, 260, 610, 7), WHITE, opacity=0.5, blur=5, clip=body)
