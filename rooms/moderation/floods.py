"""The same thing over and over: by one person, or by many accounts at once."""

from __future__ import annotations

from collections import OrderedDict, deque

from rooms.moderation.skeleton import compact, plain

# Short exclamations (1, 666, 好) may be repeated; the rate limit holds for them all the same.
SHORT = 4
SAME_PERSON_SECONDS = 60.0
SAME_PERSON_KEPT = 5
NEARLY = 0.8
MANY_ACCOUNTS = 5
MANY_SECONDS = 10.0
# Congratulations and greetings are often the same; whole sentences by chance are not.
MANY_LENGTH = 10
PEOPLE_KEPT = 5_000
TEXTS_KEPT = 2_000


class Floods:
    """What was said lately in one anchor's rooms, in this process. Times are seconds."""

    def __init__(self) -> None:
        self._people: OrderedDict[int, deque[tuple[float, str]]] = OrderedDict()
        self._texts: OrderedDict[str, dict[int, float]] = OrderedDict()

    def repeats(self, user_id: int, text: str, now: float) -> float:
        """Seconds until this person may say this or nearly this again; 0 when they may now."""
        form = fingerprint(text)
        if len(form) < SHORT:
            return 0.0
        for at, said in self._people.get(user_id, ()):
            if now - at < SAME_PERSON_SECONDS and alike(said, form):
                return SAME_PERSON_SECONDS - (now - at)
        return 0.0

    def floods(self, user_id: int, text: str, now: float) -> bool:
        """Whether enough other accounts have just said the same."""
        accounts = self._texts.get(fingerprint(text), {})
        others = sum(
            1 for who, at in accounts.items() if who != user_id and now - at < MANY_SECONDS
        )
        return others >= MANY_ACCOUNTS

    def note(self, user_id: int, text: str, now: float) -> None:
        """Remember what was said, or tried: who keeps trying keeps the flood up."""
        form = fingerprint(text)
        lately = self._people.setdefault(user_id, deque(maxlen=SAME_PERSON_KEPT))
        self._people.move_to_end(user_id)
        lately.append((now, form))
        if len(form) >= MANY_LENGTH:
            accounts = self._texts.setdefault(form, {})
            self._texts.move_to_end(form)
            if len(accounts) < 4 * MANY_ACCOUNTS or user_id in accounts:
                accounts[user_id] = now
            else:
                # Enough witnesses: the oldest makes room.
                del accounts[min(accounts, key=accounts.__getitem__)]
                accounts[user_id] = now
        while len(self._people) > PEOPLE_KEPT:
            self._people.popitem(last=False)
        while len(self._texts) > TEXTS_KEPT:
            self._texts.popitem(last=False)


def fingerprint(text: str) -> str:
    return compact(plain(text))


def alike(one: str, other: str) -> bool:
    """The same, or differing in a few characters only."""
    if one == other:
        return True
    if (
        min(len(one), len(other)) < 12
        or abs(len(one) - len(other)) > max(len(one), len(other)) // 5
    ):
        return False
    pairs, others = _pairs(one), _pairs(other)
    return len(pairs & others) >= NEARLY * len(pairs | others)


def _pairs(text: str) -> set[str]:
    return {text[at : at + 2] for at in range(len(text) - 1)}
