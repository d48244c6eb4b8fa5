"""What the head of a page says about it: description, canonical address, OpenGraph, robots, JSON-LD.

All need the page's request in their context.
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
from articles.public.topic_tree import Branch

from .newsfold import plain, shortened, web_address

Listing = Page | FrontPage
DESCRIPTION = 155  # characters that search engines show

register = template.Library()


@register.inclusion_tag("articles/_about.html", takes_context=True)
def about(
    context: dict[str, Any],
    title: str,
    description: str,
    page: Listing | None = None,
    picture: Copy | None = None,
) -> dict[str, Any]:
    """Tell what a page is; `page` is a list's, `picture` our own copy."""
    site = site_address(context["request"])
    return {
        "title": plain(title),
        "description": shortened(description, DESCRIPTION),
        "canonical": _canonical(context, page),
        "site_name": settings.SITE_NAME,
        "picture": picture,
        "address": site + media_address(picture.file) if picture else "",
        "robots": context.get("robots", ""),
    }


@register.simple_tag(takes_context=True)
def site(context: dict[str, Any]) -> str:
    return site_address(context["request"])


@register.simple_tag
def robots_of(story: Told, coverage: Sequence[Coverage]) -> str:
    """Return what search engines are asked of the page of a story; empty if nothing."""
    return "" if is_indexed(story.outlet, (item.outlet for item in coverage)) else "noindex,follow"


@register.simple_tag(takes_context=True)
def linked_list(
    context: dict[str, Any], title: str, description: str, paths: Iterable[str], page: Listing | None = None
) -> SafeString:
    """Tell what a list is and where it leads: `paths` are those of its pages."""
    site = site_address(context["request"])
    data = structured_data.collection(_canonical(context, page), title, description, [site + path for path in paths])
    return structured_data.script(data)


@register.simple_tag(takes_context=True)
def linked_story(context: dict[str, Any], story: Told, coverage: Sequence[Coverage]) -> SafeString:
    """Tell what the page of a story shows: the outlet's report and the coverage."""
    works = [_work(story, story.source_url), *(_work(item, item.address) for item in coverage)]
    description = shortened(story.excerpt, DESCRIPTION)
    return structured_data.script(structured_data.story(_canonical(context), plain(story.title), description, works))


@register.simple_tag
def stories_of(*groups: Card | Iterable[Card | Day] | None) -> list[str]:
    """Return where cards, lists of cards and days lead, on this site."""
    listed = [each for group in groups if group for each in ([group] if isinstance(group, Card) else group)]
    cards = [card for each in listed for card in ([each] if isinstance(each, Card) else each.cards)]
    return [card.address for card in cards]


@register.filter
def topics_of(branches: Iterable[Branch]) -> list[str]:
    return [branch.topic.address for branch in branches]


@register.filter
def outlets_of(outlets: Iterable[Listed]) -> list[str]:
    return [reverse("provider", args=[each.domain.domain]) for each in outlets]


def _canonical(context: dict[str, Any], page: Listing | None = None) -> str:
    request = context["request"]
    query = f"?before={quote(str(page.cursor))}" if page and page.cursor else ""
    return site_address(request) + quote(request.path, safe="/:@") + query


def _work(told: Told | Coverage, address: str) -> Work:
    return Work(told.type, plain(told.title), web_address(address), told.published_at, told.outlet.name)
