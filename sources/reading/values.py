"""What a document says (`RawFeed`), and what would be taken of it (`ParsedFeed`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from articles.rules.limits import URL_MAX

DOCUMENT_BYTES_MAX = 16_000_000
ENTRIES_MAX = 500  # of a document
MARKUP_MAX = 20_000  # characters of a value that text is made of
EXCERPT_MAX = 500
GUID_MAX = URL_MAX
PROVIDER_MAX = 200
WARNINGS_MAX = 20
FEED_LINKS_MAX = 20
ORIGIN_MAX = 50
WARNING_MAX = 300
WAIT_MINUTES_MAX = 366 * 24 * 60


class NotAFeedError(Exception):
    """Nothing can be read; the message completes the sentence "the document ..."."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture that an entry names. Sizes are 0 where none is stated."""

    url: str
    width: int = 0
    height: int = 0


@dataclass(frozen=True, kw_only=True)
class StatedDate:
    """A date as the document states it, and its instant in UTC, or None if it can't be read."""

    text: str
    instant: datetime | None


@dataclass(frozen=True, kw_only=True)
class RawEntry:
    """An entry as its document states it: markup, relative URLs and all. The best candidates come first."""

    title: str = ""
    texts: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    dates: tuple[StatedDate, ...] = ()
    pictures: tuple[Picture, ...] = ()
    content: str = ""  # markup whose pictures are candidates after `pictures`
    base_url: str = ""
    guid: str = ""
    language: str = ""
    provider: str = ""


@dataclass(frozen=True, kw_only=True)
class RawFeed:
    """A document as it is. `entry_count` counts also the entries after the first ENTRIES_MAX."""

    format: str
    entries: tuple[RawEntry, ...]
    entry_count: int
    title: str = ""
    url: str = ""  # the page that the feed belongs to
    language: str = ""
    wait_minutes: int = 0  # how long nothing new is to be expected, as the document states it
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ParsedEntry:
    """An entry as it would be taken. It is refused if it has no title or no URL; a warning says so."""

    title: str
    excerpt: str
    url: str
    published: datetime | None  # in UTC, without fractions
    provider: str
    picture: str
    language: str
    guid: str
    warnings: tuple[str, ...] = ()
    lacks_zone: bool = False  # the date was read as UTC, because it states no time zone


@dataclass(frozen=True, kw_only=True)
class PageValue:
    """A value of a page, and where it stands there."""

    text: str = ""
    origin: str = ""


@dataclass(frozen=True, kw_only=True)
class FeedLink:
    """A feed that a page names."""

    url: str
    title: str


@dataclass(frozen=True, kw_only=True)
class ParsedPage:
    """What a page says about its story."""

    title: PageValue
    excerpt: PageValue
    url: PageValue
    published: PageValue  # as ISO_FORMAT
    picture: PageValue
    provider: PageValue
    language: PageValue
    feeds: tuple[FeedLink, ...]


@dataclass(frozen=True, kw_only=True)
class ParsedFeed:
    """A document as it would be taken."""

    format: str
    title: str
    url: str
    language: str
    entries: tuple[ParsedEntry, ...] = field(default=())
    wait_minutes: int = 0
    warnings: tuple[str, ...] = ()
