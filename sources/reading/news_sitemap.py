"""Google News sitemaps: the stories of the last two days, with title, date and outlet, but without text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from xml.parsers import expat

from .dates import parse_date
from .text import as_markup
from .values import ENTRIES_MAX, NotAFeedError, Picture, RawEntry, RawFeed, StatedDate

NESTING_MAX = 20
VALUE_MAX = 10_000  # characters of an element
ROOT_BYTES = 65_536  # at the start of a document, where the root element is looked for
_SEPARATOR = "\n"  # between namespace and name; no namespace contains it


class _StopError(Exception):
    """The document was read as far as needed."""


@dataclass
class _Reader:
    """Collect the values of each `url` element, under the path of their elements' names."""

    path: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    entries: list[dict[str, str]] = field(default_factory=list)
    entry_count: int = 0
    text: list[str] = field(default_factory=list)
    text_length: int = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self.path) >= NESTING_MAX:
            raise NotAFeedError(f"is XML that is nested more than {NESTING_MAX} levels deep")
        self.path.append(_local_name(name))
        self.text, self.text_length = [], 0
        if len(self.path) == 2:
            self.values = {}

    def data(self, text: str) -> None:
        if self.text_length < VALUE_MAX:
            self.text.append(text)
            self.text_length += len(text)

    def end(self, name: str) -> None:
        if len(self.path) > 2:
            self.values.setdefault("/".join(self.path[2:]), "".join(self.text)[:VALUE_MAX].strip())
        elif len(self.path) == 2 and self.path[1] == "url":
            self.entry_count += 1
            if len(self.entries) < ENTRIES_MAX:
                self.entries.append(self.values)
        self.path.pop()
        self.text, self.text_length = [], 0


def root_element(data: bytes) -> str:
    """Return the name of the root element without its namespace, or nothing if the document isn't XML."""
    names: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        names.append(_local_name(name))
        raise _StopError

    parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
    parser.StartElementHandler = start
    with suppress(_StopError, expat.ExpatError, ValueError, LookupError):
        parser.Parse(data[:ROOT_BYTES].lstrip(), False)
    return names[0] if names else ""


def read_news_sitemap(data: bytes, url: str) -> RawFeed:
    """Return what the sitemap says. Raises NotAFeedError."""
    reader = _Reader()
    parser = _parser()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.data
    warnings = []
    try:
        parser.Parse(data.lstrip(), True)
    except (expat.ExpatError, ValueError, LookupError):
        warnings = ["The document is not well-formed XML; it was read up to the first error."]
    stories = [values for values in reader.entries if any(name.startswith("news/") for name in values)]
    if reader.entries and not stories:
        raise NotAFeedError("is a sitemap without news: it lists pages, but not their titles and dates")
    return RawFeed(
        format="sitemap",
        entries=tuple(_raw_entry(values, url) for values in stories),
        entry_count=reader.entry_count - len(reader.entries) + len(stories),
        title=next((values.get("news/publication/name", "") for values in stories), ""),
        language=next((values.get("news/publication/language", "") for values in stories), ""),
        warnings=tuple(warnings),
    )


def _raw_entry(values: dict[str, str], url: str) -> RawEntry:
    return RawEntry(
        title=as_markup(values.get("news/title", "")),
        urls=(values.get("loc", ""),),
        dates=tuple(_dates(values)),
        pictures=(Picture(url=values["image/loc"]),) if values.get("image/loc") else (),
        base_url=url,
        guid=values.get("loc", ""),
        language=values.get("news/publication/language", ""),
        provider=values.get("news/publication/name", ""),
    )


def _dates(values: dict[str, str]) -> Iterator[StatedDate]:
    for name in ("news/publication_date", "lastmod"):
        if text := values.get(name):
            yield StatedDate(text=text, instant=parse_date(text))


def _parser() -> expat.XMLParserType:
    """Return a parser that refuses documents which define entities: they are bombs, or read other files."""

    def refuse(*_: object) -> None:
        raise NotAFeedError("defines entities, which sitemaps don't need and attacks do")

    parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
    parser.EntityDeclHandler = refuse
    return parser


def _local_name(name: str) -> str:
    return name.rpartition(_SEPARATOR)[2]
