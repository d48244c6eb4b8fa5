"""RSS, RDF and Atom, read by feedparser without its sanitizing: only text is made of the markup."""

from __future__ import annotations

import io
import re
from calendar import timegm
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from html import unescape
from itertools import islice
from time import struct_time
from typing import Any
from xml.sax import SAXException

import feedparser

from .dates import checked_date, parse_localized_date
from .pictures import picture_from
from .text import as_markup
from .urls import is_absolute_uri
from .values import ENTRIES_MAX, WAIT_MINUTES_MAX, NotAFeedError, Picture, RawEntry, RawFeed, StatedDate

UNKNOWN_FORMAT = "unknown"  # of items that stand in no known element
PERIOD_MINUTES = {"hourly": 60, "daily": 1440, "weekly": 10_080, "monthly": 43_200, "yearly": 525_600}
PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif")
_ID_PATTERN = re.compile(rb"<(?:[\w.-]{1,40}:)?(?:guid|id)\b[^<>]{0,500}>\s{0,50}(?:<!\[CDATA\[)?([^<\]]{1,2000})")

feedparser.registerDateHandler(parse_localized_date)
feedparser.encodings.lazy_chardet_encoding = None  # a guess by a package that may be installed for something else


def read_xml_feed(data: bytes, url: str, content_type: str) -> RawFeed:
    """Return what the feed says. Raises NotAFeedError."""
    headers = {"content-location": url} if url else {}  # relative links start there
    if content_type:
        headers["content-type"] = content_type
    # As a stream: feedparser would take bytes for a file name.
    result = feedparser.parse(
        io.BytesIO(data), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
    )
    if not result.version and not result.entries:
        raise NotAFeedError("is neither RSS, Atom, JSON Feed nor a news sitemap")
    feed = result.feed
    entries = [dict(entry) for entry in result.entries[:ENTRIES_MAX]]  # feedparser's takes one key for another
    relative_ids = _relative_ids(data, [_text(entry.get("id")) for entry in entries])
    return RawFeed(
        format=result.version or UNKNOWN_FORMAT,
        title=_text(feed.get("title")),
        url=_text(feed.get("link")),
        language=_text(feed.get("language")),
        entries=tuple(_raw_entry(entry, result.version, url, feed, relative_ids) for entry in entries),
        entry_count=len(result.entries),
        wait_minutes=_wait_minutes(feed),
        warnings=tuple(_document_warnings(result)),
    )


def _relative_ids(data: bytes, ids: Sequence[str]) -> frozenset[str]:
    """Return those of the ids of entries that are no whole URLs, also where feedparser has made such of them."""
    elements = islice(_ID_PATTERN.finditer(data), ENTRIES_MAX * 4)
    stated = {unescape(element[1].decode(errors="replace")).strip() for element in elements}
    relative = tuple(text for text in stated if text and not is_absolute_uri(text))
    return frozenset(
        text for text in ids if not is_absolute_uri(text) or (text not in stated and text.endswith(relative))
    )


