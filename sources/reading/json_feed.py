"""JSON Feed 1.0 and 1.1 (jsonfeed.org), and what is nearly one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .dates import parse_date
from .text import REPLACEMENT_CHARACTER, SURROGATE_PATTERN, as_markup
from .urls import is_absolute_uri
from .values import ENTRIES_MAX, NotAFeedError, Picture, RawEntry, RawFeed, StatedDate


def looks_like_json(data: bytes) -> bool:
    """Return whether the document begins as a JSON object does, in UTF-8, UTF-16 or UTF-32."""
    start = data[:200].lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")
    return start.startswith(b"{")


def read_json_feed(data: bytes, url: str) -> RawFeed:
    """Return what the feed says. Raises NotAFeedError."""
    feed = _parsed(data)
    items = feed.get("items")
    if not isinstance(items, list) or not isinstance(feed.get("version"), str):
        raise NotAFeedError("is JSON, but no JSON Feed: it needs a version and items")
    objects = [item for item in items if isinstance(item, dict)]
    language = _text(feed.get("language"))
    base_url = url or _text(feed.get("feed_url")) or _text(feed.get("home_page_url"))
    return RawFeed(
        format="json",
        title=_text(feed.get("title")),
        url=_text(feed.get("home_page_url")),
        language=language,
        entries=tuple(_raw_entry(item, base_url, language) for item in objects[:ENTRIES_MAX]),
        entry_count=len(objects),
        warnings=("Some items are no JSON objects; they were left out.",) if len(objects) < len(items) else (),
    )


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data.decode(json.detect_encoding(data), "replace"), strict=False)  # line ends in texts
    except RecursionError:
        raise NotAFeedError("is JSON that is nested too deeply") from None
    except ValueError as error:
        raise NotAFeedError(f"is no valid JSON ({str(error)[:100]})") from None
    return value if isinstance(value, dict) else {}


def _raw_entry(item: dict[str, Any], base_url: str, language: str) -> RawEntry:
    content = _text(item.get("content_html"))
    guid = item.get("id")
    guid = str(guid) if isinstance(guid, (int, float)) and not isinstance(guid, bool) else _text(guid)
    return RawEntry(
        title=as_markup(_text(item.get("title"))),
        texts=(as_markup(_text(item.get("summary"))), as_markup(_text(item.get("content_text"))), content),
        urls=(_text(item.get("url")), _text(item.get("external_url")), guid if is_absolute_uri(guid) else ""),
        dates=tuple(_dates(item)),
        pictures=tuple(_pictures(item)),
        content=content,
        base_url=base_url,
        guid=guid,
        language=_text(item.get("language")) or language,
    )


def _dates(item: dict[str, Any]) -> Iterator[StatedDate]:
    for name in ("date_published", "date_modified"):
        if text := _text(item.get(name)):
            yield StatedDate(text=text, instant=parse_date(text))


def _pictures(item: dict[str, Any]) -> Iterator[Picture]:
    for name in ("image", "banner_image"):
        if url := _text(item.get(name)):
            yield Picture(url=url)
    attachments = item.get("attachments")
    for attachment in attachments if isinstance(attachments, list) else []:
        if isinstance(attachment, dict) and _text(attachment.get("mime_type")).startswith("image/"):
            yield Picture(url=_text(attachment.get("url")))


def _text(value: Any) -> str:
    """Return the value if it is text. JSON can hold half a character, which no other format can."""
    return SURROGATE_PATTERN.sub(REPLACEMENT_CHARACTER, value) if isinstance(value, str) else ""
