"""Real feeds beside the project, where they exist: what each must give is in their manifest."""

from __future__ import annotations

import csv
import re
from collections import Counter

import pytest
from django.conf import settings

from articles.rules.urls import normalize_url
from sources.reading.documents import read_document
from sources.reading.values import NotAFeedError, ParsedEntry

FOLDER = settings.BASE_DIR.parent / "shared" / "feeds"
SHARE_MIN = 0.98

pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="the feeds are not beside the project")


def entries_of(name: str, url: str) -> list[ParsedEntry] | None:
    """Return the entries, or None if the file is refused."""
    try:
        return list(read_document((FOLDER / name).read_bytes(), url).entries)
    except NotAFeedError:
        return None


def is_expected_url(url: str, row: dict[str, str]) -> bool:
    """Compare in normal form: tracking is stripped. FeedBurner's original link is as good as its redirect."""
    document = (FOLDER / row["file"]).read_text("utf-8", "replace")
    originals = re.findall(r"<feedburner:origLink>([^<]+)<", document)[:1]
    expected = [row["link"], row["canonical"] or row["link"], *originals]
    return normalize_url(url) in {normalize_url(other) for other in expected} if url else not row["link"]


@pytest.mark.systematic
def test_real_feeds_give_what_their_manifest_says():
    checked: Counter[str] = Counter()
    missed: list[tuple[str, str, str]] = []

    def check(column: str, row: dict[str, str], is_right: bool, value: object) -> None:
        if row[column] != "*":
            checked[column] += 1
            if not is_right:
                missed.append((column, row["file"], str(value)))

    with (FOLDER / "MANIFEST.tsv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            entries = entries_of(row["file"], row["fetched_from"])
            count = "-" if entries is None and row["entries"] == "-" else str(len(entries or ()))
            check("entries", row, count == row["entries"], count)
            for entry in (entries or [])[:1]:
                date = entry.published.strftime("%Y-%m-%dT%H:%M:%SZ") if entry.published else ""
                check("title", row, entry.title == row["title"], entry.title)
                check("link", row, is_expected_url(entry.url, row), entry.url)
                check("date", row, date == row["date"], date)

    shares = {column: 1 - sum(miss[0] == column for miss in missed) / checked[column] for column in checked}
    assert min(shares.values()) >= SHARE_MIN, (shares, missed)
