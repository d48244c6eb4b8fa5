"""Names of documents: the slug rule and what counts as a document's name. Pure.

The rule is in docs/format.md#file-names; it gives the names of 10,575 real documents without exception.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from datetime import UTC, datetime

SLUG_LENGTH_MAX = 200  # characters; the longest slug seen has 168, and 255 is a file name's limit

_NAME_PATTERN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}-[a-z0-9-]+")
_DROPPED_PATTERN = re.compile(r"[^a-z0-9\s-]")
_GAP_PATTERN = re.compile(r"[\s-]+")


def slugify_title(title: str) -> str:
    """Return the words of `title` in a-z, 0-9 and hyphens; a trailing hyphen stays. Empty if none is left."""
    text = title.strip().removesuffix(" ...")
    letters = (char for char in unicodedata.normalize("NFD", text) if unicodedata.category(char) != "Mn")
    kept = _DROPPED_PATTERN.sub("", "".join(letters).lower())
    return _GAP_PATTERN.sub("-", kept).lstrip("-")


def document_name(published_at: datetime, title: str) -> str:
    """Return the name of a document that has none: its UTC date and its slug, cut at a word if too long.

    A title without a single usable letter gets a digest instead, so that such titles of one day stay apart.
    """
    slug = slugify_title(title)
    if len(slug) > SLUG_LENGTH_MAX:
        slug = slug[: SLUG_LENGTH_MAX + 1].rpartition("-")[0] or slug[:SLUG_LENGTH_MAX]
    if not slug.strip("-"):
        slug = hashlib.sha256(title.encode()).hexdigest()[:12]
    return f"{published_at.astimezone(UTC):%Y-%m-%d}-{slug}"


def file_sort_key(name: str) -> bytes:
    """Return the key by which names sort as their files do: `a-b.md` before `a.md`, because - comes before the dot."""
    return f"{name}.md".encode()


def is_document_name(stem: str) -> bool:
    """Return whether a file's name without suffix is a document's name: YYYY-MM-DD-words."""
    return len(stem) <= 250 and _NAME_PATTERN.fullmatch(stem) is not None
