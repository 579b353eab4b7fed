"""Text as the eye reads it, whatever letters it was put together from."""

from __future__ import annotations

import unicodedata

# Letters of other scripts that look like Latin ones (after NFKC and case folding, which already
# take care of full-width, mathematical and circled forms).
_LOOK_ALIKE = str.maketrans(
    {
        # Cyrillic
        "а": "a", "в": "b", "с": "c", "ԁ": "d", "е": "e", "ё": "e", "һ": "h", "і": "i", "ї": "i",
        "ј": "j", "к": "k", "ӏ": "l", "м": "m", "н": "h", "о": "o", "р": "p", "ԛ": "q", "ѕ": "s",
        "т": "t", "у": "y", "ү": "y", "ѵ": "v", "ԝ": "w", "х": "x", "п": "n", "г": "r", "ь": "b",
        # Greek
        "α": "a", "β": "b", "ϲ": "c", "ε": "e", "η": "n", "ι": "i", "κ": "k", "μ": "u", "ν": "v",
        "ο": "o", "ρ": "p", "σ": "o", "τ": "t", "υ": "u", "χ": "x", "γ": "y", "ω": "w",
        # Latin letters with a stroke or a hook, which have no decomposition
        "ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ŧ": "t", "ƒ": "f", "ı": "i", "ɑ": "a", "ɡ": "g",
        "ʟ": "l", "ɩ": "i", "ᴀ": "a", "ʙ": "b", "ᴄ": "c", "ᴅ": "d", "ᴇ": "e", "ɢ": "g", "ʜ": "h",
        "ɪ": "i", "ᴊ": "j", "ᴋ": "k", "ᴍ": "m", "ɴ": "n", "ᴏ": "o", "ᴘ": "p", "ʀ": "r", "ᴛ": "t",
        "ᴜ": "u", "ᴠ": "v", "ᴡ": "w", "ʏ": "y", "ᴢ": "z", "æ": "ae", "œ": "oe",
    }
)  # fmt: skip

_LEET = {"0": "o", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "@": "a", "$": "s", "€": "e"}
# What stands for i to one reader stands for l to another: both readings are tried.
_LEET_AS_I = str.maketrans({**_LEET, "1": "i", "!": "i", "|": "i"})
_LEET_AS_L = str.maketrans({**_LEET, "1": "l", "!": "l", "|": "l"})


def plain(text: str) -> str:
    """Compatibility forms, case, accents, invisible characters and look-alikes undone."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    bare = "".join(
        c for c in unicodedata.normalize("NFD", folded) if unicodedata.category(c) not in _INVISIBLE
    )
    return unicodedata.normalize("NFC", bare).translate(_LOOK_ALIKE)


_INVISIBLE = frozenset({"Mn", "Me", "Cf", "Cc", "Cs", "Co"})


def readings(token: str) -> tuple[str, ...]:
    """A token of `plain` text with digits and signs read as letters; digits alone stay digits."""
    if not any(c.isalpha() for c in token):
        return (token,)
    return tuple(dict.fromkeys((token.translate(_LEET_AS_I), token.translate(_LEET_AS_L), token)))


def is_cjk(character: str) -> bool:
    """Whether it belongs to a script that puts no spaces between words."""
    return (
        "\u3040" <= character <= "\u30ff"
        or "\u3400" <= character <= "\u9fff"
        or "\uf900" <= character <= "\ufaff"
        or "\uac00" <= character <= "\ud7af"
        or "\U00020000" <= character <= "\U0003ffff"
    )


def compact(text: str) -> str:
    """Letters and digits of `plain` text, nothing between them."""
    return "".join(c for c in text if c.isalnum())
