"""The shapes of the answers, for their description in OpenAPI. What they mean is told in docs/api.md."""

from __future__ import annotations

from datetime import datetime

from ninja import Schema
from pydantic import ConfigDict, Field


class Strict(Schema):
    model_config = ConfigDict(extra="forbid")


class Image(Strict):
    url: str
    width: int | None
    height: int | None
    title: str | None
    attribution: None
    isCached: bool


class Provider(Strict):
    name: str
    domain: str
    images: list[Image] | None
    publishers: None
    authors: None


class Item(Strict):
    """A published article."""

    path: str = Field(description="The file name of its document, in the folder of the format.")
    title: str
    excerpt: str
    sourceUrl: str | None = Field(description="The address of this item, as API_SOURCE_URL makes it.")
    webUrl: str | None = Field(description="Where to read it; of a video what API_VIDEO_URL makes.")
    originalUrl: str | None
    featuredContent: str | None = Field(description="The player of a video.")
    highlight: None
    heat: int | None = Field(description="How big the event is; null while unscored.")
    tags: list[str] | None
    images: list[Image] | None
    content: str
    type: str
    ampWebUrl: str | None
    cdnAmpWebUrl: str | None
    publishedDateTime: datetime
    updatedDateTime: None
    provider: Provider
    locale: str
    categories: list[str]
    topics: list[str | None]


class Page(Strict):
    """A page of a feed, newest first; ties go to the smallest path."""

    page: int
    value: list[Item]
    nextPage: int | None = Field(description="The number of the next page; null on the last one.")


class Service(Strict):
    name: str
    endpoint: str


class Topic(Strict):
    name: str
    shortname: str
    id: str = Field(description="Its name in addresses: /api/news/<id>/index.json.")
    parent: str = Field(default="", description="The name of the topic above; left out if there is none.")
    images: list[str] = Field(default=[], description="Left out if there are none.")
    services: list[Service]


class Topics(Strict):
    value: list[Topic]


class Problem(Strict):
    """What went wrong: where, what, and what to do."""

    status: int
    where: str
    what: str
    hint: str
