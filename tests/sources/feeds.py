"""Small made-up feeds."""

from __future__ import annotations

from sources.reading.documents import read_document
from sources.reading.values import ParsedEntry, ParsedFeed

LINK = "<link>https://courier.example/bridge</link>"
TITLE = "<title>Bridge closes</title>"


def rss(*items: str, head: str = "", root: str = 'rss version="2.0"') -> bytes:
    """Return an RSS feed of items, each the inside of its element."""
    inside = "".join(f"<item>{item}</item>" for item in items)
    return f'<?xml version="1.0" encoding="utf-8"?><{root}><channel>{head}{inside}</channel></rss>'.encode()


def atom(*entries: str, head: str = "", attributes: str = "") -> bytes:
    inside = "".join(f"<entry>{entry}</entry>" for entry in entries)
    return f'<feed xmlns="http://www.w3.org/2005/Atom" {attributes}>{head}{inside}</feed>'.encode()


def parsed(data: bytes, url: str = "", content_type: str = "") -> ParsedFeed:
    return read_document(data, url, content_type)


def entry_of(data: bytes, url: str = "") -> ParsedEntry:
    """Return the only entry of the feed."""
    [entry] = read_document(data, url).entries
    return entry
