"""Files as rows of text: CSV in the encodings that suppliers use, and the first sheet of a workbook.

Everything is bounded before it is read, and read in a stream.
"""

from __future__ import annotations

import codecs
import csv
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from io import TextIOWrapper
from typing import IO, Any

import openpyxl
from django.utils.translation import gettext as _

from core.errors import Invalid

MAX_BYTES = 64 * 1024 * 1024
MAX_WORKBOOK_BYTES = 16 * 1024 * 1024
# What a workbook may unpack to, and how far a part of it may have been squeezed.
MAX_UNPACKED_BYTES = 160 * 1024 * 1024
MAX_SQUEEZE = 200
MAX_PARTS = 500
MAX_ROWS = 200_000
MAX_COLUMNS = 200
MAX_CELL = 100_000
BLOCK = 1 << 20

Record = tuple[int, list[str]]


def check_size(file: IO[bytes]) -> int:
    """The file's size in bytes. Raises Invalid when it is empty or over the limit."""
    file.seek(0, 2)
    size = file.tell()
    file.seek(0)
    if not size:
        raise Invalid(_("The file is empty."), code="empty_file")
    if size > MAX_BYTES:
        raise Invalid(
            _("The file has %(size)d MB; at most %(most)d MB are read. Split it into parts.")
            % {"size": size >> 20, "most": MAX_BYTES >> 20},
            code="file_too_large",
        )
    return size


def is_workbook(file: IO[bytes]) -> bool:
    file.seek(0)
    head = file.read(4)
    file.seek(0)
    return head == b"PK\x03\x04"


def records(file: IO[bytes]) -> Iterator[Record]:
    """Number and cells of each row that is not blank, the header first.

    Raises Invalid for a file that cannot be read, has too many rows, or unpacks to too much.
    """
    rows = _workbook(file) if is_workbook(file) else _csv(file)
    for number, cells in rows:
        if number > MAX_ROWS + 1:
            raise Invalid(
                _("At most %d rows are read from one file. Split it into parts.") % MAX_ROWS,
                code="too_many_rows",
            )
        if any(cells):
            yield number, cells


def encoding_of(file: IO[bytes]) -> str:
    """By its mark, else UTF-8 if all of it is, else GB18030 if all of it is.

    Raises Invalid for anything else.
    """
    file.seek(0)
    head = file.read(4)
    if head.startswith(codecs.BOM_UTF8):
        candidates = ["utf-8-sig"]
    elif head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ["utf-16"]
    else:
        candidates = ["utf-8", "gb18030"]
    try:
        return next(name for name in candidates if _decodes(file, name))
    except StopIteration:
        raise Invalid(
            _("The file's text cannot be read. Save it as “CSV UTF-8”."), code="bad_encoding"
        ) from None
    finally:
        file.seek(0)


def _decodes(file: IO[bytes], encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    file.seek(0)
    try:
        while block := file.read(BLOCK):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _csv(file: IO[bytes]) -> Iterator[Record]:
    text = TextIOWrapper(file, encoding=encoding_of(file), newline="")
    try:
        header = text.readline(MAX_CELL)
        delimiter = max(",;\t", key=header.count)
        text.seek(0)
        number = 0
        try:
            for number, cells in enumerate(csv.reader(text, delimiter=delimiter), 1):
                if len(cells) > MAX_COLUMNS:
                    raise _too_wide(number)
                yield number, [cell.strip() for cell in cells]
        except csv.Error as error:
            raise Invalid(
                _("Row %d cannot be read: a cell is far too long, or a quotation mark is missing.")
                % (number + 1),
                code="bad_csv",
            ) from error
    finally:
        # The file is the caller's.
        text.detach()


def _workbook(file: IO[bytes]) -> Iterator[Record]:
    _check_archive(file)
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        # What the file says of its own size is not believed.
        sheet.reset_dimensions()
        for number, cells in enumerate(sheet.iter_rows(values_only=True), 1):
            if len(cells) > MAX_COLUMNS and any(value is not None for value in cells[MAX_COLUMNS:]):
                raise _too_wide(number)
            yield number, [_text(value) for value in cells[:MAX_COLUMNS]]
    except Invalid:
        raise
    # openpyxl raises whatever the broken part made it stumble over.
    except Exception as error:
        raise Invalid(
            _("This workbook cannot be read. Open it in a spreadsheet and save it anew as XLSX."),
            code="bad_workbook",
        ) from error


def _check_archive(file: IO[bytes]) -> None:
    """Refuse a zip bomb by its own table of contents; `zipfile` never unpacks past what that says."""
    size = file.seek(0, 2)
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Invalid(_("This workbook is damaged."), code="bad_workbook") from error
    unpacked = sum(part.file_size for part in parts)
    squeezed = any(
        part.file_size > BLOCK and part.file_size > MAX_SQUEEZE * max(1, part.compress_size)
        for part in parts
    )
    if (
        size > MAX_WORKBOOK_BYTES
        or unpacked > MAX_UNPACKED_BYTES
        or len(parts) > MAX_PARTS
        or squeezed
    ):
        raise Invalid(
            _("This workbook is too large or unpacks to too much. Save it as CSV, or split it."),
            code="workbook_too_large",
        )
    file.seek(0)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value).strip()


def _too_wide(number: int) -> Invalid:
    return Invalid(
        _("Row %(row)d has more than %(most)d columns.") % {"row": number, "most": MAX_COLUMNS},
        code="too_many_columns",
    )
