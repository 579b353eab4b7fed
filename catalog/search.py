"""Full-text search over goods, in PostgreSQL, for words and for Chinese.

Chinese is not written with spaces and PostgreSQL has no dictionary for it, so a run of Chinese is
indexed as its single characters and its pairs (bigrams): “连衣裙” gives 连 衣 裙 连衣 衣裙. Words are
folded (case, width, accents) and matched by their beginning. Both sides use `tokens`, and vectors
are written literally, so the database's own parser and locale play no part.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db import connection
from django.db.models import F

from catalog.models import Category, Listing, ListingQuerySet, Product

# Han with its extensions and the iteration mark, kana, hangul.
_CJK = "\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(f"[{_CJK}]+|[^\\W_{_CJK}]+")
_IS_CJK = re.compile(f"[{_CJK}]")
MAX_QUERY_TOKENS = 24
MAX_WORD = 60
# PostgreSQL keeps positions up to this one.
MAX_POSITION = 16_383
# Weights of D, C, B, A.
WEIGHTS = [0.1, 0.2, 0.5, 1.0]


def runs(text: str) -> Iterator[str]:
    """Words and stretches of Chinese, folded: no case, no full-width forms, no accents."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(c for c in folded if not unicodedata.combining(c))
    for match in _RUN.finditer(unicodedata.normalize("NFC", plain)):
        yield match.group()[:MAX_WORD] if not _IS_CJK.match(match.group()) else match.group()


def tokens(text: str) -> Iterator[str]:
    """What is indexed: each word; each character and each pair of a stretch of Chinese."""
    for run in runs(text):
        if not _IS_CJK.match(run):
            yield run
            continue
        for index, character in enumerate(run):
            yield character
            if index + 1 < len(run):
                yield run[index : index + 2]


def query_tokens(text: str) -> list[str]:
    """What is asked for, as parts of a tsquery: words by prefix; pairs, or a lone character."""
    parts: dict[str, None] = {}
    for run in runs(text):
        if not _IS_CJK.match(run):
            parts[f"{_quoted(run)}:*"] = None
        elif len(run) == 1:
            parts[_quoted(run)] = None
        else:
            parts.update((_quoted(run[i : i + 2]), None) for i in range(len(run) - 1))
    return list(parts)[:MAX_QUERY_TOKENS]


def search(text: str = "", *, category: Category | None = None) -> ListingQuerySet:
    """Listings on sale that contain everything asked for, best first; all, newest first, for no text.

    A category includes those below it. Product, supplier, variants and pictures come along.
    """
    found = Listing.objects.on_sale().for_display()
    if category is not None:
        found = found.filter(product__category__in=category.with_descendants())
    if not text.strip():
        return found.order_by("-published_at", "-id")
    asked = query_tokens(text)
    if not asked:
        return found.none()
    query = Asked(" & ".join(asked))
    return (
        found.filter(product__search=query)
        .annotate(rank=SearchRank(F("product__search"), query, weights=WEIGHTS))
        .order_by("-rank", "-published_at", "-id")
    )


class Asked(SearchQuery):
    """A tsquery as it is written, past PostgreSQL's own parser."""

    def __init__(self, query: str) -> None:
        super().__init__(query, search_type="raw")
        self.query = query

    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        return "%s::tsquery", [self.query]


def index(product: Product) -> None:
    """Write the product's search vector anew; call it in the action that changes what is read here."""
    suppliers = product.listings.values_list("supplier__name", flat=True)
    labels = [variant.label for variant in product.variants.all()]
    index_many([(product, [*suppliers, *labels])])


def index_many(products: Sequence[tuple[Product, Sequence[str]]]) -> None:
    """As `index`, in one UPDATE; beside each product its suppliers' names and variants' labels."""
    vectors = [
        _vector(
            [
                ("A", product.title),
                (
                    "B",
                    f"{product.brand} {product.category.name_en} {product.category.name_zh}",
                ),
                ("C", " ".join(beside)),
                ("D", product.description),
            ]
        )
        for product, beside in products
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE catalog_product p SET search = v.search::tsvector"
            " FROM unnest(%s::bigint[], %s::text[]) AS v(id, search) WHERE p.id = v.id",
            [[product.pk for product, _beside in products], vectors],
        )


def _vector(fields: list[tuple[str, str]]) -> str:
    lexemes: dict[str, list[str]] = {}
    position = 0
    for weight, text in fields:
        for token in tokens(text):
            position = min(position + 1, MAX_POSITION)
            places = lexemes.setdefault(token, [])
            # A lexeme has at most 256 positions.
            if len(places) < 255:
                places.append(f"{position}{weight}")
    return " ".join(f"{_quoted(token)}:{','.join(at)}" for token, at in lexemes.items())


def _quoted(token: str) -> str:
    return "'" + token.replace("\\", "\\\\").replace("'", "''") + "'"
