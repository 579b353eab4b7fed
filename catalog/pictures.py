"""Pictures: an upload is believed only after it was decoded, and only our own encoding is kept.

Files are `media/p/<key>-<width>.webp`; the key is random, so a name tells nothing and is never
used twice. No byte of the upload survives: no EXIF, no trailing data, no second format hidden in
the first.
"""

from __future__ import annotations

import re
import secrets
import struct
import warnings
from dataclasses import dataclass
from io import BytesIO
from typing import Protocol

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from core.errors import Invalid

WIDTHS = (160, 320, 480, 640, 960)
MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
MIN_SIDE = 64
# Longest side over shortest: beyond it there is nothing to see.
MAX_STRETCH = 10
QUALITY = 82
FORMATS = ("JPEG", "PNG", "WEBP")
SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")
# What Pillow's decoders raise for broken or hostile files.
UNREADABLE = (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError)


class Described(Protocol):
    key: str
    width: int
    widths: list[int]


@dataclass(frozen=True, slots=True)
class Stored:
    """A picture whose files are written; `widths` are those that a `srcset` should name."""

    key: str
    width: int
    height: int
    widths: list[int]


def url(key: str, width: int = 640) -> str:
    """The address of the narrowest file that is at least `width` pixels wide, or the widest."""
    fitting = next((w for w in WIDTHS if w >= width), WIDTHS[-1])
    return f"{settings.MEDIA_URL}{_name(key, fitting)}"


def srcset(picture: Described) -> str:
    """All files for an `<img srcset>`, narrowest first."""
    return ", ".join(
        f"{url(picture.key, width)} {min(width, picture.width)}w" for width in picture.widths
    )


def store(upload: File | bytes) -> Stored:
    """Check an upload, encode it in every width and write the files.

    Raises Invalid with a `code`: picture_too_large, picture_unreadable, picture_too_many_pixels,
    picture_too_small, picture_too_long.
    """
    return _write(_opened(_read(upload)))


def load(address: str) -> Image.Image | None:
    """The widest file behind one of our own addresses, decoded; None when there is none."""
    found = re.search(r"/p/(\w+)-\d+\.webp$", address)
    if found is None:
        return None
    try:
        with default_storage.open(_name(found[1], WIDTHS[-1])) as file:
            return Image.open(file, formats=["WEBP"]).convert("RGB")
    except UNREADABLE:
        return None


def discard(key: str) -> None:
    """Remove the files of a picture that nothing shows any more."""
    for width in WIDTHS:
        default_storage.delete(_name(key, width))


def _name(key: str, width: int) -> str:
    return f"p/{key}-{width}.webp"


def _read(upload: File | bytes) -> bytes:
    if isinstance(upload, bytes):
        data = upload
    else:
        upload.seek(0)
        data = upload.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise Invalid(_("Use a picture of at most 10 MB."), code="picture_too_large")
    if not data.startswith(SIGNATURES):
        raise _unreadable()
    return data


def _opened(data: bytes) -> Image.Image:
    """The decoded picture, upright, as RGB or RGBA; its size is checked before a pixel is."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(BytesIO(data), formats=FORMATS)
        _check_size(*image.size)
        # A JPEG decoder can skip detail that no width of ours shows.
        image.draft("RGB", (WIDTHS[-1], WIDTHS[-1]))
        image.load()
        upright = ImageOps.exif_transpose(image)
        transparent = upright.mode in {"RGBA", "LA", "PA"} or "transparency" in upright.info
        return upright.convert("RGBA" if transparent else "RGB")
    except Image.DecompressionBombError as error:
        raise _too_many_pixels() from error
    except (*UNREADABLE, struct.error) as error:
        raise _unreadable() from error


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise _too_many_pixels()
    if min(width, height) < MIN_SIDE:
        raise Invalid(
            _("Use a picture of at least %d pixels on each side.") % MIN_SIDE,
            code="picture_too_small",
        )
    if max(width, height) > MAX_STRETCH * min(width, height):
        raise Invalid(_("Use a picture that is less long and thin."), code="picture_too_long")


def _write(image: Image.Image) -> Stored:
    key = secrets.token_urlsafe(16).replace("-", "a").replace("_", "b")
    for width in WIDTHS:
        target = min(width, image.width)
        height = max(1, round(image.height * target / image.width))
        scaled = image.resize((target, height), Image.Resampling.LANCZOS, reducing_gap=2.0)
        out = BytesIO()
        scaled.save(out, "WEBP", quality=QUALITY, method=4)
        default_storage.save(_name(key, width), ContentFile(out.getvalue()))
    widest = min(WIDTHS[-1], image.width)
    # A file that is wider than the picture holds the picture as it is: the first of them serves.
    enough = next((width for width in WIDTHS if width >= image.width), WIDTHS[-1])
    return Stored(
        key=key,
        width=widest,
        height=max(1, round(image.height * widest / image.width)),
        widths=[width for width in WIDTHS if width <= enough],
    )


def _unreadable() -> Invalid:
    return Invalid(
        _("This file is not a picture we can read. Use JPEG, PNG or WebP."),
        code="picture_unreadable",
    )


def _too_many_pixels() -> Invalid:
    return Invalid(
        _("This picture has more than 40 million pixels. Make it smaller first."),
        code="picture_too_many_pixels",
    )
