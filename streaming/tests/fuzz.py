"""Mutated media for the origin: the only answers allowed are 204 and 422."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from struct import pack

from streaming.tests import muxer
from streaming.tests.camera import encode
from streaming.tests.stage import KEY, Stage

NASTY = [0, 1, 7, 8, 9, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF]
BOXES = [b"moof", b"mdat", b"traf", b"trun", b"tfdt", b"tfhd", b"moov", b"trak", b"stsd", b"avcC"]


@dataclass
class Findings:
    answers: Counter[int] = field(default_factory=Counter)
    slowest_ms: float = 0.0
    slowest_cpu_ms: float = 0.0

    @property
    def faults(self) -> int:
        return sum(n for status, n in self.answers.items() if status not in {204, 422})


def seeds() -> tuple[list[bytes], list[bytes]]:
    """(inits, parts) that are right."""
    first, *parts = encode(1)
    sound = muxer.audio_entry("mp4a")
    return (
        [first, muxer.init(), muxer.init(audio=muxer.audio_entry()), muxer.init(audio=sound)],
        [
            parts[0],
            parts[1],
            muxer.part(0, key=True),
            muxer.part(0, key=True, sound=0.24),
            muxer.part(0, frames=0, sound=0.3),
            muxer.part(0, key=True, frames=3) + muxer.part(0.125, frames=3),
        ],
    )


def mutate(dice: random.Random, seed: bytes, others: list[bytes]) -> bytes:
    data = bytearray(seed)
    for _ in range(dice.choice([1, 1, 1, 2, 3, 8])):
        at = dice.randrange(len(data)) if data else 0
        what = dice.randrange(9)
        if what == 0 and data:
            data[at] ^= 1 << dice.randrange(8)
        elif what == 1 and data:
            data[at] = dice.randrange(256)
        elif what == 2 and len(data) > 4:
            at = dice.randrange(len(data) - 3)
            data[at : at + 4] = pack(">I", dice.choice(NASTY))
        elif what == 3:
            del data[at : at + dice.randrange(1, 64)]
        elif what == 4:
            data[at:at] = dice.randbytes(dice.randrange(1, 64))
        elif what == 5:
            del data[at:]
        elif what == 6:
            other = dice.choice(others)
            cut = dice.randrange(len(other))
            data[at : at + 32] = other[cut : cut + 32]
        elif what == 7 and len(data) > 8:
            kind = dice.choice(BOXES)
            found = data.find(kind)
            if found >= 4:
                data[found - 4 : found] = pack(">I", dice.choice(NASTY))
        else:
            data += dice.choice(others)[: dice.randrange(200)]
    return bytes(data)


def cases(dice: random.Random, count: int) -> Iterator[tuple[bytes, bytes | None]]:
    """(init, part): a mutated init alone, or a right init with a mutated part."""
    inits, parts = seeds()
    everything = inits + parts
    for _ in range(count):
        if dice.random() < 0.3:
            yield mutate(dice, dice.choice(inits), everything), None
        else:
            yield dice.choice(inits), mutate(dice, dice.choice(parts), everything)


async def fuzz(stage: Stage, *, count: int, seed: int) -> Findings:
    """PUT `count` mutated bodies, each into a session that expects it."""
    findings = Findings()
    good = muxer.part(0, key=True)
    for epoch, (init, part) in enumerate(cases(random.Random(seed), count), 1):
        publisher = stage.publisher(epoch)
        if part is not None:
            await publisher.send(init)
            if epoch % 2 and init == muxer.init():
                await publisher.send(good)
        began, cpu = time.perf_counter(), time.thread_time()
        answer = await publisher.put(publisher.seq, init if part is None else part)
        findings.slowest_ms = max(findings.slowest_ms, 1000 * (time.perf_counter() - began))
        findings.slowest_cpu_ms = max(findings.slowest_cpu_ms, 1000 * (time.thread_time() - cpu))
        findings.answers[answer.status_code] += 1
        tenant = stage.origin.house().tenants[KEY]
        tenant.parts.level, tenant.volume.level = tenant.parts.burst, tenant.volume.burst
        if answer.status_code == 204 and epoch % 50 == 0:
            for name in ("ll.m3u8", "plain.m3u8"):
                assert (await stage.get(name)).status_code in {200, 404}
    return findings
