"""Text that a person typed, as PostgreSQL can keep it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from core.errors import Invalid

LONGEST = 2000


def words(text: str, *, longest: int = LONGEST) -> str:
    """Without blanks at the ends and NUL characters. Raises Invalid (code text) when too long."""
    clean = text.replace("\x00", "").strip()
    if len(clean) > longest:
        raise Invalid(_("Write at most %d characters.") % longest, code="text")
    return clean
