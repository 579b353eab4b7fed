"""Clothes laid flat or hung: tee, hoodie, dress, cap, scarf, socks, jeans."""

from __future__ import annotations

from demo.pictures.canvas import (
    INK,
    WHITE,
    Canvas,
    Color,
    Paint,
    Point,
    box,
    darker,
    ellipse,
    fade,
    flat,
    lighter,
    metal,
    mirror,
    path,
    rgb,
    spin,
)

TEE = mirror(
    path(
        "M 400 196 C 430 196 452 186 464 170 L 520 188 C 580 206 610 240 634 300 L 668 390 "
        "L 584 424 L 556 356 C 552 440 556 560 562 664 Q 480 684 400 684"
    ),
    400,
)


def _cloth(c: Canvas, shape: list[Point], base: Color, lift: float = 14) -> None:
    c.shadow(shape, dx=lift, dy=lift * 1.4, blur=lift * 1.5, opacity=0.34)
    c.shadow(shape, dx=3, dy=4, blur=5, opacity=0.22)
    c.fill(
        shape,
        Paint([(0, lighter(base, 0.20)), (0.5, base), (1, darker(base, 0.16))], angle=40),
    )


def _folds(c: Canvas, shape: list[Point], lines: list[str]) -> None:
    """Each fold is a soft dark line with a light one beside it."""
    for text in lines:
        fold = path(text)
        c.line(fold, 16, INK, opacity=0.15, blur=9, clip=shape)
        c.line([(x - 11, y - 4) for x, y in fold], 12, WHITE, opacity=0.22, blur=8, clip=shape)


def tee(c: Canvas, base: Color, accent: Color) -> None:
    _cloth(c, TEE, base)
    _folds(c, TEE, [
        "M 244 360 C 262 440 250 560 262 670", "M 556 360 C 540 450 552 560 540 670",
        "M 300 260 C 280 300 262 340 240 352", "M 500 260 C 522 300 540 330 560 346",
        "M 350 430 C 340 520 352 600 346 680", "M 462 470 C 470 540 456 620 464 680",
    ])  # fmt: skip
    for side in (-1, 1):
        seam = [(400 + side * (x - 400), y) for x, y in path("M 520 188 C 528 240 548 300 556 356")]
        c.line(seam, 2, darker(base, 0.35), opacity=0.5)
    neck = mirror(path("M 400 196 C 430 196 452 186 464 170 C 456 206 430 226 400 226"), 400)
    c.fill(neck, fade(darker(base, 0.30), darker(base, 0.10)))
    c.line(path("M 336 170 C 346 214 372 234 400 234 C 428 234 454 214 464 170"), 9,
           lighter(base, 0.10))  # fmt: skip
    c.fill(ellipse(400, 372, 62, 62), accent, clip=TEE)
    c.fill(box(330, 376, 470, 384), base, clip=ellipse(400, 372, 62, 62))
    c.fill(box(330, 396, 470, 402), base, clip=ellipse(400, 372, 62, 62))
    c.fill(box(330, 414, 470, 418), base, clip=ellipse(400, 372, 62, 62))
    c.text("SLOW SUNDAY", 400, 466, 25, accent, spacing=4)


def hoodie(c: Canvas, base: Color, accent: Color) -> None:
    body = mirror(
        path(
            "M 400 200 C 450 200 480 176 496 168 C 560 186 612 230 634 300 L 690 560 L 690 606 "
            "L 612 622 L 602 580 L 560 420 C 556 500 560 570 566 656 L 560 690 Q 480 698 400 698"
        ),
        400,
    )
    _cloth(c, body, base, 16)
    _folds(c, body, [
        "M 232 420 C 252 500 240 570 252 660", "M 568 420 C 548 500 558 570 548 660",
        "M 212 330 C 190 420 170 500 160 600", "M 588 330 C 610 420 628 500 640 600",
        "M 300 290 C 330 360 318 430 330 500", "M 500 300 C 476 360 486 430 474 500",
    ])  # fmt: skip
    pocket = path("M 306 520 L 494 520 L 536 640 L 264 640 Z")
    c.shadow(pocket, dy=3, blur=4, opacity=0.25, clip=body)
    c.fill(pocket, fade(lighter(base, 0.10), darker(base, 0.06)), clip=body)
    c.line([*pocket, pocket[0]], 2, darker(base, 0.35), opacity=0.5)
    for y0, y1 in ((658, 700),):
        c.fill(box(220, y0, 580, y1), darker(base, 0.14), clip=body)
        for x in range(226, 580, 9):
            c.line([(x, y0 + 4), (x, y1)], 2, darker(base, 0.4), opacity=0.35, clip=body)
    hood = mirror(path("M 400 112 C 480 112 524 160 510 210 C 500 256 450 284 400 288"), 400)
    c.shadow(hood, dy=8, blur=9, opacity=0.3, clip=body)
    c.fill(hood, Paint([(0, lighter(base, 0.22)), (1, darker(base, 0.10))], angle=50))
    inside = mirror(path("M 400 152 C 450 152 474 184 464 216 C 456 244 430 262 400 266"), 400)
    c.fill(inside, fade(darker(base, 0.55), darker(base, 0.25)))
    for side in (-1, 1):
        c.line(path(f"M {400 + side * 34} 262 C {400 + side * 44} 320 {400 + side * 30} 360 "
                    f"{400 + side * 36} 410"), 6, lighter(accent, 0.2))  # fmt: skip
        c.fill(box(400 + side * 36 - 5, 406, 400 + side * 36 + 5, 430, 3), metal(rgb("#b9bcc8")))
    c.text("NORTH PIER", 400, 470, 24, accent, spacing=5)


