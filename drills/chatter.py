"""What a crowd says: no two lines alike, so that no moderation takes them for a flood."""

from __future__ import annotations

import random

SYLLABLES = (
    "ba", "ko", "mi", "ren", "lu", "sha", "te", "wo", "xi", "yan", "zu", "qi", "pe", "dao", "fen",
    "gu", "hai", "nuo", "好", "看", "美", "茶", "碗", "蓝", "红", "大",
)  # fmt: skip
ENDINGS = ("?", "!", "", " 😂", " ❤️")


def line() -> str:
    """A sentence of three to twelve words, 10 to 120 characters."""
    words = ("".join(random.choices(SYLLABLES, k=random.randint(2, 4))) for _ in range(12))
    return " ".join(list(words)[: random.randint(3, 12)])[:120] + random.choice(ENDINGS)
