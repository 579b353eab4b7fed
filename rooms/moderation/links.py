"""Addresses in a text, written plainly or in disguise."""

from __future__ import annotations

import re

from rooms.moderation.skeleton import plain

_DOTS = str.maketrans(dict.fromkeys("。．｡․‧·•∙⋅・●", "."))
_SPELLED_DOT = re.compile(
    r"\s*[(\[{<]\s*(?:dot|d0t|\.|点)\s*[)\]}>]\s*|\s+(?:dot|d0t)\s+|点(?=[a-z])"
)
_SLASHES = re.compile(r"\s*:\s*/\s*/\s*")

# Where a sentence ends without a space ("ok.me too") no address begins: such endings count only
# with a path or a scheme.
_ENDINGS = (
    "com|net|org|cn|info|biz|shop|store|top|xyz|vip|cc|io|ru|app|site|online|club|live|link|"
    "click|win|tv|co|uk|de|jp|kr|hk|tw|eu|us|fr|pw|gg|ly|ai|dev|icu|fun|work|pro|asia|mobi|wang|ltd"
)
_PLAIN = re.compile(
    rf"(?:https?|ftp|weixin|wechat|tg)://|\bwww\.[a-z0-9]"
    rf"|(?<![a-z0-9@.-])(?:[a-z0-9][a-z0-9-]*\.)+(?:{_ENDINGS})(?![a-z0-9-])"
    rf"|(?<![a-z0-9@.-])(?:[a-z0-9-]+\.)+[a-z]{{2,}}/[a-z0-9]"
    rf"|(?<![\d.])(?:\d{{1,3}}\.){{3}}\d{{1,3}}(?::\d+|/)"
)
# A dot with spaces around it must be followed by one of the endings nobody begins a sentence with.
_SPACED = re.compile(r"[a-z0-9-]{2,}\s*\.\s*(?:com|net|org|cn|xyz|vip)(?![a-z0-9-])")


def has_link(text: str) -> bool:
    """Whether the text leads elsewhere: https://…, example.com, example dot com, example。com."""
    seen = plain(text.translate(_DOTS)).translate(_DOTS)
    seen = _SLASHES.sub("://", seen)
    if _PLAIN.search(seen):
        return True
    spelled = _SPELLED_DOT.sub(".", seen)
    return bool(_PLAIN.search(spelled) or _SPACED.search(spelled))
