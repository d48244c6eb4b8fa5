"""Recognize the format of a document and read it."""

from __future__ import annotations

import re

from .entries import parse_entries
from .feeds import UNKNOWN_FORMAT, read_xml_feed
from .json_feed import looks_like_json, read_json_feed
from .news_sitemap import read_news_sitemap, root_element
from .page import feeds_named_by
from .repair import repaired
from .values import DOCUMENT_BYTES_MAX, NotAFeedError, ParsedFeed, RawFeed

FEEDS_IN_ERROR = 2
FEED_URL_IN_ERROR_MAX = 100
TOO_LARGE = f"has more than {DOCUMENT_BYTES_MAX // 1_000_000} MB"
# Without one of these, a web page has no feed inside, and feedparser would take seconds to find that out.
_FEED_ELEMENT_PATTERN = re.compile(rb"<(?:[\w.-]{1,40}:)?(?:rss|rdf|feed|channel|item|entry)[\s>]", re.IGNORECASE)


def read_document(data: bytes, url: str = "", content_type: str = "") -> ParsedFeed:
    """Return the feed in `data`, which was fetched from `url`. Raises NotAFeedError."""
    return parse_entries(_read_raw(data, url, content_type))


def _read_raw(data: bytes, url: str, content_type: str) -> RawFeed:
    if len(data) > DOCUMENT_BYTES_MAX:
        raise NotAFeedError(TOO_LARGE)
    if not data.strip():
        raise NotAFeedError("is empty")
    if looks_like_json(data):
        return read_json_feed(data, url)
    data, content_type = repaired(data, content_type)
    root = root_element(data).lower()
    if root == "urlset":
        return read_news_sitemap(data, url)
    if root == "sitemapindex":
        raise NotAFeedError("is a list of sitemaps: follow the news sitemap among them")
    if root == "opml":
        raise NotAFeedError("is OPML, a list of feeds, and no feed itself")
    if root == "html" and not _FEED_ELEMENT_PATTERN.search(data):
        raise _page_error(data, url)
    try:
        feed = read_xml_feed(data, url, content_type)
    except NotAFeedError:
        if b"<html" in data[:2000].lower():
            raise _page_error(data, url) from None
        raise
    if root == "html" and not (feed.entries and feed.format != UNKNOWN_FORMAT):  # some feeds stand inside a page
        raise _page_error(data, url)
    return feed


def _page_error(data: bytes, url: str) -> NotAFeedError:
    """Return an error that names the feeds of the page."""
    urls = [feed.url for feed in feeds_named_by(data, url) if len(feed.url) <= FEED_URL_IN_ERROR_MAX]
    names = f"; it names {' and '.join(urls[:FEEDS_IN_ERROR])}" if urls else ""
    return NotAFeedError(f"is a web page, no feed{names}")
