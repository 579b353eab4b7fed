"""Words for the Chinese reader: `python -m tools.messages extract | compile | check`.

Does what makemessages and compilemessages do, but with Babel alone, so that no machine needs the
gettext programs. `extract` gathers every marked string of all apps and templates and keeps existing
translations; `compile` writes what Django loads; `check` fails when a string is missing, empty,
fuzzy, left over, or has other placeholders than its translation.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LOCALE = "zh_Hans"
NOT_SHOWN = {"tests", "migrations", "benchmarks", "drills", "simulations", "tools"}
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\([a-z_]\w*\)[#0\- +]*[\d.]*[a-z]|%[sd]|\{[a-z_]\w*\}|<[^>]+>", re.I)


def po_path(root: Path) -> Path:
    return root / "locale" / LOCALE / "LC_MESSAGES" / "django.po"


def sources(root: Path) -> Iterator[Path]:
    """Python of every package at the root, and all templates; nothing that no user reads."""
    packages = [path.parent for path in root.glob("*/__init__.py")]
    for package in sorted(packages):
        for path in sorted(package.rglob("*.py")):
            if not NOT_SHOWN.intersection(path.relative_to(root).parts):
                yield path
    for folder in sorted([root / "templates", *(package / "templates" for package in packages)]):
        for pattern in ("*.html", "*.txt"):
            yield from sorted(folder.rglob(pattern))


def extracted(root: Path) -> Catalog:
    """All marked strings with the files that they stand in."""
    catalog = Catalog(locale=LOCALE)
    for path in sources(root):
        text = path.read_text()
        if path.suffix != ".py":
            text = _as_python(text, str(path))
        name = path.relative_to(root).as_posix()
        for _line, message, _comments, context in extract(
            "python", io.BytesIO(text.encode()), keywords=KEYWORDS
        ):
            if message:
                flags = ["python-format"] if "%(" in str(message) else []
                catalog.add(message, locations=[(name, 1)], context=context, flags=flags)
    return catalog


def _as_python(template: str, origin: str) -> str:
    """A template as Django sees it for translation; in brackets, so that its indentation is free."""
    from django.utils.translation.template import templatize

    return f"({templatize(template, origin=origin)}\n)"


def known(root: Path) -> Catalog:
    """The translations on disk, or an empty catalogue."""
    path = po_path(root)
    if not path.exists():
        return _new()
    with path.open("rb") as file:
        return read_po(file, locale=LOCALE)


def _new() -> Catalog:
    return Catalog(
        locale=LOCALE,
        project="Liveshop",
        version="1",
        header_comment="# Simplified Chinese for Liveshop.",
        last_translator="Liveshop",
        language_team="Liveshop",
        msgid_bugs_address="",
        revision_date=datetime(2026, 1, 1, tzinfo=UTC),
        creation_date=datetime(2026, 1, 1, tzinfo=UTC),
        charset="utf-8",
        fuzzy=False,
    )


def update(root: Path) -> Catalog:
    """Bring the file up to what the sources say. Translations stay, strings that are gone go."""
    catalog = known(root)
    revised = catalog.revision_date
    # The creation date stays: two runs over the same sources write the same bytes.
    catalog.update(extracted(root), no_fuzzy_matching=True, update_creation_date=False)
    catalog.revision_date = revised
    path = po_path(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(
            file, catalog, width=100, sort_output=True, ignore_obsolete=True, include_lineno=False
        )
    return catalog


def compile_all(root: Path) -> Path:
    path = po_path(root).with_suffix(".mo")
    with path.open("wb") as file:
        write_mo(file, known(root))
    return path


def problems(root: Path) -> list[str]:
    """Everything that keeps the Chinese reader from a finished page."""
    catalog, wanted = known(root), extracted(root)
    found = []
    for message in wanted:
        if not message.id:
            continue
        here = catalog.get(message.id, message.context)
        name = _name(message)
        if here is None:
            found.append(f"not extracted: {name}; run `python -m tools.messages extract`")
        else:
            found.extend(f"{reason}: {name}" for reason in _faults(here, catalog))
    for message in catalog:
        if message.id and wanted.get(message.id, message.context) is None:
            found.append(f"in no source any more: {_name(message)}; run extract")
    return found


def _faults(message: Message, catalog: Catalog) -> Iterator[str]:
    forms = _forms(message.string)
    if message.fuzzy:
        yield "fuzzy"
    if not all(forms) or (message.pluralizable and len(forms) != catalog.num_plurals):
        yield "not translated"
        return
    # Chinese has one form for all numbers: the placeholders of the plural count.
    original = _forms(message.id)[-1]
    for form in forms:
        if sorted(PLACEHOLDER.findall(original)) != sorted(PLACEHOLDER.findall(form)):
            yield f"other placeholders ({form!r})"


def _forms(text: object) -> list[str]:
    return [str(form or "") for form in (text if isinstance(text, tuple | list) else [text])]


def _name(message: Message) -> str:
    text = _forms(message.id)[0]
    where = message.locations[0][0] if message.locations else "?"
    return f"{text!r} ({where})"


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.messages", description=__doc__)
    parser.add_argument("command", choices=["extract", "compile", "check"])
    command = parser.parse_args(arguments).command
    if command == "extract":
        catalog = update(root)
        empty = sum(1 for message in catalog if message.id and not all(_forms(message.string)))
        print(f"{po_path(root).relative_to(root)}: {len(catalog)} strings, {empty} to translate")
    elif command == "compile":
        print(compile_all(root).relative_to(root))
    else:
        found = problems(root)
        for line in found:
            print(line, file=sys.stderr)
        print("messages: all translated" if not found else f"messages: {len(found)} problems")
        return 1 if found else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