def _wait_minutes(feed: Any) -> int:
    """Return the longer one of RSS's `ttl` and of how often the syndication module says that the feed is updated."""
    period = PERIOD_MINUTES.get(_text(feed.get("sy_updateperiod")).strip().lower(), 0)
    frequency = _number(feed.get("sy_updatefrequency")) or 1
    return min(max(_number(feed.get("ttl")), period // frequency), WAIT_MINUTES_MAX)


def _number(value: Any) -> int:
    """Return a small whole number; 0 for anything else."""
    text = _text(value).strip()[:6]
    return int(text) if text.isascii() and text.isdigit() else 0


def _raw_entry(
    entry: dict[str, Any], version: str, document_url: str, feed: Any, relative_ids: frozenset[str]
) -> RawEntry:
    contents = [_text(content.get("value")) for content in _dicts(entry.get("content"))]
    details = [_dict(entry.get(name)) for name in ("title_detail", "summary_detail")] + _dicts(entry.get("content"))
    languages = [_text(detail.get("language")) for detail in details]
    return RawEntry(
        title=_markup(entry, "title"),
        texts=(_markup(entry, "summary"), *contents),
        # What an empty link leads to is the document itself.
        urls=tuple(url for url in _urls(entry, version, relative_ids) if url != document_url),
        dates=tuple(_dates(entry)),
        pictures=tuple(_pictures(entry)),
        content=next(filter(None, [*contents, _text(entry.get("summary"))]), ""),
        base_url=next((_text(detail["base"]) for detail in details if detail.get("base")), "")
        or document_url
        or _text(feed.get("link")),
        guid=_text(entry.get("id")),
        language=next(filter(None, languages), _text(feed.get("language"))),
        provider=_source_name(entry, version),
    )


def _markup(entry: dict[str, Any], name: str) -> str:
    """Return a value as markup. feedparser says of some that they are none: Atom states it, and RSS lets one guess."""
    value = _text(entry.get(name))
    return as_markup(value) if _dict(entry.get(f"{name}_detail")).get("type") == "text/plain" else value


def _urls(entry: dict[str, Any], version: str, relative_ids: frozenset[str]) -> Iterator[str]:
    """Yield the URLs that may be the entry's own, the best first.

    A guid of RSS 2.0 is a URL unless it says otherwise. One that does may still help where the link is none. A
    relative id is no URL, nor is the link that feedparser makes of it where there is none.
    """
    yield _text(entry.get("feedburner_origlink"))
    link, guid = _text(entry.get("link")), _text(entry.get("id"))
    is_relative = guid in relative_ids
    if not is_relative or link != guid:
        yield link
    for alternate in _dicts(entry.get("links")):
        if alternate.get("rel") == "alternate":
            yield _text(alternate.get("href"))
    if not is_relative and (link or entry.get("guidislink") or version.startswith(("atom", "rss10", "rss090"))):
        yield guid


def _dates(entry: dict[str, Any]) -> Iterator[StatedDate]:
    for name in ("published", "updated", "created"):
        if name in entry:
            text = _text(entry[name])
            yield StatedDate(text=text, instant=checked_date(text, _instant(entry.get(f"{name}_parsed"))))


def _instant(parsed: Any) -> datetime | None:
    if not isinstance(parsed, (struct_time, tuple)):
        return None
    try:
        return datetime.fromtimestamp(timegm(tuple(parsed)), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _pictures(entry: dict[str, Any]) -> Iterator[Picture]:
    media = [content for content in _dicts(entry.get("media_content")) if _is_picture(content, "url")]
    yield from sorted((picture_from(content, "url") for content in media), key=lambda picture: -picture.width)
    for thumbnail in _dicts(entry.get("media_thumbnail")):
        yield picture_from(thumbnail, "url")
    for link in _dicts(entry.get("links")):
        if link.get("rel") == "enclosure" and _is_picture(link, "href"):
            yield picture_from(link, "href")
    image = _dict(entry.get("image"))  # itunes:image
    if image.get("href"):
        yield picture_from(image, "href")


def _is_picture(attributes: dict[str, Any], url_name: str) -> bool:
    content_type, medium = _text(attributes.get("type")), _text(attributes.get("medium"))
    if content_type or medium:
        return content_type.startswith("image/") or medium == "image"
    return _text(attributes.get(url_name)).partition("?")[0].lower().endswith(PICTURE_SUFFIXES)


def _source_name(entry: dict[str, Any], version: str) -> str:
    """Return the outlet that an entry of a search feed names. Atom names a feed there, which is no outlet."""
    source = _dict(entry.get("source"))
    return _text(source.get("title")) if version.startswith("rss") else ""


def _document_warnings(result: Any) -> Iterator[str]:
    error = result.get("bozo_exception")
    if isinstance(error, SAXException):
        yield "The document is not well-formed XML; it was read as far as possible."
    elif isinstance(error, feedparser.CharacterEncodingUnknown):
        yield "The encoding of the document is unknown; some letters may be wrong."


def _text(value: Any) -> str:
    """Return the value if it is text: feedparser makes objects of elements that have attributes."""
    return value if isinstance(value, str) else ""


def _dict(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, dict) else {}


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [dict(item) for item in value if isinstance(item, dict)] if isinstance(value, list) else []
