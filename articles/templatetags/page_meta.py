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
from articles.public.cards import Card, CardsOfDay
from articles.public.front_page import FrontPage
from articles.public.media import StoredPicture, media_url
from articles.public.pagination import ArticlePage
from articles.public.providers import ProviderListItem
from articles.public.seo import is_indexable
from articles.public.site_url import site_url
from articles.public.story_page import StoryLink, StoryView
from articles.public.text import truncate_words, unescape
from articles.public.topic_tree import TopicBranch

Listing = ArticlePage | FrontPage
DESCRIPTION = 155  # characters that search engines show

register = template.Library()


@register.inclusion_tag("articles/_page_meta.html", takes_context=True)
def page_meta(
    context: dict[str, Any],
    title: str,
    description: str,
    page: Listing | None = None,
    picture: StoredPicture | None = None,
) -> dict[str, Any]:
    """Describe a page to search engines and social networks; `page` is the part of a list, `picture` our own copy."""
    site = site_url(context["request"])
    return {
        "title": unescape(title),
        "description": truncate_words(description, DESCRIPTION),
        "canonical": _canonical(context, page),
        "site_name": settings.SITE_NAME,
        "picture": picture,
        "picture_url": site + media_url(picture.file) if picture else "",
        "robots": context.get("robots", ""),
    }


@register.simple_tag(name="site_url", takes_context=True)
def site_url_tag(context: dict[str, Any]) -> str:
    return site_url(context["request"])


@register.simple_tag
def story_robots(story: StoryView, coverage: Sequence[StoryLink]) -> str:
    """Return the robots directive of a story's page; an empty string allows everything."""
    return "" if is_indexable(story.provider, (item.provider for item in coverage)) else "noindex,follow"


@register.simple_tag(takes_context=True)
def list_json_ld(
    context: dict[str, Any], title: str, description: str, paths: Iterable[str], page: Listing | None = None
) -> SafeString:
    """Describe a list and the pages that it links to, whose paths are `paths`."""
    site = site_url(context["request"])
    data = structured_data.collection(_canonical(context, page), title, description, [site + path for path in paths])
    return structured_data.script_tag(data)


@register.simple_tag(takes_context=True)
def story_json_ld(context: dict[str, Any], story: StoryView, coverage: Sequence[StoryLink]) -> SafeString:
    """Describe what the page of a story shows: the provider's report and the coverage."""
    description = truncate_words(story.excerpt, DESCRIPTION)
    return structured_data.script_tag(
        structured_data.story(_canonical(context), unescape(story.title), description, [story, *coverage])
    )


@register.simple_tag
def story_paths(*groups: Card | Iterable[Card | CardsOfDay] | None) -> list[str]:
    """Return the paths of the stories in cards, lists of cards and lists of days."""
    items = [item for group in groups if group for item in ([group] if isinstance(group, Card) else group)]
    cards = [card for item in items for card in ([item] if isinstance(item, Card) else item.cards)]
    return [card.url for card in cards]


@register.filter
def topic_paths(branches: Iterable[TopicBranch]) -> list[str]:
    return [branch.topic.url for branch in branches]


@register.filter
def provider_paths(providers: Iterable[ProviderListItem]) -> list[str]:
    return [reverse("provider", args=[item.domain.domain]) for item in providers]


def _canonical(context: dict[str, Any], page: Listing | None = None) -> str:
    request = context["request"]
    query = f"?before={quote(str(page.cursor))}" if page and page.cursor else ""
    return site_url(request) + quote(request.path, safe="/:@") + query
