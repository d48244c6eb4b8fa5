"""feedparser's own test suite: what it expects of a document's first entry is what we take.

The suite is in feedparser's source distribution. FEEDPARSER_TESTS names its folder `tests`, unpacked; `docs/sources.md`
says how to get it.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from sources.reading.dates import parse_date
from sources.reading.documents import read_document
from sources.reading.values import NotAFeedError, ParsedEntry

FOLDER = Path(os.environ.get("FEEDPARSER_TESTS", "/nonexistent"))
EXPECTATION_PATTERN = re.compile(r"Description:.*?Expect:\s*(.*?)\s*-->", re.DOTALL)
HEADER_PATTERN = re.compile(r"^Header:\s+([^:]+):\s*(.+?)\s*$", re.MULTILINE)
FIELD_PATTERN = re.compile(
    r"entries\[0\](?:\.|\[')(title|link|id|guid|(?:published|updated|created)(?:_parsed)?)(?:'\])?"
)
NAMES = {"title": "title", "link": "url", "id": "guid", "guid": "guid"}  # of ours; all others are dates
CHECKS_MIN = 130
SHARE_MIN = 0.99

pytestmark = [
    pytest.mark.systematic,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="FEEDPARSER_TESTS names no folder"),
]


class TextParser(HTMLParser):
    """Collects the text of markup, as no code of ours does it."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.feed(markup)
        self.close()

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def as_text(expected: str) -> str:
    """Return an expected title as text. Without the end of an element it is text already: `the <blink> tag`."""
    is_markup = "</" in expected or "/>" in expected or "&" in expected
    return " ".join("".join(TextParser(expected).texts if is_markup else expected).split())


def expectations(document: str) -> Iterator[tuple[str, object]]:
    """Yield what the document's comment expects of its first entry, by feedparser's names."""
    if not (comment := EXPECTATION_PATTERN.search(document)):
        return
    for node in ast.walk(ast.parse(comment[1], mode="eval")):
        if isinstance(node, ast.Compare) and all(isinstance(operator, ast.Eq) for operator in node.ops):
            *sides, value = node.left, *node.comparators
            names = [match[1] for side in sides if (match := FIELD_PATTERN.fullmatch(ast.unparse(side)))]
            for name in names:
                yield name, eval(compile(ast.Expression(value), "expected", "eval"), {"__builtins__": {}})  # noqa: S307


def first_entry(data: bytes, path: Path) -> ParsedEntry:
    """Return the entry as it is read. The suite's files are served if their names say so."""
    headers = {name.lower(): value for name, value in HEADER_PATTERN.findall(data.decode("utf-8", "replace"))}
    served_at = f"http://127.0.0.1:8097/tests/{path.relative_to(FOLDER).as_posix()}" if "http" in path.name else ""
    return read_document(data, headers.get("content-location", served_at), headers.get("content-type", "")).entries[0]


def is_right(entry: ParsedEntry, name: str, expected: object) -> bool:
    if name not in NAMES:
        return entry.published == (
            parse_date(expected) if isinstance(expected, str) else datetime(*expected[:6], tzinfo=UTC)
        )
    return getattr(entry, NAMES[name]) == (as_text(str(expected)) if name == "title" else expected)


def test_the_first_entry_is_read_as_feedparser_s_suite_expects():
    checks, missed = 0, []
    for path in sorted(path for path in FOLDER.glob("*/**/*") if path.is_file()):
        data = path.read_bytes()
        for name, expected in expectations(data.decode("utf-8", "replace")):
            checks += 1
            entry = first_entry(data, path)
            if not is_right(entry, name, expected):
                missed.append((path.name, name, expected, entry))

    assert checks >= CHECKS_MIN
    assert len(missed) <= (1 - SHARE_MIN) * checks, missed
    # Its title has a script that feedparser leaves in as text.
    assert [name for name, *_ in missed] == ["entry_title_crazy.xml"]


def test_every_document_of_the_suite_is_read_or_refused():
    documents = [path.read_bytes() for path in FOLDER.glob("*/**/*") if path.is_file()]
    refused = 0
    for data in documents:
        try:
            read_document(data, "https://courier.example/feed")
        except NotAFeedError:
            refused += 1

    assert len(documents) > 2000
    assert refused < 0.01 * len(documents)
