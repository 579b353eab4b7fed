"""A list of words that is found through homoglyphs, spacing, punctuation and stretched letters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from rooms.moderation.skeleton import compact, is_cjk, plain, readings

# A letter repeated this often is stretched for effect; twice may be spelling (god, good).
STRETCHED = 3

Runs = tuple[tuple[str, int], ...]


class WordList:
    """Latin and other spaced scripts match whole words; CJK matches anywhere.

    `find` costs one dictionary look-up for each word of the text, and a search for each CJK entry.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._spaced: dict[str, list[tuple[Runs, str]]] = {}
        self._anywhere: list[tuple[str, str]] = []
        for word in words:
            form = compact(plain(word))
            if not form:
                continue
            if any(is_cjk(c) for c in form):
                self._anywhere.append((form, word))
            else:
                for reading in readings(form):
                    runs = _runs(reading)
                    self._spaced.setdefault(_outline(runs), []).append((runs, word))

    def __bool__(self) -> bool:
        return bool(self._spaced or self._anywhere)

    def find(self, text: str) -> str | None:
        """The first listed word that the text has, as the list spells it."""
        if not self:
            return None
        seen = plain(text)
        if self._anywhere:
            whole = compact(seen)
            for form, word in self._anywhere:
                if form in whole:
                    return word
        if self._spaced:
            for token in _tokens(seen):
                for reading in readings(token):
                    if found := self._match(compact(reading)):
                        return found
        return None

    def _match(self, token: str) -> str | None:
        runs = _runs(token)
        for listed, word in self._spaced.get(_outline(runs), ()):
            if all(
                count == wanted or count >= max(STRETCHED, wanted)
                for (_, count), (_, wanted) in zip(runs, listed, strict=True)
            ):
                return word
        return None


def _runs(text: str) -> Runs:
    return tuple((letter, sum(1 for _ in same)) for letter, same in groupby(text))


def _outline(runs: Runs) -> str:
    return "".join(letter for letter, _ in runs)


def _tokens(text: str) -> Iterator[str]:
    """Everything that a reader may take for one word."""
    spelled: list[str] = []
    for chunk in text.split():
        # Signs may stand for letters (`@`, `$`), so both with and without them.
        parts = _split(chunk)
        yield from parts
        yield chunk
        if len(parts) > 1:
            yield "".join(parts)
        # Letters one by one: f u c k, f. u. c. k.
        if len(parts) == 1 and len(parts[0]) == 1:
            spelled.append(parts[0])
            continue
        yield from _spelled_out(spelled)
        spelled = []
    yield from _spelled_out(spelled)


def _spelled_out(letters: list[str]) -> Iterator[str]:
    if len(letters) < 2:
        return
    yield "".join(letters)
    # The row may begin or end with a word of one letter.
    if letters[0] in "ai":
        yield "".join(letters[1:])
    if letters[-1] in "ai":
        yield "".join(letters[:-1])


def _split(chunk: str) -> list[str]:
    """Maximal runs of letters and digits; CJK stands apart from its neighbours."""

    def kind(c: str) -> str:
        return "cjk" if is_cjk(c) else "word" if c.isalnum() else ""

    return ["".join(part) for name, part in groupby(chunk, kind) if name == "word"]
