"""Documents as if they had been published on other days."""

from datetime import UTC, datetime

import pytest

from articles.exchange.moved_dates import copy_with_moved_dates, days_to, newest_document

DOCUMENT = """---
title: "In 2020-02-01 a bridge closed"
publishedDateTime: 2020-02-27T23:30:00Z
webUrl: "https://example.com/2020-02-27/bridge"
related:
  - title: Bridge
    publishedDateTime: "2020-02-28T01:00:00Z"
  - publishedDateTime: 2020-02-26
---
"""


@pytest.fixture
def news(tmp_path):
    folder = tmp_path / "edition" / "news"
    folder.mkdir(parents=True)
    (folder / "2020-02-27-bridge.md").write_text(DOCUMENT)
    (folder / "2020-02-26-storm.md").write_text("---\npublishedDateTime: 2020-02-26T08:00:00Z\n---\n")
    (folder / "about.md").write_text("publishedDateTime: 2020-02-26T08:00:00Z\n")
    return folder


def test_names_and_publication_times_move_and_nothing_else(news, tmp_path):
    copy_with_moved_dates(news.parent, tmp_path / "copy", 2)
    copy = tmp_path / "copy" / "news"
    assert sorted(path.name for path in copy.iterdir()) == ["2020-02-28-storm.md", "2020-02-29-bridge.md", "about.md"]
    assert (copy / "2020-02-29-bridge.md").read_text() == DOCUMENT.replace("-27T", "-29T").replace(
        "2020-02-28T", "2020-03-01T"
    ).replace(": 2020-02-26\n", ": 2020-02-28\n")
    assert (copy / "about.md").read_text() == (news / "about.md").read_text()
    assert (news / "2020-02-27-bridge.md").read_text() == DOCUMENT


@pytest.mark.parametrize(
    ("now", "days"),
    [("2020-02-27T23:30", 0), ("2020-02-28T23:29", 0), ("2020-02-28T23:30", 1), ("2021-02-27T23:31", 366)],
)
def test_the_newest_document_becomes_at_most_a_day_old(news, now, days):
    newest = newest_document(news)
    assert newest.name == "2020-02-27-bridge.md"
    assert days_to(newest, datetime.fromisoformat(now).replace(tzinfo=UTC)) == days
