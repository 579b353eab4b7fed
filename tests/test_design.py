"""What the design system promises, read from the files themselves."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STYLES = ROOT / "frontend" / "css"
BUDGET = 20 * 1024


def test_the_style_sheet_of_all_pages_stays_small() -> None:
    parts = re.findall(r'@import "\./([^"]+)"', (STYLES / "site.css").read_text())
    assert "tokens.css" in parts
    source = "".join((STYLES / part).read_text() for part in parts)
    assert len(gzip.compress(source.encode(), 9)) <= BUDGET


def test_only_the_tokens_name_colours_of_text_and_ground() -> None:
    """Parts may mix and shade; a plain hexadecimal ground or text colour belongs to the tokens."""
    for part in ("base.css", "layout.css", "forms.css"):
        assert not re.search(r"#[0-9a-f]{3,8}\b", (STYLES / part).read_text()), part


def _without_comments(text: str) -> str:
    return re.sub(r"{%\s*comment\b.*?{%\s*endcomment\s*%}|{#.*?#}", "", text, flags=re.S)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_templates_carry_no_inline_style_or_script(path: Path) -> None:
    text = _without_comments(path.read_text())
    assert not re.search(r"<[^>]*\sstyle\s*=", text)
    assert not re.search(r"<[^>]*\son[a-z]+\s*=\s*[\"']", text)
    for tag in re.findall(r"<script\b[^>]*>", text):
        assert "src=" in tag or 'type="application/json"' in tag


def test_every_icon_that_a_template_names_is_drawn() -> None:
    drawn = set(
        re.findall(r'<symbol id="([\w-]+)"', (ROOT / "static/public/icons.svg").read_text())
    )
    used = {
        (name, path.name)
        for path in TEMPLATES
        for name in re.findall(
            r'{% include "includes/(?:icon|empty)\.html" with (?:name|icon)="([\w-]+)"',
            path.read_text(),
        )
    }
    assert used
    assert {pair for pair in used if pair[0] not in drawn} == set()
