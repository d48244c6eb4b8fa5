"""What a page says of itself to machines: JSON-LD in the words of schema.org. Pure.

A list is a collection of our pages; the page of a story is a page of ours that mentions other outlets' works. None of
those is ever told as an article of this site.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from django.utils.safestring import SafeString, mark_safe

CONTEXT = "https://schema.org"
# What an outlet's work is, by the type its document states; anything else is some creative work.
TYPES = {"article": "NewsArticle", "": "NewsArticle", "video": "VideoObject"}
# Nothing in a script element may end it, whatever an outlet wrote; the same as Django's json_script.
_ESCAPES = {ord(letter): f"\\u{ord(letter):04X}" for letter in "<>&\u2028\u2029"}


@dataclass(frozen=True)
class Work:
    """Another outlet's report, at its own address."""

    type: str
    headline: str
    address: str
    published_at: datetime
    outlet: str


def collection(address: str, name: str, description: str, pages: Sequence[str]) -> dict[str, Any]:
    """Return what a list says: the addresses of the pages it leads to, in their order."""
    items = [{"@type": "ListItem", "position": place, "url": page} for place, page in enumerate(pages, start=1)]
    main = {"@type": "ItemList", "numberOfItems": len(items), "itemListElement": items}
    return _page("CollectionPage", address, name, description) | {"mainEntity": main}


def story(address: str, name: str, description: str, works: Iterable[Work]) -> dict[str, Any]:
    """Return what the page of a story says: the works that it shows. One without an address can't be named."""
    mentions = [_work(work) for work in works if work.address]
    return _page("WebPage", address, name, description) | {"mentions": mentions}


def script(data: dict[str, Any]) -> SafeString:
    """Return the element that holds `data`. Browsers don't run it, so no policy has to allow it."""
    written = json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)
    return mark_safe(f'<script type="application/ld+json">{written}</script>')  # noqa: S308 - escaped above


def _page(kind: str, address: str, name: str, description: str) -> dict[str, Any]:
    page = {"@context": CONTEXT, "@type": kind, "url": address, "name": name, "description": description}
    return {key: value for key, value in page.items() if value}


def _work(work: Work) -> dict[str, Any]:
    kind = TYPES.get(work.type, "CreativeWork")
    title, date = ("name", "uploadDate") if kind == "VideoObject" else ("headline", "datePublished")
    publisher = {"@type": "Organization", "name": work.outlet}
    return {"@type": kind, title: work.headline, "url": work.address, date: _date(work.published_at)} | {
        "publisher": publisher
    }


def _date(moment: datetime) -> str:
    """Return a time in ISO 8601; midnight UTC means that only the day is known."""
    utc = moment.astimezone(UTC)
    return utc.date().isoformat() if utc.time() == time() else utc.isoformat()
