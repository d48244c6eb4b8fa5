"""Documents as if they had been published on other days."""

from datetime import date

import pytest

from articles.exchange.moved_dates import copy_with_moved_dates, newest_document

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
    copy_with_moved_dates(news.parent, tmp_path / "copy", 2, date.max)
    copy = tmp_path / "copy" / "news"
    assert sorted(path.name for path in copy.iterdir()) == ["2020-02-28-storm.md", "2020-02-29-bridge.md", "about.md"]
    assert (copy / "2020-02-29-bridge.md").read_text() == DOCUMENT.replace("-27T", "-29T").replace(
        "2020-02-28T", "2020-03-01T"
    ).replace(": 2020-02-26\n", ": 2020-02-28\n")
    assert (copy / "about.md").read_text() == (news / "about.md").read_text()
    assert (news / "2020-02-27-bridge.md").read_text() == DOCUMENT


def test_dates_after_the_last_day_become_it_first(news, tmp_path):
    copy_with_moved_dates(news.parent, tmp_path / "copy", 2, date(2020, 2, 27))
    text = (tmp_path / "copy" / "news" / "2020-02-29-bridge.md").read_text()
    assert text == DOCUMENT.replace("-27T", "-29T").replace("2020-02-28T", "2020-02-29T").replace(
        "-02-26\n", "-02-28\n"
    )
    copy_with_moved_dates(news.parent, tmp_path / "other", 1, date(2020, 2, 26))
    assert (tmp_path / "other" / "news" / "2020-02-27-bridge.md").exists()


@pytest.mark.parametrize(
    ("last", "name"), [("2020-02-28", "2020-02-27-bridge.md"), ("2020-02-26", "2020-02-26-storm.md")]
)
def test_the_newest_document_is_not_after_the_last_day(news, last, name):
    assert newest_document(news, date.fromisoformat(last)).name == name
