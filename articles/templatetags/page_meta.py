"""Metadata in the head of a page: description, canonical URL, OpenGraph, robots, JSON-LD.

The tags need the request in their context.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from django import template
from django.templatetags.static import static
from django.utils.safestring import SafeString

from articles.public import structured_data
from articles.public.cards import Card, CardsOfDay
from articles.public.front_page import FrontPage
from articles.public.media import SharedPicture, StoredPicture, media_url
from articles.public.pagination import ArticlePage
from articles.public.seo import is_indexable
from articles.public.site_url import site_url
from articles.public.story_page import StoryLink, StoryView
from articles.public.text import truncate_words, unescape
from pictures.sizes import SHARE_SIZE

Listing = ArticlePage | FrontPage
DEFAULT_PICTURE = SharedPicture("articles/share.png", *SHARE_SIZE)  # of pages without one of their own
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
    shared = picture.shared if picture else None
    return {
        "title": unescape(title),
        "description": truncate_words(description, DESCRIPTION),
        "canonical": _canonical(context, page),
        "site_name": context["site"].name,
        "picture": shared or DEFAULT_PICTURE,
        "picture_url": site + (media_url(shared.file) if shared else static(DEFAULT_PICTURE.file)),
        "robots": context.get("robots", ""),
    }


@register.inclusion_tag("articles/_page_meta.html", takes_context=True)
def list_meta(
    context: dict[str, Any], title: str, description: str, *items: Any, page: Listing | None = None
) -> dict[str, Any]:
    """Describe a list and the pages that it links to: cards, days, topics or providers, alone or in lists."""
    site = site_url(context["request"])
    urls = [site + path for path in _paths(items)]
    data = structured_data.collection(_canonical(context, page), unescape(title), unescape(description), urls)
    meta = page_meta(context, title, description, page, _first_picture(items))
    return meta | {"json_ld": _json_ld(context, data)}


@register.simple_tag(name="site_url", takes_context=True)
def site_url_tag(context: dict[str, Any]) -> str:
    return site_url(context["request"])


@register.simple_tag
def story_robots(story: StoryView, coverage: Sequence[StoryLink]) -> str:
    """Return the robots directive of a story's page; an empty string allows everything."""
    return "" if is_indexable(story.provider, (item.provider for item in coverage)) else "noindex,follow"


@register.simple_tag(takes_context=True)
def story_json_ld(context: dict[str, Any], story: StoryView, coverage: Sequence[StoryLink]) -> SafeString:
    """Describe what the page of a story shows: the provider's report and the coverage."""
    description = truncate_words(story.excerpt, DESCRIPTION)
    return _json_ld(context, structured_data.story(_canonical(context), description, story, coverage))


def _json_ld(context: dict[str, Any], page: dict[str, Any]) -> SafeString:
    """Return the element that describes a page as part of the site."""
    site = structured_data.website(site_url(context["request"]) + "/", context["site"].name)
    return structured_data.script_tag(page | {"isPartOf": site})


def _first_picture(items: Iterable[Any]) -> StoredPicture | None:
    """Return the picture of the first card that has one, in lists and days of any depth; None without cards."""
    for item in items:
        if isinstance(item, Card):
            picture = item.picture
        elif isinstance(item, CardsOfDay | list | tuple) and not hasattr(item, "url"):
            picture = _first_picture(item.cards if isinstance(item, CardsOfDay) else item)
        else:
            picture = None
        if picture:
            return picture
    return None


def _paths(items: Iterable[Any]) -> Iterator[str]:
    """Yield the paths of items that have a `url`, in lists and days of any depth; None counts as an empty list."""
    for item in items:
        if url := getattr(item, "url", ""):
            yield url
        elif item:
            yield from _paths(item.cards if isinstance(item, CardsOfDay) else item)


def _canonical(context: dict[str, Any], page: Listing | None = None) -> str:
    request = context["request"]
    query = f"?before={quote(str(page.cursor))}" if page and page.cursor else ""
    return site_url(request) + quote(request.path, safe="/:@") + query
