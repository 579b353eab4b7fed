"""The tool that keeps the Chinese pages complete."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.template import Context, Template
from django.utils import translation

from tools import messages

TEMPLATE = """{% load i18n %}
  <p title="{% trans 'Buy' %}">{{ _("Pay") }}</p>
      {% blocktrans trimmed with name=x count number=n %}
        {{ number }} parcel for {{ name }}
      {% plural %}
        {{ number }} parcels for {{ name }}
      {% endblocktrans %}
 {% trans "Live" context "state of a room" %}
"""
MODULE = """
from django.utils.translation import gettext as _, gettext_lazy, pgettext_lazy
A = _("Two "
      "halves")
B = gettext_lazy("%(left)s left") % {"left": 1}
C = pgettext_lazy("verb", "Ship")
D = "not marked"
"""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    (tmp_path / "shop" / "tests").mkdir(parents=True)
    (tmp_path / "shop" / "__init__.py").touch()
    (tmp_path / "shop" / "views.py").write_text(MODULE)
    (tmp_path / "shop" / "tests" / "test_views.py").write_text('_("only in a test")')
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text(TEMPLATE)
    return tmp_path


def translate(house: Path, **texts: str) -> None:
    """Fill in the given translations, and something with the right placeholders everywhere else."""
    catalog = messages.known(house)
    for message in catalog:
        if message.id and not any(message.string):
            first = message.id if isinstance(message.id, str) else message.id[-1]
            text = texts.get(first, first)
            message.string = text if isinstance(message.id, str) else (text,)
    with messages.po_path(house).open("wb") as file:
        messages.write_po(file, catalog)


def test_every_marked_string_of_python_and_templates_is_found(house: Path) -> None:
    messages.main(["extract"], house)
    found = {(m.context, m.id) for m in messages.known(house) if m.id}
    assert found == {
        (None, "Buy"),
        (None, "Pay"),
        (None, ("%(number)s parcel for %(name)s", "%(number)s parcels for %(name)s")),
        ("state of a room", "Live"),
        (None, "Two halves"),
        (None, "%(left)s left"),
        ("verb", "Ship"),
    }


def test_extracting_twice_changes_no_byte(house: Path) -> None:
    messages.main(["extract"], house)
    before = messages.po_path(house).read_bytes()
    messages.main(["extract"], house)
    assert messages.po_path(house).read_bytes() == before


def test_translations_stay_and_strings_that_are_gone_go(house: Path) -> None:
    messages.main(["extract"], house)
    translate(house, Buy="购买")
    (house / "shop" / "views.py").write_text('_("Fresh")')
    messages.main(["extract"], house)
    catalog = messages.known(house)
    assert catalog.get("Buy").string == "购买"
    assert catalog.get("Fresh").string == ""
    assert catalog.get("Two halves") is None


def test_a_complete_catalogue_passes(house: Path) -> None:
    messages.main(["extract"], house)
    translate(house)
    assert messages.main(["check"], house) == 0


def test_a_missing_translation_fails(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    messages.main(["extract"], house)
    assert messages.main(["check"], house) == 1
    assert "not translated: 'Buy' (templates/page.html)" in capsys.readouterr().err


def test_a_string_that_nobody_extracted_fails(house: Path) -> None:
    messages.main(["extract"], house)
    translate(house)
    (house / "shop" / "more.py").write_text('_("Fresh")')
    assert any("not extracted: 'Fresh'" in line for line in messages.problems(house))


def test_a_left_over_string_fails(house: Path) -> None:
    messages.main(["extract"], house)
    translate(house)
    (house / "shop" / "views.py").write_text("")
    assert any("in no source any more: 'Two halves'" in line for line in messages.problems(house))


def test_a_fuzzy_translation_fails(house: Path) -> None:
    messages.main(["extract"], house)
    translate(house)
    path = messages.po_path(house)
    path.write_text(path.read_text().replace('msgid "Buy"', '#, fuzzy\nmsgid "Buy"'))
    assert messages.problems(house) == ["fuzzy: 'Buy' (templates/page.html)"]


@pytest.mark.parametrize(
    ("original", "wrong"),
    [
        ("%(left)s left", "还剩"),
        ("%(left)s left", "还剩 %(rest)s"),
        ("Buy", "买 %(what)s"),
        ("%(number)s parcels for %(name)s", "%(number)s 个包裹"),
    ],
)
def test_other_placeholders_than_the_original_fail(house: Path, original: str, wrong: str) -> None:
    messages.main(["extract"], house)
    translate(house, **{original: wrong})
    assert [line for line in messages.problems(house) if "other placeholders" in line]


def test_what_is_compiled_is_what_django_shows(house: Path, settings: object) -> None:
    messages.main(["extract"], house)
    translate(
        house, Buy="购买", **{"%(number)s parcels for %(name)s": "%(name)s 的 %(number)s 个包裹"}
    )
    messages.main(["compile"], house)
    settings.LOCALE_PATHS = [house / "locale"]  # type: ignore[attr-defined]
    with translation.override("zh-hans"):
        page = Template(TEMPLATE).render(Context({"x": "小美", "n": 2}))
    assert 'title="购买"' in page
    assert "小美 的 2 个包裹" in page
