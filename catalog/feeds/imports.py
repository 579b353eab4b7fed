"""A supplier's file into offers and draft listings, chunk by chunk.

Each chunk commits with its checkpoint (`OfferImport`). A run that was cut off goes on after its
last chunk when the same file comes again; a run that ended starts anew and finds everything as it is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from catalog.feeds import google, tables
from catalog.feeds.goods import Reader
from catalog.feeds.layouts import FIELDS, Layout, folded, recognise
from catalog.feeds.records import Good, Problem, Row, Summary
from catalog.feeds.save import save_chunk
from catalog.models import FeedMapping, OfferImport
from core.errors import DomainError, Invalid
from supply.actions.bulk import NewTerms, StockMoved
from supply.models import Supplier

FORMATS = ("auto", "template", "shopify", "google")
CHUNK_SKUS = 800
ATTEMPTS = 5
COUNTS = ("products", "variants", "created", "updated", "unchanged", "pictures")

Progress = Callable[[int], None]


def import_offers(
    *,
    supplier: Supplier,
    file: IO[bytes],
    actor: Any,
    format: str = "auto",
    currency: str = "CNY",
    terms: NewTerms | None = None,
    mapping: Mapping[str, str] | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Summary:
    """Import a file, which must be seekable, for one supplier; the summary says what became of it.

    Right SKUs go in, wrong ones are left out and named with row, column and what to do. A file
    that cannot be read at all has `refused` set and one error in row 0; chunks committed before
    the broken place stay. `mapping` gives columns fields and is remembered for this header. A dry
    run changes nothing, as it only plans. `progress` hears the number of the last row done.
    """
    summary = Summary()
    terms = terms or NewTerms()
    try:
        tables.check_size(file)
        rows, layout = _open(supplier, file, format, mapping, summary, dry_run=dry_run)
        reader = Reader(supplier.code, currency, layout, summary)
        run = _Run(supplier, actor, terms, layout, summary, dry_run, progress)
        if not dry_run:
            run.begin(_fingerprint(file, format, currency, terms, layout))
            rows, layout = _open(supplier, file, format, mapping, Summary(), dry_run=True)
        for chunk in _chunks(reader.goods(rows)):
            run.save(chunk)
        run.end()
    except DomainError as error:
        summary.refused = True
        summary.errors.insert(0, Problem(0, "", str(error.detail)))
    summary.errors.sort(key=lambda problem: problem.row)
    return summary


class _Run:
    """One pass over a file, with its checkpoint."""

    def __init__(
        self,
        supplier: Supplier,
        actor: Any,
        terms: NewTerms,
        layout: Layout,
        summary: Summary,
        dry_run: bool,
        progress: Progress | None,
    ) -> None:
        self.supplier, self.actor, self.terms, self.layout = supplier, actor, terms, layout
        self.summary, self.dry_run, self.progress = summary, dry_run, progress
        self.checkpoint: OfferImport | None = None
        self.written = Summary()

    def begin(self, fingerprint: str) -> None:
        """Take up the same file's unfinished run, or start one."""
        try:
            with transaction.atomic():
                self.checkpoint, _made = OfferImport.objects.get_or_create(
                    supplier=self.supplier,
                    fingerprint=fingerprint,
                    state=OfferImport.State.RUNNING,
                )
        except IntegrityError:
            self.checkpoint = OfferImport.objects.get(
                supplier=self.supplier, fingerprint=fingerprint, state=OfferImport.State.RUNNING
            )
        kept = self.checkpoint.summary
        for name in COUNTS:
            setattr(self.written, name, kept.get(name, 0))
        self.written.errors = [Problem(**problem) for problem in kept.get("errors", [])]
        self.written.notes = list(kept.get("notes", []))

    def save(self, chunk: list[Good]) -> None:
        last = max(sku.row for good in chunk for sku in good.skus)
        if self.checkpoint is None or last > self.checkpoint.rows_done:
            self._save(chunk, last)
        if self.progress is not None:
            self.progress(last)

    def _save(self, chunk: list[Good], last: int) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            result = Summary()
            try:
                with transaction.atomic():
                    save_chunk(
                        chunk,
                        supplier=self.supplier,
                        actor=self.actor,
                        terms=self.terms,
                        summary=result,
                        dry_run=self.dry_run,
                    )
                    self._take(result, last)
                return
            except StockMoved:
                if attempt == ATTEMPTS:
                    raise

    def _take(self, result: Summary, last: int) -> None:
        """Add a chunk's outcome to the run's, and to its checkpoint in the chunk's transaction."""
        whole = Summary(
            **{name: getattr(self.written, name) + getattr(result, name) for name in COUNTS}
        )
        for problem in [*self.written.errors, *result.errors]:
            whole.add(Problem(problem.row, self.layout.column(problem.column), problem.message))
        whole.notes = list(dict.fromkeys([*self.written.notes, *result.notes]))
        if self.checkpoint is not None:
            self.checkpoint.rows_done = last
            self.checkpoint.summary = whole.as_json()
            self.checkpoint.save(update_fields=["rows_done", "summary", "updated_at"])
        self.written = whole

    def end(self) -> None:
        for name in COUNTS:
            setattr(self.summary, name, getattr(self.written, name))
        for problem in self.written.errors:
            self.summary.add(problem)
        self.summary.notes += self.written.notes
        if self.checkpoint is not None:
            self.checkpoint.state = OfferImport.State.DONE
            self.checkpoint.summary = self.summary.as_json()
            self.checkpoint.save(update_fields=["state", "summary", "updated_at"])


