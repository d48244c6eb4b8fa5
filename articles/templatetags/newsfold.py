"""How stories are put into words on a page: text, times, addresses, an outlet's logo. All of it is escaped."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, time
from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.template.loader import get_template
from django.urls import reverse
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator

from articles.media import Copy, Logo, Outlet, media_address

BLANK_LINES_PATTERN = re.compile(r"\n\s+")

register = template.Library()


@register.filter
def plain(text: str) -> str:
    """Return text as its outlet meant it: entities never decoded become characters, escaped as any."""
    return html.unescape(str(text))


@register.filter
def shortened(text: str, length: int) -> str:
    """Return the first words of plain text, at most `length` characters of them."""
    words = " ".join(plain(text).split())
    if len(words) <= length:
        return words
    cut = Truncator(words).chars(length, truncate="")
    return f"{cut.rpartition(' ')[0] or cut} …"


@register.filter
def web_address(url: str) -> str:
    """Return `url` if it may become a link: http and https only; else nothing."""
    return url if url.lower().startswith(("https://", "http://")) else ""


@register.simple_tag
def moment(value: datetime, style: str = "full") -> SafeString:
    """Return a time element. Styles: full, day, clock. Midnight UTC means that only the day is known."""
    local = timezone.localtime(value)
    has_clock = value.astimezone(UTC).time() != time()
    if style == "clock" and has_clock:
        text = format_date(local, "H:i")
    elif style == "full" and has_clock:
        text = format_date(local, "j M Y, H:i T")
    else:
        text = format_date(local if has_clock else value.astimezone(UTC), "j M Y")
    return format_html('<time datetime="{}">{}</time>', utc_time(value), text)


@register.filter
def utc_time(value: datetime) -> str:
    """Return a time in ISO 8601, to the second."""
    return value.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


@register.inclusion_tag("articles/_feed_links.html")
def feed_links(title: str, name: str, *arguments: str) -> dict[str, Any]:
    """Tell feed readers where the feeds of a list are; `name` and `arguments` are those of their addresses."""
    return {"title": title, "addresses": _feeds(name, arguments)}


@register.inclusion_tag("articles/_follow.html")
def follow(name: str, *arguments: str) -> dict[str, Any]:
    """Tell readers the same."""
    return {"addresses": _feeds(name, arguments)}


def _feeds(name: str, arguments: tuple[str, ...]) -> dict[str, str]:
    return {form: reverse(name, args=[*arguments, form]) for form in ("rss", "atom", "json")}


@register.simple_tag
def copy_address(copy: Copy | Logo) -> str:
    return media_address(copy.file)


@register.inclusion_tag("articles/_mark.html")
def outlet_mark(outlet: Outlet, size: int) -> dict[str, Any]:
    """Show an outlet's logo, or the letters that stand in for it. Decoration: its name stands beside it."""
    return {"outlet": outlet, "logo": outlet.logo(size), "size": size}


@register.simple_tag
def draw(name: str, item: Any, **options: Any) -> str:
    """Return `item` drawn by a template of articles/, which knows nothing but it and the options.

    What looks like before isn't drawn again: pages share most of their items with those a minute ago.
    """
    drawer = _drawn.__wrapped__ if settings.DEBUG else _drawn
    return drawer(name, item, **options, links_to_story=settings.HEADLINE_TARGET == "story")


@lru_cache(maxsize=5000)
def _drawn(name: str, item: Any, **options: Any) -> str:
    text = get_template(f"articles/{name}.html").render({"item": item, **options})
    return mark_safe(BLANK_LINES_PATTERN.sub("\n", text).strip())  # noqa: S308  a template's own output
