"""Still pictures for whoever saves data: who may send one, what is taken, what is served."""

from __future__ import annotations

import asyncio
import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from streaming.origin.boxes import BadMedia
from streaming.origin.limits import STILLS_BURST
from streaming.origin.stills import STILL_MAX_BYTES, check_still
from streaming.tests.stage import KEY, Stage, code


def jpeg(width: int = 360, height: int = 640, colour: str = "teal", **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "JPEG", quality=60, **options)
    return out.getvalue()


async def test_a_still_of_who_is_on_air_is_served_with_a_short_life(stage: Stage) -> None:
    publisher = stage.publisher(1)
    await publisher.begin(1)
    assert code(await stage.get("still.jpg")) == (404, "not_started")

    first, second = jpeg(), jpeg(colour="coral")
    assert (await publisher.put("still", first)).status_code == 204
    served = await stage.get("still.jpg")
    assert served.content == first
    assert served.headers["content-type"] == "image/jpeg"
    assert served.headers["cache-control"] == "public, max-age=5"
    assert served.headers["x-content-type-options"] == "nosniff"

    await publisher.put("still", second)
    assert (await stage.get("still.jpg")).content == second
    # It takes no number: parts go on where they were.
    assert (await publisher.put(1, b"")).headers["x-next"] == "5"


async def test_a_still_needs_the_rights_of_a_part(stage: Stage) -> None:
    publisher, newer = stage.publisher(1), stage.publisher(2)
    await publisher.begin(1)
    before = jpeg()
    await publisher.put("still", before)

    # A newer grant that has not begun takes nothing over.
    assert code(await newer.put("still", jpeg(colour="red"))) == (409, "hole")
    token, publisher.token = publisher.token, "nonsense"
    assert code(await publisher.put("still", jpeg(colour="red"))) == (403, "bad_token")
    publisher.token = newer.token
    assert code(await publisher.put("still", jpeg(colour="red"))) == (403, "bad_token")
    publisher.token = token
    assert (await stage.get("still.jpg")).content == before

    await newer.begin()
    assert code(await publisher.put("still", jpeg(colour="red"))) == (403, "superseded")
    stage.desk.change(revoked_epoch=2)
    await asyncio.sleep(0)
    assert code(await newer.put("still", jpeg(colour="red"))) == (403, "revoked")
    assert (await stage.get("still.jpg")).content == before


async def test_a_still_is_gone_when_the_show_is_over(stage: Stage) -> None:
    publisher = stage.publisher(1)
    await publisher.begin(1)
    await publisher.put("still", jpeg())

    stage.desk.change(state="ENDED")
    await asyncio.sleep(0)

    assert code(await stage.get("still.jpg")) == (404, "not_started")
    assert code(await publisher.put("still", jpeg())) == (403, "ended")


async def test_too_large_too_often_and_the_wrong_method(stage: Stage) -> None:
    publisher = stage.publisher(1)
    await publisher.begin(1)

    large = jpeg() + bytes(STILL_MAX_BYTES)
    assert code(await publisher.put("still", large)) == (413, "too_large")
    headers = {"authorization": f"Bearer {publisher.token}"}
    asked = await stage.client.post(f"{publisher.base}still", content=jpeg(), headers=headers)
    assert code(asked) == (405, "method")
    foreign = await stage.client.get(f"/live/nonsense/{KEY}/still.jpg")
    assert code(foreign) == (403, "bad_token")

    answers = [await publisher.put("still", jpeg()) for _ in range(STILLS_BURST + 1)]
    assert [answer.status_code for answer in answers] == [204] * STILLS_BURST + [429]
    assert int(answers[-1].headers["retry-after"]) >= 1


def _with_segment(marker: int) -> bytes:
    body = jpeg()
    return body[:2] + bytes((0xFF, marker, 0, 6)) + b"Exif" + body[2:]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not a JPEG"),
        (b"<svg onload=alert(1)>", "not a JPEG"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "not a JPEG"),
        (b"\xff\xd8\xff\xd9", "no picture"),
        (jpeg()[:-2], "cut-off"),
        (jpeg()[:200], "cut-off"),
        (jpeg() + b"<script>", "behind the picture"),
        (jpeg(4000, 10), "4000 x 10 pixels"),
        (_with_segment(0xE1), "0xe1"),
        (_with_segment(0xFE), "0xfe"),
    ],
)
async def test_what_is_not_a_plain_jpeg_is_refused(stage: Stage, body: bytes, why: str) -> None:
    publisher = stage.publisher(1)
    await publisher.begin(1)

    answer = await publisher.put("still", body)

    assert code(answer) == (422, "bad_media")
    assert why in answer.json()["detail"]
    assert code(await stage.get("still.jpg")) == (404, "not_started")


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"optimize": True}])
def test_what_encoders_write_is_taken(options: dict[str, object]) -> None:
    noise = Image.effect_noise((360, 640), 80).convert("RGB")
    out = io.BytesIO()
    noise.save(out, "JPEG", quality=50, **options)
    check_still(out.getvalue())


@given(st.data())
def test_damage_never_does_more_than_be_refused(data: st.DataObject) -> None:
    body = bytearray(jpeg(40, 40))
    for place in data.draw(st.lists(st.integers(0, len(body) - 1), min_size=1, max_size=8)):
        body[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(body)))
    with contextlib.suppress(BadMedia):
        check_still(bytes(body[:cut]))
