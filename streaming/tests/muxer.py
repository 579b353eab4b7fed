"""A small fMP4 writer: right by default, and wrong in whatever way a test asks for."""

from __future__ import annotations

from struct import pack

KEY_FRAME, DELTA_FRAME = 0x02000000, 0x01010000
VIDEO_SCALE, AUDIO_SCALE = 90_000, 48_000
AVCC = bytes.fromhex("0142001fffe1000a6742001f95a014016e4001000468ce3c80")


def box(kind: str, *content: bytes) -> bytes:
    body = b"".join(content)
    return pack(">I4s", 8 + len(body), kind.encode()) + body


def full(kind: str, version: int, flags: int, *content: bytes) -> bytes:
    return box(kind, pack(">I", version << 24 | flags), *content)


def video_entry(kind: str = "avc1", width: int = 540, height: int = 960) -> bytes:
    head = bytes(6) + pack(">H", 1) + bytes(16) + pack(">HH", width, height) + bytes(50)
    return box(kind, head, box("avcC", AVCC))


def audio_entry(kind: str = "Opus") -> bytes:
    head = bytes(6) + pack(">H", 1) + bytes(8) + pack(">HHI", 2, 16, 0) + pack(">I", 48000 << 16)
    child = box("dOps", bytes(11)) if kind == "Opus" else full("esds", 0, 0, bytes(30))
    return box(kind, head, child)


def trak(track_id: int, handler: str, timescale: int, entry: bytes) -> bytes:
    return box(
        "trak",
        full("tkhd", 0, 3, bytes(8), pack(">I", track_id), bytes(68)),
        box(
            "mdia",
            full("mdhd", 0, 0, bytes(8), pack(">I", timescale), bytes(8)),
            full("hdlr", 0, 0, bytes(4), handler.encode(), bytes(13)),
            box("minf", box("stbl", full("stsd", 0, 0, pack(">I", 1), entry))),
        ),
    )


def init(
    *,
    video: bytes | None = None,
    audio: bytes | None = None,
    timescale: int = VIDEO_SCALE,
    extra: bytes = b"",
) -> bytes:
    """`ftyp` + `moov` with one video track and, when given, one audio track."""
    traks = [trak(1, "vide", timescale, video or video_entry())]
    trex = [full("trex", 0, 0, pack(">5I", 1, 1, 0, 0, 0))]
    if audio is not None:
        traks.append(trak(2, "soun", AUDIO_SCALE, audio))
        trex.append(full("trex", 0, 0, pack(">5I", 2, 1, 0, 0, 0)))
    moov = box("moov", full("mvhd", 0, 0, bytes(96)), *traks, box("mvex", *trex))
    return box("ftyp", b"iso6", bytes(4), b"iso6cmfc") + moov + extra


def part(
    start: float,
    *,
    frames: int = 6,
    frame: float = 1 / 24,
    key: bool = False,
    sound: float = 0.0,
    size: int = 100,
    tfhd_flags: int = 0x20000,
    track_id: int = 1,
    shift: int = 0,
) -> bytes:
    """`moof` + `mdat` beginning at `start` seconds; `sound` seconds of Opus frames of 20 ms."""
    ticks = round(frame * VIDEO_SCALE)
    video = [
        pack(">III", ticks, size, KEY_FRAME if key and not index else DELTA_FRAME)
        for index in range(frames)
    ]
    audio = [pack(">II", 960, 10)] * round(sound / 0.02)

    def moof(offset: int) -> bytes:
        trafs = []
        if frames:
            trafs.append(
                box(
                    "traf",
                    full("tfhd", 0, tfhd_flags, pack(">I", track_id)),
                    full("tfdt", 1, 0, pack(">Q", round(start * VIDEO_SCALE))),
                    full("trun", 0, 0x701, pack(">Ii", frames, offset + shift), *video),
                )
            )
        if audio:
            trafs.append(
                box(
                    "traf",
                    full("tfhd", 0, 0x20000, pack(">I", 2)),
                    full("tfdt", 1, 0, pack(">Q", round(start * AUDIO_SCALE))),
                    full(
                        "trun",
                        0,
                        0x301,
                        pack(">Ii", len(audio), offset + frames * size),
                        *audio,
                    ),
                )
            )
        return box("moof", full("mfhd", 0, 0, pack(">I", 1)), *trafs)

    offset = len(moof(0)) + 8
    return moof(offset) + box("mdat", bytes(frames * size + 10 * len(audio)))


def show(seconds: float, *, start: float = 0.0, length: float = 0.25, gop: int = 4) -> list[bytes]:
    """Parts of `length` seconds, a key frame in each `gop`-th."""
    count = round(seconds / length)
    return [
        part(start + index * length, frames=6, frame=length / 6, key=index % gop == 0)
        for index in range(count)
    ]
