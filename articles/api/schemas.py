"""The schemas of the responses, for OpenAPI. docs/api.md explains them."""

from __future__ import annotations

from datetime import datetime

from ninja import Schema
from pydantic import ConfigDict, Field


class StrictSchema(Schema):
    model_config = ConfigDict(extra="forbid")


class Image(StrictSchema):
    url: str
    width: int | None
    height: int | None
    title: str | None
    attribution: str | None
    isCached: bool


class Provider(StrictSchema):
    name: str
    domain: str
    images: list[Image] | None
    publishers: None
    authors: None


class Item(StrictSchema):
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


class Page(StrictSchema):
    """A page of a feed, newest first; ties go to the smallest path."""

    page: int
    value: list[Item]
    nextPage: int | None = Field(description="The number of the next page; null on the last one.")


class Service(StrictSchema):
    name: str
    endpoint: str


class Topic(StrictSchema):
    name: str
    shortname: str
    id: str = Field(description="Its name in addresses: /api/news/<id>/index.json.")
    parent: str = Field(default="", description="The name of the topic above; left out if there is none.")
    images: list[str] = Field(default=[], description="Left out if there are none.")
    services: list[Service]


class Topics(StrictSchema):
    value: list[Topic]


class Change(StrictSchema):
    """An article that is published, with its item, or one that was withdrawn, without."""

    name: str = Field(description="The name of its document: /api/news/<name>/index.json.")
    withdrawn: bool
    at: datetime | None = Field(description="When it changed; null on the first walk over everything.")
    item: Item | None = Field(default=None, description="Left out of what was withdrawn.")


class Changes(StrictSchema):
    changes: list[Change]
    next: str = Field(description="What to send as `since` the next time.")
    more: bool = Field(description="Whether to ask again at once.")


class ChangesAsked(Schema):
    since: str = Field(default="", max_length=1000, description="The `next` of an earlier answer; at first none.")
    limit: int = Field(default=100, ge=1, le=500, description="How many changes to tell at most.")


class Problem(StrictSchema):
    """What went wrong: where, what, and what to do."""

    status: int
    where: str
    what: str
    hint: str
