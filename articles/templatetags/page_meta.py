"""Metadata in the head of a page: description, canonical URL, OpenGraph, robots, JSON-LD.

The tags need the request in their context.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString

from articles.public import structured_data
from articles.public.cards import Card, Day
from articles.public.front_page import FrontPage
from articles.public.media import Copy, media_address
from articles.public.pagination import Page
from articles.public.providers import Listed
from articles.public.seo import is_indexed
from articles.public.site_url import site_address
from articles.public.story_page import Coverage, Told
from articles.public.structured_data import Work
from articles.public.text import http_url, truncate_words, unescape
from articles.public.topic_tree import Branch

Listing = Page | FrontPage
DESCRIPTION = 155  # characters that search engines show

register = template.Library()


@register.inclusion_tag("articles/_page_meta.html", takes_context=True)
def page_meta(
    context: dict[str, Any],
    title: str,
    description: str,
    page: Listing | None = None,
    picture: Copy | None = None,
) -> dict[str, Any]:
    """Describe a page to search engines and social networks; `page` is the part of a list, `picture` our own copy."""
    site = site_address(context["request"])
    return {
        "title": unescape(title),
        "description": truncate_words(description, DESCRIPTION),
        "canonical": _canonical(context, page),
        "site_name": settings.SITE_NAME,
        "picture": picture,
        "picture_url": site + media_address(picture.file) if picture else "",
        "robots": context.get("robots", ""),
    }


@register.simple_tag(takes_context=True)
def site_url(context: dict[str, Any]) -> str:
    return site_address(context["request"])


@register.simple_tag
def story_robots(story: Told, coverage: Sequence[Coverage]) -> str:
    """Return the robots directive of a story's page; an empty string allows everything."""
    return "" if is_indexed(story.outlet, (item.outlet for item in coverage)) else "noindex,follow"


@register.simple_tag(takes_context=True)
def list_json_ld(
    context: dict[str, Any], title: str, description: str, paths: Iterable[str], page: Listing | None = None
) -> SafeString:
    """Describe a list and the pages that it links to, whose paths are `paths`."""
    site = site_address(context["request"])
    data = structured_data.collection(_canonical(context, page), title, description, [site + path for path in paths])
    return structured_data.script(data)


@register.simple_tag(takes_context=True)
def story_json_ld(context: dict[str, Any], story: Told, coverage: Sequence[Coverage]) -> SafeString:
    """Describe what the page of a story shows: the outlet's report and the coverage."""
    works = [_work(story, story.source_url), *(_work(item, item.address) for item in coverage)]
    description = truncate_words(story.excerpt, DESCRIPTION)
    return structured_data.script(structured_data.story(_canonical(context), unescape(story.title), description, works))


@register.simple_tag
def story_paths(*groups: Card | Iterable[Card | Day] | None) -> list[str]:
    """Return the paths of the stories in cards, lists of cards and lists of days."""
    items = [item for group in groups if group for item in ([group] if isinstance(group, Card) else group)]
    cards = [card for item in items for card in ([item] if isinstance(item, Card) else item.cards)]
    return [card.address for card in cards]


@register.filter
def topic_paths(branches: Iterable[Branch]) -> list[str]:
    return [branch.topic.address for branch in branches]


@register.filter
def provider_paths(outlets: Iterable[Listed]) -> list[str]:
    return [reverse("provider", args=[listed.domain.domain]) for listed in outlets]


def _canonical(context: dict[str, Any], page: Listing | None = None) -> str:
    request = context["request"]
    query = f"?before={quote(str(page.cursor))}" if page and page.cursor else ""
    return site_address(request) + quote(request.path, safe="/:@") + query


def _work(item: Told | Coverage, url: str) -> Work:
    return Work(item.type, unescape(item.title), http_url(url), item.published_at, item.outlet.name)
