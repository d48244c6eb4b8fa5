"""JSON-LD in the vocabulary of schema.org.

A list is a collection of our pages; the page of a story is a page of this site that mentions the providers' works, by
their own headlines. None of those is ever presented as an article of this site.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from .story_page import StoryLink, StoryView
from .text import http_url, unescape

CONTEXT = "https://schema.org"
TYPES = {"article": "NewsArticle", "": "NewsArticle", "video": "VideoObject"}  # by the type that a document states
# Nothing in a script element may end it, whatever a provider wrote; the same as Django's json_script.
_ESCAPES = {ord(letter): f"\\u{ord(letter):04X}" for letter in "<>&\u2028\u2029"}


def collection(url: str, name: str, description: str, pages: Sequence[str]) -> dict[str, Any]:
    """Describe a list by the URLs of the pages that it links to, in their order."""
    items = [{"@type": "ListItem", "position": place, "url": page} for place, page in enumerate(pages, start=1)]
    main = {"@type": "ItemList", "numberOfItems": len(items), "itemListElement": items}
    return _page("CollectionPage", url, name, description) | {"mainEntity": main}


def story(url: str, description: str, lead: StoryView, coverage: Iterable[StoryLink]) -> dict[str, Any]:
    """Describe the page of a story by the reports that it shows; those without a web URL are left out.

    A headline that an editor wrote is the page's own, and the page is based on the outlet's report.
    """
    page = _page("WebPage", url, unescape(lead.title), description)
    report = _work(lead, lead.outlets_title or lead.title)
    if lead.outlets_title:
        page |= {"headline": page["name"]} | ({"isBasedOn": report} if report["url"] else {})
    works = [report, *(_work(item, item.title) for item in coverage)]
    return page | {"mentions": [work for work in works if work["url"]]}


def website(url: str, name: str) -> dict[str, Any]:
    """Describe the site, as what its pages are part of."""
    return {"@type": "WebSite", "url": url, "name": name}


def script_tag(data: dict[str, Any]) -> SafeString:
    """Return the element that holds `data`. Browsers don't run it, so no policy has to allow it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)
    return mark_safe(f'<script type="application/ld+json">{text}</script>')  # noqa: S308 - escaped above


def _page(kind: str, url: str, name: str, description: str) -> dict[str, Any]:
    page = {"@context": CONTEXT, "@type": kind, "url": url, "name": name, "description": description}
    return {key: value for key, value in page.items() if value}


def _work(item: StoryView | StoryLink, headline: str) -> dict[str, Any]:
    kind = TYPES.get(item.type, "CreativeWork")
    title, date = ("name", "uploadDate") if kind == "VideoObject" else ("headline", "datePublished")
    work = {
        "@type": kind,
        title: unescape(headline),
        "url": http_url(item.source_url),
        date: _date(item.published_at),
        "publisher": {"@type": "Organization", "name": item.provider_name},
    }
    return work | ({"inLanguage": item.lang} if item.lang else {})


def _date(moment: datetime) -> str:
    """Return a time in ISO 8601; midnight UTC means that only the day is known."""
    utc = moment.astimezone(UTC)
    return utc.date().isoformat() if utc.time() == time() else utc.isoformat()
