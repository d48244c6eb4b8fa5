"""Articles and topics as the JSON API writes them.

docs/api.md#items describes them. The output equals the static files of this format byte for byte, so the order of keys
matters. `related`, `quality`, `secured` and `published` are in no response.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple

from articles.public.video import is_player

API_EDITIONS = {"2021": "\r\n", "2024": ""}  # the `content` of items on this format's sites in those years
NULLS = ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True)
class ApiEdition:
    """How a site writes its items: times in `zone` (None: UTC with a Z), URLs by templates with {name}."""

    content: str = ""
    zone: tzinfo | None = None
    source_url: str = ""
    video_url: str = ""


class ImageRow(NamedTuple):
    url: str
    width: int | None
    height: int | None
    is_cached: bool | None
    title: str
    attribution: str


class ArticleRow(NamedTuple):
    """What an item is made from. The first columns are those of `queries.COLUMNS`."""

    pk: int
    name: str
    title: str
    excerpt: str
    published_at: datetime
    original_url: str
    web_url: str
    amp_url: str
    cdn_amp_url: str
    featured_content: str
    type: str
    heat: int | None
    tags: list[str]
    category: str
    layout: dict[str, Any]
    provider_name: str
    provider_domain: str
    topics: Sequence[str] = ()
    pictures: Sequence[ImageRow] = ()
    logos: Sequence[ImageRow] = ()


def item(row: ArticleRow, edition: ApiEdition) -> dict[str, Any]:
    """Return an article's item: every key is always there, in this order.

    An embedded player is shown only if it is the one that documents of this format carry; no other HTML gets out.
    """
    return {
        "path": f"_news/{row.name}.md",
        "title": row.title,
        "excerpt": row.excerpt,
        "sourceUrl": _fill_template(edition.source_url, row.name),
        "webUrl": row.web_url or (_fill_template(edition.video_url, row.name) if row.type == "video" else None),
        "originalUrl": row.original_url or None,
        "featuredContent": row.featured_content if is_player(row.featured_content) else None,
        "highlight": None,
        "heat": row.heat,
        "tags": row.tags or None,
        "images": [_image(image, bool(image.is_cached)) for image in row.pictures] or None,
        "content": edition.content,
        "type": row.type,
        "ampWebUrl": row.amp_url or None,
        "cdnAmpWebUrl": row.cdn_amp_url or None,
        "publishedDateTime": format_time(row.published_at, edition.zone),
        "updatedDateTime": None,
        "provider": {
            "name": row.provider_name,
            "domain": row.provider_domain,
            "images": [_image(logo, False) for logo in row.logos] or None,
            "publishers": None,
            "authors": None,
        },
        "locale": "en-us",
        "categories": [row.category or "news"],
        "topics": _topics(row),
    }


def page(number: int, items: Sequence[dict[str, Any]], *, has_next: bool) -> dict[str, Any]:
    return {"page": number, "value": items, "nextPage": number + 1 if has_next else None}


class TopicRow(NamedTuple):
    name: str
    shortname: str
    slug: str
    parent: str | None
    images: list[str]
    services: list[tuple[str, str]]


def topics(rows: Sequence[TopicRow]) -> dict[str, Any]:
    """Return the registry of topics; `parent` and `images` are left out where there are none."""
    return {"value": [_topic(row) for row in rows]}


def dump_list(value: Any) -> bytes:
    """Return JSON as in the static files of lists: two spaces of indent, no unnecessary escapes, no final newline."""
    return json.dumps(value, indent=2, ensure_ascii=False).encode()


def dump_document(value: Any) -> bytes:
    """Return JSON as in the static files of single documents: without white space."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def format_time(moment: datetime, zone: tzinfo | None = None) -> str:
    """Return a time to the second: in `zone` with its offset, or in UTC with a Z."""
    if zone is not None:
        return moment.astimezone(zone).isoformat(timespec="seconds")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _fill_template(template: str, name: str) -> str | None:
    return template.replace("{name}", name) if template else None


def _image(image: ImageRow, is_cached: bool) -> dict[str, Any]:
    return {
        "url": image.url,
        "width": image.width,
        "height": image.height,
        "title": image.title or None,
        "attribution": image.attribution or None,
        "isCached": is_cached,
    }


def _topics(row: ArticleRow) -> list[str | None]:
    """Return the topics, with a null for each empty item of the document if its list was not edited."""
    as_written = row.layout.get("items", {}).get("topics") if row.layout else None
    if as_written is None:
        return list(row.topics)
    texts = [text if isinstance(text, str) else text.get("plain", text.get("single", "")) for text in as_written]
    names = [None if text in NULLS else text for text in texts]
    return names if [name for name in names if name is not None] == list(row.topics) else list(row.topics)


def _topic(row: TopicRow) -> dict[str, Any]:
    topic: dict[str, Any] = {"name": row.name, "shortname": row.shortname or row.name, "id": row.slug}
    if row.parent:
        topic["parent"] = row.parent
    if row.images:
        topic["images"] = row.images
    return topic | {"services": [{"name": name, "endpoint": url} for name, url in row.services]}
