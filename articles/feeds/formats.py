"""How a feed is written: RSS 2.0, Atom, JSON Feed 1.1. Pure: from entries to text.

Titles are plain text in all three. Descriptions are HTML in RSS and Atom, so text is escaped once more there: what an
outlet wrote never becomes markup in a feed reader.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.encoding import iri_to_uri
from django.utils.feedgenerator import Atom1Feed, Enclosure, Rss201rev2Feed, rfc3339_date

from .entries import Entry

LANGUAGE = "en"
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)  # of a feed in which nothing has stood yet
JSON_VERSION = "https://jsonfeed.org/version/1.1"
JSON_TYPE = "application/feed+json"


@dataclass(frozen=True)
class Channel:
    """What a feed says of itself. `page` is the list it belongs to, `address` its own; `hub` is empty without one."""

    title: str
    description: str
    page: str
    address: str
    hub: str = ""


class _Dated:
    """A feed is as new as its newest change, not as the request for it: an unchanged feed comes out unchanged."""

    def latest_post_date(self):
        return max((item["updateddate"] for item in self.items), default=BEGINNING)


class RssWriter(_Dated, Rss201rev2Feed):
    def add_root_elements(self, handler):
        super().add_root_elements(handler)
        if self.feed["hub"]:
            handler.addQuickElement("atom:link", None, {"rel": "hub", "href": self.feed["hub"]})

    def add_item_elements(self, handler, item):
        super().add_item_elements(handler, item)
        if item["link"] != item["page"]:
            handler.addQuickElement("atom:link", None, {"rel": "related", "href": item["page"]})


class AtomWriter(_Dated, Atom1Feed):
    def add_root_elements(self, handler):
        super().add_root_elements(handler)
        if self.feed["hub"]:
            handler.addQuickElement("link", None, {"rel": "hub", "href": self.feed["hub"]})

    def add_item_elements(self, handler, item):
        super().add_item_elements(handler, item)
        if item["link"] != item["page"]:
            handler.addQuickElement("link", None, {"rel": "related", "href": item["page"]})


def rss(channel: Channel, entries: Iterable[Entry], *, to_source: bool) -> str:
    return _write(RssWriter, channel, entries, to_source)


def atom(channel: Channel, entries: Iterable[Entry], *, to_source: bool) -> str:
    return _write(AtomWriter, channel, entries, to_source)


def json_feed(channel: Channel, entries: Iterable[Entry], *, to_source: bool) -> str:
    """Return the feed as JSON. Its `url` and `external_url` name both pages, wherever headlines lead."""
    feed: dict[str, Any] = {
        "version": JSON_VERSION,
        "title": channel.title,
        "description": channel.description,
        "home_page_url": iri_to_uri(channel.page),
        "feed_url": iri_to_uri(channel.address),
        "language": LANGUAGE,
    }
    if channel.hub:
        feed["hubs"] = [{"type": "WebSub", "url": channel.hub}]
    feed["items"] = [_json_item(entry) for entry in entries]
    return json.dumps(feed, ensure_ascii=False)


def _write(writer: type[Any], channel: Channel, entries: Iterable[Entry], to_source: bool) -> str:
    feed = writer(
        title=channel.title,
        description=channel.description,
        subtitle=channel.description,
        link=channel.page,
        feed_url=channel.address,
        feed_guid=iri_to_uri(channel.page),
        language=LANGUAGE,
        hub=channel.hub,
    )
    for entry in entries:
        picture = entry.picture
        feed.add_item(
            title=entry.title,
            link=_target(entry, to_source),
            description=html.escape(entry.excerpt, quote=False),
            author_name=entry.outlet,
            author_link=entry.outlet_page,
            pubdate=entry.published_at,
            updateddate=entry.modified_at,
            unique_id=entry.page,
            unique_id_is_permalink=True,
            categories=entry.topics,
            enclosures=[Enclosure(picture.address, str(picture.size), picture.type)] if picture else (),
            page=entry.page,
        )
    return feed.writeString("utf-8")


def _target(entry: Entry, to_source: bool) -> str:
    return entry.source if to_source and entry.source else entry.page


def _json_item(entry: Entry) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": entry.page,
        "url": entry.page,
        "title": entry.title,
        "content_text": entry.excerpt or entry.title,
        "date_published": rfc3339_date(entry.published_at),
        "date_modified": rfc3339_date(entry.modified_at),
        "authors": [{"name": entry.outlet, "url": entry.outlet_page}],
    }
    if entry.source:
        item["external_url"] = iri_to_uri(entry.source)
    if entry.topics:
        item["tags"] = list(entry.topics)
    if entry.picture:
        picture = entry.picture
        item["image"] = picture.address
        item["attachments"] = [{"url": picture.address, "mime_type": picture.type, "size_in_bytes": picture.size}]
    return item


FORMATS = {
    "rss": (rss, Rss201rev2Feed.content_type),
    "atom": (atom, Atom1Feed.content_type),
    "json": (json_feed, JSON_TYPE),
}