def dress(c: Canvas, base: Color, accent: Color) -> None:
    c.line([(60, 110), (740, 110)], 9, metal(rgb("#b08d57")))
    c.line(path("M 400 112 C 400 80 424 84 420 66"), 5, metal(rgb("#9a9aa6")))
    c.line(path("M 316 176 L 400 128 L 484 176"), 8, metal(rgb("#c69c6d")))
    shape = mirror(
        path(
            "M 400 214 C 430 212 452 196 462 166 L 492 172 C 494 240 520 270 512 320 "
            "C 504 356 486 380 484 410 C 520 500 566 590 590 700 Q 500 724 400 724"
        ),
        400,
    )
    _cloth(c, shape, base, 18)
    for row in range(14):
        for column in range(12):
            x, y = 200 + column * 38 + (row % 2) * 19, 190 + row * 40
            for petal in range(5):
                c.fill(spin(ellipse(x, y - 6, 4, 6.5, 16), petal * 72, (x, y)), lighter(accent, 0.35),
                       opacity=0.9, clip=shape)  # fmt: skip
            c.fill(ellipse(x, y, 2.6, 2.6, 12), rgb("#f6c453"), clip=shape)
    _folds(c, shape, [
        "M 352 410 C 330 500 290 600 276 720", "M 400 420 C 398 520 392 620 396 724",
        "M 448 410 C 470 500 508 600 524 720", "M 330 250 C 320 300 330 350 334 400",
        "M 470 250 C 482 300 468 350 466 400",
    ])  # fmt: skip
    c.fill(box(300, 398, 500, 420), darker(accent, 0.15), clip=shape)
    c.line([(300, 400), (500, 400)], 3, WHITE, opacity=0.3, clip=shape)


def cap(c: Canvas, base: Color, accent: Color) -> None:
    c.ground(390, 600, 380)
    brim = path(
        "M 440 520 C 560 500 690 540 724 590 C 736 616 700 622 660 616 C 590 600 500 590 420 600 Z"
    )
    c.shadow(brim, dy=14, blur=12, opacity=0.35)
    crown = path(
        "M 176 560 C 166 380 250 270 380 266 C 500 264 560 380 556 530 C 470 556 300 600 200 598 Q 178 590 176 560 Z"
    )
    c.fill(
        crown, Paint([(0, lighter(base, 0.30)), (0.45, base), (1, darker(base, 0.35))], angle=35)
    )
    for seam in ("M 380 266 C 330 360 300 480 310 592", "M 380 266 C 460 350 490 440 492 548",
                 "M 380 266 C 300 290 214 400 196 540"):  # fmt: skip
        c.line(path(seam), 3, darker(base, 0.4), opacity=0.55, clip=crown)
        c.line([(x + 5, y) for x, y in path(seam)], 2, lighter(base, 0.4), opacity=0.4, clip=crown)
    c.fill(ellipse(380, 268, 16, 9), fade(lighter(base, 0.2), darker(base, 0.2)))
    c.fill(brim, fade(lighter(base, 0.16), darker(base, 0.28), 20))
    for inset in (10, 22, 34):
        c.line(path(f"M 450 {524 + inset} C 560 {508 + inset} 670 {546 + inset * 0.6} "
                    f"{716 - inset} {596 + inset * 0.1}"), 2, darker(base, 0.4), opacity=0.4, clip=brim)  # fmt: skip
    badge = spin(ellipse(412, 430, 54, 50), -6, (412, 430))
    c.fill(badge, fade(lighter(accent, 0.2), darker(accent, 0.1), 40))
    c.line([*badge, badge[0]], 4, lighter(accent, 0.45))
    c.text("OUT", 412, 418, 22, lighter(base, 0.85), spacing=2)
    c.text("SIDE", 412, 442, 22, lighter(base, 0.85), spacing=2)


