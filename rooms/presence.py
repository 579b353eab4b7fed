"""Who is watching: people, not sockets, over all server processes.

Up to EXACT people in a room each process names those it has, so somebody with sockets on two
processes is one. In a crowd every process adds its people to a HyperLogLog for each few seconds
(0.8 % standard error). What a process does not repeat is forgotten within FRESH_SECONDS.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import redis as redis_errors

from rooms import shards, wire

# A process that has not written for this long is gone, and its viewers with it.
FRESH_SECONDS = 9.0
KEEP_SECONDS = 60
# People in a room up to which they are named; below the second figure they are named again.
EXACT = 500
EXACT_AGAIN = 400
# A crowd is counted over the current and the previous stretch of this length.
BUCKET_SECONDS = 3
CROWD_BATCH = 2_000
MOST_NEW = 50_000


class People:
    """The people of one room in this process; somebody with several sockets is one of them."""

    __slots__ = ("_new", "_sockets", "changes")

    def __init__(self) -> None:
        # How often somebody came or went; it only grows.
        self.changes = 0
        self._sockets: dict[str, int] = {}
        self._new: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._sockets)

    def __iter__(self) -> Iterator[str]:
        return iter(self._sockets)

    def add(self, person: str) -> None:
        """One more socket of `person`."""
        sockets = self._sockets.get(person, 0)
        self._sockets[person] = sockets + 1
        self.changes += not sockets
        if len(self._new) < MOST_NEW:
            self._new[person] = None

    def remove(self, person: str) -> None:
        """One socket less."""
        left = self._sockets.get(person, 0) - 1
        if left > 0:
            self._sockets[person] = left
        elif self._sockets.pop(person, None):
            self.changes += 1

    def take_new(self) -> list[str]:
        """Who came since the last call."""
        new, self._new = list(self._new), {}
        return new

    def give_back(self, people: Iterable[str]) -> None:
        """They could not be counted; the next `take_new` has them again."""
        self._new = dict.fromkeys([*people, *self._new][:MOST_NEW])

    def all_new(self) -> None:
        """Count everybody again: what was counted so far is lost."""
        self.changes += 1
        self.give_back(self._sockets)


@dataclass(frozen=True, slots=True)
class Tally:
    """`total`: the processes' own counts added up; `people`: how many there are by name, or None
    when some process does not name them; `largest`: the count of the fullest process."""

    total: int
    people: int | None
    largest: int


class Headcount:
    """How this process takes part in counting one room. `total` is the last result."""

    __slots__ = ("_bucket", "_crowd_since", "total")

    def __init__(self) -> None:
        self.total = 0
        self._bucket = -1
        self._crowd_since: int | None = None

    @property
    def crowd(self) -> bool:
        """Whether people are estimated instead of named."""
        return self._crowd_since is not None

    def entry(self, people: People, now: float) -> str:
        """This process's field in the room's hash: `count:seconds[:name,name…]`."""
        if len(people) > EXACT and not self.crowd:
            self._crowd_since = int(now) // BUCKET_SECONDS
        named = "" if self.crowd else ":" + ",".join(people)
        return f"{len(people)}:{int(now)}{named}"

    def to_add(self, people: People, new: Sequence[str], now: float) -> Iterable[str]:
        """Whom to add to the current stretch of the crowd: all at its begin, later those who came."""
        bucket = int(now) // BUCKET_SECONDS
        if bucket == self._bucket:
            return new
        self._bucket = bucket
        return people

    def conclude(self, tally: Tally, estimate: int | None, now: float) -> int:
        """The number of people, from what all processes wrote and the crowd's estimate."""
        bucket = int(now) // BUCKET_SECONDS
        if tally.total > (EXACT_AGAIN if self.crowd else EXACT):
            if self._crowd_since is None:
                self._crowd_since = bucket
        elif self.crowd:
            self._crowd_since = None
            self._bucket = -1
        if tally.people is not None:
            self.total = tally.people
        elif estimate is None or self._crowd_since is None or bucket - self._crowd_since < 2:
            # Others have not added their people yet.
            self.total = tally.total
        else:
            self.total = min(tally.total, max(estimate, tally.largest))
        return self.total

    def alone(self, people: People) -> None:
        """Nobody could be asked: we know our own people, and what we added may be lost."""
        self.total = len(people)
        self._bucket = -1


def tally(entries: Mapping[str, str], now: float) -> Tally:
    """What the processes that are alive at `now` (seconds of the Redis clock) wrote."""
    total = largest = 0
    names: set[str] = set()
    named = True
    for value in entries.values():
        count, _, rest = value.partition(":")
        at, colon, people = rest.partition(":")
        if float(at) < now - FRESH_SECONDS:
            continue
        total += int(count)
        largest = max(largest, int(count))
        if colon:
            names.update(people.split(",") if people else ())
        else:
            named = False
    return Tally(total, len(names) if named else None, largest)


def crowd_keys(room_id: int, now: float) -> tuple[str, str]:
    """Keys of the current and the previous stretch."""
    bucket = int(now) // BUCKET_SECONDS
    return wire.crowd_key(room_id, bucket), wire.crowd_key(room_id, bucket - 1)


@dataclass(frozen=True, slots=True)
class Counts:
    """`watching`: people now; `likes` as Redis knows them, which may be behind PostgreSQL."""

    watching: int
    likes: int


NOBODY = Counts(0, 0)


def counts(room_ids: Iterable[int]) -> dict[int, Counts]:
    """Counts of each room in one trip for each server; NOBODY for rooms whose server is away."""
    rooms = list(dict.fromkeys(room_ids))

    def ask(pipeline: object, room_id: int) -> None:
        pipeline.mget(wire.watching_key(room_id), wire.likes_key(room_id))  # type: ignore[attr-defined]

    answers = shards.execute_each(rooms, ask)
    return {
        room_id: Counts(*(int(value or 0) for value in answers[room_id][0]))
        if room_id in answers
        else NOBODY
        for room_id in rooms
    }


def unique(room_id: int) -> int | None:
    """How many different people have watched so far (0.8 % standard error); None while Redis is away."""
    try:
        (found,) = shards.execute(
            room_id, lambda pipeline: pipeline.pfcount(wire.unique_key(room_id))
        )
    except redis_errors.RedisError:
        return None
    return int(found)
