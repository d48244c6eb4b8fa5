"""Write feeds as RSS 2.0, Atom and JSON Feed 1.1.

Titles are plain text in all three. Descriptions are HTML in RSS and Atom, so their text is escaped once more: what a
provider wrote never becomes markup in a feed reader.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.utils.encoding import iri_to_uri
from django.utils.feedgenerator import Atom1Feed, Enclosure, Rss201rev2Feed, SyndicationFeed, rfc3339_date
from django.utils.translation import ngettext

from .entries import FeedEntry

EMPTY_FEED_DATE = datetime(1970, 1, 1, tzinfo=UTC)
JSON_VERSION = "https://jsonfeed.org/version/1.1"
JSON_TYPE = "application/feed+json"


@dataclass(frozen=True)
class FeedMetadata:
    """What a feed says about itself.

    `page` is the URL of the list it belongs to, `icon` that of the site's icon; `hub` is empty if there is none.
    """

    title: str
    description: str
    page: str
    url: str
    icon: str
    hub: str = ""


class _WriterMixin(SyndicationFeed):
    """Add links to the hub, to a story's page and to its report under the outlet's headline.

    The date is that of the newest change, so the feed of an unchanged list is unchanged, whenever it is requested.
    """

    link_element: str

    def latest_post_date(self) -> datetime:
        return max((item["updateddate"] for item in self.items), default=EMPTY_FEED_DATE)

    def add_root_elements(self, handler: Any) -> None:
        super().add_root_elements(handler)
        if self.feed["hub"]:
            handler.addQuickElement(self.link_element, None, {"rel": "hub", "href": self.feed["hub"]})

    def item_attributes(self, item: dict[str, Any]) -> dict[str, str]:
        return super().item_attributes(item) | ({"xml:lang": item["lang"]} if item["lang"] else {})

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        if item["link"] != item["page"]:
            handler.addQuickElement(self.link_element, None, {"rel": "related", "href": item["page"]})
        if item["outlets_title"]:
            link = {"rel": "via", "href": item["source"], "title": item["outlets_title"]}
            handler.addQuickElement(self.link_element, None, link)


class RssWriter(_WriterMixin, Rss201rev2Feed):
    link_element = "atom:link"

    def add_root_elements(self, handler: Any) -> None:
        super().add_root_elements(handler)
        handler.startElement("image", {})
        for name, value in (("url", self.feed["icon"]), ("title", self.feed["title"]), ("link", self.feed["link"])):
            handler.addQuickElement(name, value)
        handler.endElement("image")


class AtomWriter(_WriterMixin, Atom1Feed):
    link_element = "link"

    def add_root_elements(self, handler: Any) -> None:
        super().add_root_elements(handler)
        handler.addQuickElement("icon", self.feed["icon"])


def json_feed(metadata: FeedMetadata, entries: Iterable[FeedEntry], *, to_source: bool) -> str:
    """Return the feed as JSON. Its items name both pages, `url` and `external_url`, wherever headlines lead."""
    feed: dict[str, Any] = {
        "version": JSON_VERSION,
        "title": metadata.title,
        "description": metadata.description,
        "home_page_url": iri_to_uri(metadata.page),
        "feed_url": iri_to_uri(metadata.url),
        "icon": metadata.icon,
        "language": settings.LANGUAGE_CODE,
    }
    if metadata.hub:
        feed["hubs"] = [{"type": "WebSub", "url": metadata.hub}]
    feed["items"] = [_json_item(entry) for entry in entries]
    return json.dumps(feed, ensure_ascii=False)


def xml_feed(writer: type[Any], metadata: FeedMetadata, entries: Iterable[FeedEntry], *, to_source: bool) -> str:
    feed = writer(
        title=metadata.title,
        description=metadata.description,
        subtitle=metadata.description,
        link=metadata.page,
        feed_url=metadata.url,
        feed_guid=iri_to_uri(metadata.page),
        language=settings.LANGUAGE_CODE,
        icon=metadata.icon,
        hub=metadata.hub,
    )
    for entry in entries:
        picture = entry.picture
        feed.add_item(
            title=entry.title,
            link=entry.source if to_source and entry.source else entry.page,
            description=html.escape(entry.excerpt, quote=False) + "".join(f"<p>{line}</p>" for line in _outlets(entry)),
            author_name=entry.provider_name,
            author_link=entry.provider_page,
            pubdate=entry.published_at,
            updateddate=entry.modified_at,
            unique_id=entry.page,
            unique_id_is_permalink=True,
            categories=entry.topics,
            enclosures=[Enclosure(picture.url, str(picture.size), picture.type)] if picture else (),
            page=entry.page,
            lang=entry.lang,
            source=iri_to_uri(entry.source),
            outlets_title=entry.outlets_title if entry.source else "",
        )
    return feed.writeString("utf-8")


def _outlets(entry: FeedEntry) -> list[str]:
    """Return the line that says how many outlets report the story; none if only one does."""
    text = ngettext("%(count)d outlet", "%(count)d outlets", entry.outlets) % {"count": entry.outlets}
    return [text] if entry.outlets > 1 else []


def _json_item(entry: FeedEntry) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": entry.page,
        "url": entry.page,
        "title": entry.title,
        "content_text": "\n\n".join([entry.excerpt or entry.title, *_outlets(entry)]),
        "date_published": rfc3339_date(entry.published_at),
        "date_modified": rfc3339_date(entry.modified_at),
        "authors": [{"name": entry.provider_name, "url": entry.provider_page}],
    }
    item["_newsfold"] = {"outlets": entry.outlets}
    if entry.outlets_title:
        item["_newsfold"]["outlets_headline"] = entry.outlets_title
    if entry.source:
        item["external_url"] = iri_to_uri(entry.source)
    if entry.lang:
        item["language"] = entry.lang
    if entry.topics:
        item["tags"] = list(entry.topics)
    if entry.picture:
        picture = entry.picture
        item["image"] = picture.url
        item["attachments"] = [{"url": picture.url, "mime_type": picture.type, "size_in_bytes": picture.size}]
    return item


FORMATS = {
    "rss": (partial(xml_feed, RssWriter), Rss201rev2Feed.content_type),
    "atom": (partial(xml_feed, AtomWriter), Atom1Feed.content_type),
    "json": (json_feed, JSON_TYPE),
}