def _open(
    supplier: Supplier,
    file: IO[bytes],
    format: str,
    mapping: Mapping[str, str] | None,
    summary: Summary,
    *,
    dry_run: bool,
) -> tuple[Iterator[Row], Layout]:
    if format not in FORMATS:
        raise Invalid(_("Choose one of these formats: %s.") % ", ".join(FORMATS), code="bad_format")
    if format == "google" or (format == "auto" and google.is_xml(file)):
        names = sorted(FIELDS)
        return google.rows(file), Layout("google", names, names)
    records = tables.records(file)
    header = next(records, None)
    if header is None:
        raise Invalid(_("The file is empty."), code="empty_file")
    layout = _layout(supplier, header[1], format, mapping, remember=not dry_run)
    for name in layout.statuses:
        summary.notes.append(
            _("Column “%s” is ignored: what is on sale is decided on the product's page.") % name
        )
    if layout.unread:
        summary.notes.append(_("Not read: %s.") % ", ".join(layout.unread)[:400])
    return _rows(records, layout), layout


def _layout(
    supplier: Supplier,
    header: list[str],
    format: str,
    mapping: Mapping[str, str] | None,
    *,
    remember: bool,
) -> Layout:
    digest = hashlib.sha256("\n".join(map(folded, header)).encode()).hexdigest()
    if mapping is None:
        known = FeedMapping.objects.filter(supplier=supplier, header=digest).first()
        return recognise(header, format=format, mapping=known.columns if known else None)
    layout = recognise(header, format=format, mapping=mapping)
    if remember:
        FeedMapping.objects.update_or_create(
            supplier=supplier, header=digest, defaults={"columns": dict(mapping)}
        )
    return layout


def _rows(records: Iterator[tables.Record], layout: Layout) -> Iterator[Row]:
    places = [(index, name) for index, name in enumerate(layout.fields) if name]
    for number, cells in records:
        values = {name: _unguarded(cells[i]) for i, name in places if i < len(cells) and cells[i]}
        if values:
            yield Row(number, values)


def _unguarded(cell: str) -> str:
    """A text that the export kept from being a formula, as it was."""
    return cell[1:] if cell[0] == "'" and cell[1:2] in FORMULA else cell


# What makes a spreadsheet compute a cell instead of showing it.
FORMULA = tuple("=+-@\t\r")


def _chunks(goods: Iterator[Good]) -> Iterator[list[Good]]:
    chunk: list[Good] = []
    size = 0
    for good in goods:
        chunk.append(good)
        size += len(good.skus)
        if size >= CHUNK_SKUS:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _fingerprint(
    file: IO[bytes], format: str, currency: str, terms: NewTerms, layout: Layout
) -> str:
    """Of the bytes and of all that decides what they mean."""
    digest = hashlib.sha256(json.dumps([format, currency, str(terms), layout.fields]).encode())
    file.seek(0)
    while block := file.read(tables.BLOCK):
        digest.update(block)
    file.seek(0)
    return digest.hexdigest()
