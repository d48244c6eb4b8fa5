"""Represent a story document and the registry entries as values, and what is wrong with a file. No I/O.

`extra` holds the keys that Newsfold doesn't know, as [key, value] pairs in order (see `values.encode_unknown`).
`layout` records where a mapping differs from the rules (see `layout.py`); it is empty for canonical documents.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Extra = list[list[Any]]
Layout = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a file, and where; `line` counts from 1, 0 means the file as a whole."""

    source: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.source}:{self.line}: {self.message}" if self.line else f"{self.source}: {self.message}"


class DocumentError(Exception):
    """The document can't be imported; `problems` holds at least one reason."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(slots=True, kw_only=True)
class Record:
    """A mapping of a file."""

    extra: Extra = field(default_factory=list)
    layout: Layout = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Image(Record):
    url: str
    width: int | None = None
    height: int | None = None
    is_cached: bool | None = None
    title: str = ""
    attribution: str = ""


@dataclass(slots=True, kw_only=True)
class ProviderData(Record):
    """A provider as one document names it."""

    name: str
    domain: str
    images: list[Image] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Related(Record):
    """A related link. Empty text and None mean that the mapping has no such key, in documents too."""

    title: str
    published_at: datetime
    provider: ProviderData
    excerpt: str = ""
    web_url: str = ""
    amp_url: str = ""
    cdn_amp_url: str = ""
    type: str = ""
    quality: int | None = None
    images: list[Image] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Document(Related):
    """One story: it has all that a link to another outlet's article has, and more."""

    topics: list[str] = field(default_factory=list)
    name: str = ""
    dialect: str = "D5"
    category: str = ""
    original_url: str = ""
    heat: int | None = None
    published: bool | None = None
    removed: bool | None = None
    language: str | None = None
    featured_content: str = ""
    tags: list[str] = field(default_factory=list)
    related: list[Related] = field(default_factory=list)
    secured: str = ""
    body: str = ""
    content_hash: str = ""


@dataclass(slots=True, kw_only=True)
class TopicEntry(Record):
    """An entry of the topic registry. `file_name` is its file's, which orders the topics."""

    slug: str
    name: str
    taxonomy: str = "topic"
    shortname: str = ""
    parent: str = ""
    keywords: list[str] = field(default_factory=list)
    hashtags: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    services: list[list[str]] = field(default_factory=list)
    file_name: str = ""


@dataclass(slots=True, kw_only=True)
class OrganizationEntry(Record):
    """An entry of the organisation registry."""

    name: str
    domain: str
    taxonomy: str = "organization"
    registry_id: str = ""
    images: list[Image] = field(default_factory=list)
    language: str | None = None
    country: str | None = None
    file_name: str = ""


Entry = TopicEntry | OrganizationEntry
