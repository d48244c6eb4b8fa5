"""Read feeds and pages in a child process, which may crash, hang or run out of memory without harm to this one."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from typing import IO, Any, TypeVar

from articles.rules.languages import stated_language
from articles.rules.limits import LANGUAGE_MAX, TITLE_MAX, URL_MAX
from articles.rules.values import InvalidValueError, check_url
from sandbox.child import ChildError, ChildProcess, module_command

from .documents import TOO_LARGE
from .page import PAGE_BYTES_MAX
from .values import (
    DOCUMENT_BYTES_MAX,
    ENTRIES_MAX,
    EXCERPT_MAX,
    FEED_LINKS_MAX,
    GUID_MAX,
    ORIGIN_MAX,
    PROVIDER_MAX,
    WAIT_MINUTES_MAX,
    WARNING_MAX,
    WARNINGS_MAX,
    FeedLink,
    NotAFeedError,
    PageValue,
    ParsedEntry,
    ParsedFeed,
    ParsedPage,
)

SECONDS = 30.0  # the limit on processor time comes first, unless the machine is overloaded
MAX_PER_PROCESS = 200  # documents
RESPONSE_BYTES_MAX = 8_000_000
COMMAND = module_command("sources.reading.reader_process")

Parsed = TypeVar("Parsed")
Validate = Callable[[dict[str, Any]], Parsed]


class FeedReader(ChildProcess):
    """A child process that reads one document at a time. Use as a context manager, from one thread at a time."""

    def __init__(self) -> None:
        super().__init__(COMMAND, max_requests=MAX_PER_PROCESS)

    def read(self, data: bytes, url: str = "", content_type: str = "", seconds: float = SECONDS) -> ParsedFeed:
        """Return the feed in `data`, which was fetched from `url`. Raises NotAFeedError."""
        if len(data) > DOCUMENT_BYTES_MAX:
            raise NotAFeedError(TOO_LARGE)
        request = {"kind": "feed", "url": url, "content_type": content_type}
        return self._exchange(request, data, lambda response: _feed(response["feed"]), seconds)

    def read_page(self, data: bytes, url: str, charset: str = "", seconds: float = SECONDS) -> ParsedPage:
        """Return what the page that was fetched from `url` says about its story. Raises NotAFeedError."""
        request = {"kind": "page", "url": url, "charset": charset}
        return self._exchange(request, data[:PAGE_BYTES_MAX], lambda response: _page(response["page"]), seconds)

    def _exchange(self, request: dict[str, Any], data: bytes, validate: Validate[Parsed], seconds: float) -> Parsed:
        """Send the document and read the response, all of which is validated."""

        def exchange(to_child: IO[bytes], from_child: IO[bytes]) -> Parsed:
            to_child.write(json.dumps(request | {"size": len(data)}).encode() + b"\n")
            to_child.write(data)
            to_child.flush()
            response = json.loads(from_child.readline(RESPONSE_BYTES_MAX))
            if "error" in response:
                raise NotAFeedError(_line(response["error"], WARNING_MAX))
            return validate(response)

        try:
            return self.request(exchange, seconds)
        except ChildError as error:
            raise _crash_error(error) from error


def _feed(feed: dict[str, Any]) -> ParsedFeed:
    if len(feed["entries"]) > ENTRIES_MAX:
        raise ValueError("too many entries")
    return ParsedFeed(
        format=_line(feed["format"], 20),
        title=_line(feed["title"], TITLE_MAX),
        url=_url(feed["url"]),
        language=stated_language(_line(feed["language"], LANGUAGE_MAX)),
        entries=tuple(_entry(entry) for entry in feed["entries"]),
        wait_minutes=min(max(int(feed["wait_minutes"]), 0), WAIT_MINUTES_MAX),
        warnings=_warnings(feed["warnings"]),
    )


def _page(page: dict[str, Any]) -> ParsedPage:
    if len(page["feeds"]) > FEED_LINKS_MAX:
        raise ValueError("too many feeds")
    return ParsedPage(
        title=_value(page["title"], TITLE_MAX),
        excerpt=_value(page["excerpt"], EXCERPT_MAX),
        url=_url_value(page["url"]),
        published=_value(page["published"], len("2024-05-01T10:30:00Z")),
        picture=_url_value(page["picture"]),
        provider=_value(page["provider"], PROVIDER_MAX),
        language=_value(page["language"], LANGUAGE_MAX),
        feeds=tuple(FeedLink(url=_url(feed["url"]), title=_line(feed["title"], TITLE_MAX)) for feed in page["feeds"]),
    )


def _value(value: dict[str, Any], length_max: int) -> PageValue:
    return PageValue(text=_line(value["text"], length_max), origin=_line(value["origin"], ORIGIN_MAX))


def _url_value(value: dict[str, Any]) -> PageValue:
    return PageValue(text=_url(value["text"]), origin=_line(value["origin"], ORIGIN_MAX))


def _entry(values: dict[str, Any]) -> ParsedEntry:
    published = values["published"]
    return ParsedEntry(
        title=_line(values["title"], TITLE_MAX),
        excerpt=_line(values["excerpt"], EXCERPT_MAX),
        url=_url(values["url"]),
        published=None if published is None else datetime.fromtimestamp(published, UTC),
        provider=_line(values["provider"], PROVIDER_MAX),
        picture=_url(values["picture"]),
        language=stated_language(_line(values["language"], LANGUAGE_MAX)),
        guid=_line(values["guid"], GUID_MAX),
        warnings=_warnings(values["warnings"]),
        lacks_zone=bool(values["lacks_zone"]),
    )


def _line(value: Any, length_max: int) -> str:
    """Return the value if it is one line of text. Raises ValueError."""
    if not isinstance(value, str) or len(value) > length_max or any(char in value for char in "\n\r\t\0"):
        raise ValueError("invalid text")
    return value


def _url(value: Any) -> str:
    url = _line(value, URL_MAX)
    try:
        if url:
            check_url(url)
    except InvalidValueError as error:
        raise ValueError("invalid URL") from error
    return url


def _warnings(values: Any) -> tuple[str, ...]:
    if len(values) > WARNINGS_MAX:
        raise ValueError("too many warnings")
    return tuple(_line(value, WARNING_MAX) for value in values)


def _crash_error(error: ChildError) -> NotAFeedError:
    if error.timed_out or error.signal_number == signal.SIGXCPU:
        return NotAFeedError("takes too long to read")
    return NotAFeedError("made the reader crash")
