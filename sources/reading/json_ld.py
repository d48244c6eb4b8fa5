"""The article that a page describes in JSON-LD, in the words of schema.org."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

NODES_MAX = 500
# Article and the types below it that sites use.
ARTICLE_TYPES = frozenset(
    {
        "AdvertiserContentArticle",
        "AnalysisNewsArticle",
        "Article",
        "AskPublicNewsArticle",
        "BackgroundNewsArticle",
        "BlogPosting",
        "LiveBlogPosting",
        "NewsArticle",
        "OpinionNewsArticle",
        "Report",
        "ReportageNewsArticle",
        "ReviewNewsArticle",
        "SatiricalArticle",
        "ScholarlyArticle",
        "SocialMediaPosting",
        "TechArticle",
    }
)


def article_in(scripts: Iterable[str]) -> dict[str, Any]:
    """Return the first article that the scripts describe, or nothing. Scripts that are no JSON are skipped."""
    for script in scripts:
        try:
            value = json.loads(script, strict=False)
        except (ValueError, RecursionError):
            continue
        for node in _nodes(value):
            types = node.get("@type")
            if ARTICLE_TYPES.intersection(name for name in _list(types) if isinstance(name, str)):
                return node
    return {}


def text_of(value: Any, name: str) -> str:
    """Return the text of a value, or its property `name` if it is an object; of a list that of its first item."""
    first = next(iter(_list(value)), None)
    if isinstance(first, dict):
        first = next(iter(_list(first.get(name))), None)
    return first if isinstance(first, str) else ""


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the objects at the top, in lists, in graphs and those that a page is about."""
    queue = [value]
    for _ in range(NODES_MAX):
        if not queue:
            return
        node = queue.pop(0)
        if isinstance(node, list):
            queue += node[:NODES_MAX]
        elif isinstance(node, dict):
            yield node
            queue += [node[name] for name in ("@graph", "mainEntity", "mainEntityOfPage") if name in node]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
