"""`read_feed` prints what would be taken, or the reason why nothing is."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command

from sources.reading.documents import read_document
from sources.reading.reader import FeedReader

from .feeds import LINK, TITLE, rss

KEYS = ["title", "excerpt", "url", "published", "provider", "picture", "language", "guid", "warnings"]


@pytest.fixture(autouse=True)
def read_in_this_process(monkeypatch):
    """Start no process: `test_hostile_feeds.py` does."""
    monkeypatch.setattr(FeedReader, "read", lambda self, data, url="": read_document(data, url))


@pytest.fixture
def file(tmp_path):
    return tmp_path / "feed.xml"


def test_each_entry_is_an_object(file, capsys):
    dated = f"{TITLE}<link>/bridge</link><guid>7</guid><pubDate>Wed, 01 May 2024 10:30:00 +0200</pubDate>"
    file.write_bytes(rss(dated, "<title>Überfahrt</title>"))
    call_command("read_feed", str(file), url="https://courier.example/feed")
    first, second = map(json.loads, capsys.readouterr().out.splitlines())

    assert list(first) == KEYS
    assert first | {"guid": ""} == {
        "title": "Bridge closes",
        "excerpt": "",
        "url": "https://courier.example/bridge",
        "published": "2024-05-01T08:30:00Z",
        "provider": "courier.example",
        "picture": "",
        "language": "",
        "guid": "",
        "warnings": [],
    }
    assert (second["title"], second["url"], second["published"]) == ("Überfahrt", "", None)
    assert len(second["warnings"]) == 2


def test_a_date_in_the_future_is_warned_of(file, capsys):
    file.write_bytes(rss(f"{TITLE}{LINK}<pubDate>Wed, 01 May 2199 10:30:00 GMT</pubDate>"))
    call_command("read_feed", str(file))
    [entry] = map(json.loads, capsys.readouterr().out.splitlines())
    assert entry["published"] == "2199-05-01T10:30:00Z"
    assert entry["warnings"] == ["The date lies in the future: the time of arrival would be used."]


def test_what_is_wrong_with_the_document_is_said_beside_the_entries(file, capsys):
    file.write_bytes(rss(TITLE + LINK)[:-6])
    call_command("read_feed", str(file))
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 1
    assert "feed.xml: The document is not well-formed XML" in printed.err


@pytest.mark.parametrize(
    ("content", "options", "reason"),
    [
        (b"<html></html>", {}, r"feed\.xml: The document is a web page, no feed\."),
        (b"", {}, r"feed\.xml: The document is empty\."),
        (b"x", {"url": "javascript:alert(1)"}, r"--url is javascript:alert\(1\); it must be a URL"),
        (None, {}, r"feed\.xml: No such file or directory\. Nothing was read\."),
    ],
)
def test_what_is_no_feed_ends_with_the_reason(file, content, options, reason):
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CommandError, match=reason) as refused:
        call_command("read_feed", str(file), **options)
    assert refused.value.returncode == 1
