"""Which related links, as rows or in the values of the audit log, hold the words of one story."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .urls import url_key


@dataclass(frozen=True, kw_only=True)
class StoryTraces:
    """What tells a story's own words from those of others: its keys, its pages and, where a link has none, its titles.

    `ids` are all keys that the article has had, `urls` its URLs as written, `titles` those that it has had.
    """

    ids: frozenset[int]
    urls: frozenset[str]
    titles: frozenset[str]

    @property
    def url_keys(self) -> frozenset[str]:
        """The digests of its pages."""
        return frozenset(key for url in self.urls if (key := url_key(url)))

    @property
    def url_parts(self) -> list[str]:
        """Parts that links to its pages contain, however they are written; to look them up in a table."""
        parts = []
        for url in self.urls:
            split = urlsplit(url)
            path = split.path.rstrip("/")
            parts.append(path if len(path) > 1 else split.netloc.removeprefix("www."))
        return [part for part in parts if part]

    def is_its_report(self, link: Mapping[str, Any], url_keys: frozenset[str]) -> bool:
        """Return whether a related link is a report of the story. `url_keys` are those of this object.

        A link to another article of the same page belongs to that article.
        """
        target, url = link.get("target_id"), link.get("web_url")
        if target is not None:
            return target in self.ids
        return url_key(url) in url_keys if url else link.get("title") in self.titles


def without_reports(value: Any, traces: StoryTraces) -> Any:
    """Return a value of the audit log (a list of related links, or the snapshot of an article) without such links."""
    keys = traces.url_keys
    if isinstance(value, list):
        return [link for link in value if not (_is_link(link) and traces.is_its_report(link, keys))]
    if isinstance(value, dict) and "related" in value.get("lists", {}):
        related = without_reports(value["lists"]["related"], traces)
        return value | {"lists": value["lists"] | {"related": related}}
    return value


def _is_link(value: Any) -> bool:
    return isinstance(value, dict) and "title" in value and "web_url" in value
