"""Names of documents, made from date and title.

docs/format.md#file-names has the rule; it gives the names of 10,575 real documents without exception.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from datetime import UTC, datetime

SLUG_LENGTH_MAX = 200  # characters; the longest slug in real documents has 168, and a file name has at most 255

_NAME_PATTERN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}-[a-z0-9-]+")
_DROPPED_PATTERN = re.compile(r"[^a-z0-9\s-]")
_GAP_PATTERN = re.compile(r"[\s-]+")


def slugify_title(title: str) -> str:
    """Return the words of `title` in a-z, 0-9 and hyphens, empty if there are none. A trailing hyphen stays."""
    text = title.strip().removesuffix(" ...")
    letters = (char for char in unicodedata.normalize("NFD", text) if unicodedata.category(char) != "Mn")
    slug = _DROPPED_PATTERN.sub("", "".join(letters).lower())
    return _GAP_PATTERN.sub("-", slug).lstrip("-")


def document_name(published_at: datetime, title: str) -> str:
    """Return the name of a new document: its UTC date and its slug, cut at a word if too long.

    A title without any usable letter gets a digest instead, so that such titles of one day differ.
    """
    slug = slugify_title(title)
    if len(slug) > SLUG_LENGTH_MAX:
        slug = slug[: SLUG_LENGTH_MAX + 1].rpartition("-")[0] or slug[:SLUG_LENGTH_MAX]
    if not slug.strip("-"):
        slug = hashlib.sha256(title.encode()).hexdigest()[:12]
    return f"{published_at.astimezone(UTC):%Y-%m-%d}-{slug}"


def file_sort_key(name: str) -> bytes:
    """Return the key that sorts names like their files: `a-b.md` before `a.md`, because - comes before the dot."""
    return f"{name}.md".encode()


def is_document_name(stem: str) -> bool:
    """Return whether a file name without suffix is that of a document: YYYY-MM-DD-words."""
    return len(stem) <= 250 and _NAME_PATTERN.fullmatch(stem) is not None
