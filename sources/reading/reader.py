"""Read feeds in a child process, which may crash, hang or run out of memory without harm to this one."""

from __future__ import annotations

import json
import signal
from datetime import UTC, datetime
from typing import IO, Any

from articles.rules.limits import TITLE_MAX, URL_MAX
from articles.rules.values import InvalidValueError, check_url
from sandbox.child import ChildError, ChildProcess, module_command

from .documents import TOO_LARGE
from .values import (
    DOCUMENT_BYTES_MAX,
    ENTRIES_MAX,
    EXCERPT_MAX,
    GUID_MAX,
    LANGUAGE_MAX,
    PROVIDER_MAX,
    WARNING_MAX,
    WARNINGS_MAX,
    NotAFeedError,
    ParsedEntry,
    ParsedFeed,
)

SECONDS = 11.0  # a little more than the process may compute
MAX_PER_PROCESS = 200  # documents
RESPONSE_BYTES_MAX = 8_000_000
COMMAND = module_command("sources.reading.reader_process")


class FeedReader(ChildProcess):
    """A child process that reads one document at a time. Use as a context manager, from one thread at a time."""

    def __init__(self) -> None:
        super().__init__(COMMAND, max_requests=MAX_PER_PROCESS)

    def read(self, data: bytes, url: str = "", content_type: str = "", seconds: float = SECONDS) -> ParsedFeed:
        """Return the feed in `data`, which was fetched from `url`. Raises NotAFeedError."""
        if len(data) > DOCUMENT_BYTES_MAX:
            raise NotAFeedError(TOO_LARGE)
        request = {"size": len(data), "url": url, "content_type": content_type}
        try:
            return self.request(lambda to_child, from_child: _exchange(to_child, from_child, data, request), seconds)
        except ChildError as error:
            raise _crash_error(error) from error


def _exchange(to_child: IO[bytes], from_child: IO[bytes], data: bytes, request: dict[str, Any]) -> ParsedFeed:
    """Send the document and read the response, all of which is validated."""
    to_child.write(json.dumps(request).encode() + b"\n")
    to_child.write(data)
    to_child.flush()
    response = json.loads(from_child.readline(RESPONSE_BYTES_MAX))
    if "error" in response:
        raise NotAFeedError(_line(response["error"], WARNING_MAX))
    feed = response["feed"]
    if len(feed["entries"]) > ENTRIES_MAX:
        raise ValueError("too many entries")
    return ParsedFeed(
        format=_line(feed["format"], 20),
        title=_line(feed["title"], TITLE_MAX),
        url=_url(feed["url"]),
        language=_line(feed["language"], LANGUAGE_MAX),
        entries=tuple(_entry(entry) for entry in feed["entries"]),
        warnings=_warnings(feed["warnings"]),
    )


def _entry(values: dict[str, Any]) -> ParsedEntry:
    published = values["published"]
    return ParsedEntry(
        title=_line(values["title"], TITLE_MAX),
        excerpt=_line(values["excerpt"], EXCERPT_MAX),
        url=_url(values["url"]),
        published=None if published is None else datetime.fromtimestamp(published, UTC),
        provider=_line(values["provider"], PROVIDER_MAX),
        picture=_url(values["picture"]),
        language=_line(values["language"], LANGUAGE_MAX),
        guid=_line(values["guid"], GUID_MAX),
        warnings=_warnings(values["warnings"]),
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
