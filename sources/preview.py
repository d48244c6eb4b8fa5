"""Fetch a feed once to see what following it would bring. Stores nothing."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

from django.utils.translation import gettext as _

from fetching.client import FetchError, HttpClient

from .reading.reader import FeedReader
from .reading.urls import host_of
from .reading.values import FeedLink, NotAFeedError, ParsedFeed, ParsedPage

WEB_PAGE_TYPES = frozenset(
    {"", "text/html", "application/xhtml+xml", "text/plain", "text/xml", "application/xml", "application/octet-stream"}
)
PDF = "application/pdf"
SECONDS = 8.0  # to read the document, and as much to fetch it: somebody waits


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What is at a URL: a feed, or a page that names `feeds`, or nothing for the `reason`: "it ..."."""

    url: str
    feed: ParsedFeed | None = None
    feeds: tuple[FeedLink, ...] = ()
    reason: str = ""

    @property
    def hosts(self) -> list[str]:
        """The hosts of the entries, the most frequent first."""
        entries = self.feed.entries if self.feed else ()
        counts = Counter(host_of(entry.url) for entry in entries if entry.url)
        return [host for host, _ in counts.most_common()]


@dataclass(frozen=True, kw_only=True)
class PagePreview:
    """What a page says about its story; `page` is None if it can't be read, for the `reason`: "it ..."."""

    url: str
    page: ParsedPage | None = None
    is_feed: bool = False
    reason: str = ""


def preview_page(url: str, client: HttpClient) -> PagePreview:
    """Return what the page at the URL says about its story."""
    try:
        response = client.request(url)
    except FetchError as error:
        return PagePreview(url=url, reason=str(error))
    content_type = response.headers.get("Content-Type", "")
    charset = content_type.lower().partition("charset=")[2].partition(";")[0].strip(" \"'")
    with FeedReader() as reader:
        with suppress(NotAFeedError):
            reader.read(response.body, response.url, content_type, SECONDS)
            return PagePreview(url=url, is_feed=True, reason=_("is a feed, not a story"))
        if reason := _why_no_page(content_type, response.body):
            return PagePreview(url=url, reason=reason)
        try:
            return PagePreview(url=url, page=reader.read_page(response.body, response.url, charset, SECONDS))
        except NotAFeedError as error:
            return PagePreview(url=url, reason=_("sends a document that %(error)s") % {"error": error})


def _why_no_page(content_type: str, body: bytes) -> str:
    """Return why the document is no web page; nothing if it may be one."""
    if not body.strip():
        return _("sends an empty document")
    media_type = PDF if body.startswith(b"%PDF-") else content_type.partition(";")[0].strip().lower()
    return "" if media_type in WEB_PAGE_TYPES else _("is no web page (%(type)s)") % {"type": media_type[:100]}


def preview_source(url: str, client: HttpClient) -> Preview:
    try:
        response = client.request(url)
    except FetchError as error:
        return Preview(url=url, reason=str(error))
    content_type = response.headers.get("Content-Type", "")
    with FeedReader() as reader:
        try:
            return Preview(url=url, feed=reader.read(response.body, response.url, content_type, SECONDS))
        except NotAFeedError as error:
            reason = _("sends a document that %(error)s") % {"error": error}
        try:
            feeds = reader.read_page(response.body, response.url, seconds=SECONDS).feeds
        except NotAFeedError:
            feeds = ()
    return Preview(url=url, feeds=feeds, reason=reason)