def scarf(c: Canvas, base: Color, accent: Color) -> None:
    for x0, x1, lean in ((230, 400, -7), (410, 580, 6)):
        shape = spin(box(x0, 130, x1, 640, 10), lean, (400, 200))
        _cloth(c, shape, base, 16)
        for band in range(11):
            y = 150 + band * 46
            tone = accent if band % 2 else lighter(base, 0.5)
            stripe = spin(box(x0 - 10, y, x1 + 10, y + (20 if band % 2 else 7)), lean, (400, 200))
            c.fill(stripe, tone, opacity=0.75, clip=shape)
        for column in range(3):
            x = x0 + 24 + column * 56
            stripe = spin(box(x, 120, x + 17, 650), lean, (400, 200))
            c.fill(stripe, darker(accent, 0.2), opacity=0.35, clip=shape)
        for x in range(int(x0) + 4, int(x1), 11):
            tassel = spin([(x, 640), (x - 2, 700)], lean, (400, 200))
            c.line(tassel, 5, fade(base, darker(base, 0.25)))
        (top, foot) = spin([((x0 + x1) / 2 - 30, 140), ((x0 + x1) / 2 + 10, 640)], lean, (400, 200))
        _folds(c, shape, [f"M {top[0]} {top[1]} L {foot[0]} {foot[1]}"])
    loop = path(
        "M 214 150 C 250 90 560 90 590 150 C 610 220 520 262 400 262 C 286 262 196 220 214 150 Z"
    )
    _cloth(c, loop, darker(base, 0.03), 12)
    for offset in (-36, 0, 36):
        c.line(path(f"M 214 {176 + offset} C 300 {230 + offset} 500 {230 + offset} 590 {176 + offset}"),
               16, accent, opacity=0.6, clip=loop)  # fmt: skip
    c.fill(ellipse(400, 196, 120, 24), INK, opacity=0.28, blur=18, clip=loop)


def socks(c: Canvas, base: Color, accent: Color) -> None:
    for dx, dy, lean, main, second in ((-86, 0, -9, base, accent), (96, 24, 7, accent, base)):
        raw = path(
            "M 330 130 L 468 130 L 474 430 C 490 470 560 500 600 540 C 640 590 600 640 540 636 "
            "C 460 628 380 590 344 540 C 326 510 334 470 334 420 Z"
        )
        shape = spin([(x + dx, y + dy) for x, y in raw], lean, (400, 400))
        _cloth(c, shape, main, 13)
        toe = spin(ellipse(594 + dx, 600 + dy, 66, 66), lean, (400, 400))
        heel = spin(ellipse(340 + dx, 520 + dy, 58, 58), lean, (400, 400))
        for patch in (toe, heel):
            c.fill(patch, second, opacity=0.95, clip=shape)
        for index in range(4):
            stripe = spin(box(300 + dx, 222 + index * 34 + dy, 500 + dx, 236 + index * 34 + dy), lean,
                          (400, 400))  # fmt: skip
            c.fill(stripe, second, clip=shape)
        cuff = spin(box(320 + dx, 120 + dy, 480 + dx, 190 + dy), lean, (400, 400))
        c.fill(cuff, darker(main, 0.10), clip=shape)
        for x in range(332, 476, 9):
            c.line(spin([(x + dx, 132 + dy), (x + dx, 188 + dy)], lean, (400, 400)), 2,
                   darker(main, 0.45), opacity=0.4, clip=shape)  # fmt: skip
        c.line(spin([(352 + dx, 150 + dy), (358 + dx, 470 + dy)], lean, (400, 400)), 26, WHITE,
               opacity=0.18, blur=12, clip=shape)  # fmt: skip


def jeans(c: Canvas, base: Color, accent: Color) -> None:
    shape = mirror(
        path(
            "M 400 130 L 520 130 L 540 240 C 556 400 560 560 566 700 L 428 704 L 404 300 L 400 300"
        ),
        400,
    )
    _cloth(c, shape, base, 15)
    for side in (-1, 1):
        c.line([(400 + side * 88, 300), (400 + side * 96, 690)], 60, lighter(base, 0.55), opacity=0.35,
               blur=26, clip=shape)  # fmt: skip
        pocket = [
            (400 + side * (x - 400), y) for x, y in path("M 452 168 C 470 210 500 222 536 222")
        ]
        c.line(pocket, 3, accent, opacity=0.9)
        c.line([(400 + side * 100, 130), (400 + side * 100, 166)], 10, darker(base, 0.15))
        c.line(
            [(400 + side * 132, 240), (400 + side * 158, 700)], 2, accent, opacity=0.6, clip=shape
        )
        c.fill(
            box(400 + side * 97 - 72, 676, 400 + side * 97 + 72, 710),
            darker(base, 0.12),
            clip=shape,
        )
    c.fill(box(270, 128, 530, 164), darker(base, 0.14), clip=shape)
    c.line([(270, 164), (530, 164)], 2, accent, opacity=0.9, clip=shape)
    c.line(
        path("M 400 166 L 400 300 C 420 300 440 280 442 250 L 442 166"), 2.5, accent, opacity=0.85
    )
    c.fill(ellipse(400, 147, 9, 9), metal(rgb("#c58b4a")))
    _folds(c, shape, ["M 300 330 C 330 350 360 352 392 340", "M 500 330 C 470 350 440 352 408 340",
                      "M 290 480 C 320 494 350 494 380 484", "M 510 480 C 480 494 450 494 420 484"])  # fmt: skip
    c.line([*shape, shape[0]], 2, flat(darker(base, 0.4)), opacity=0.4)
