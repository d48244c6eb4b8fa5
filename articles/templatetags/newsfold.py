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
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator

from articles.public.media import Copy, Outlet, media_address
from pictures.sizes import WIDTHS

BLANK_LINES_PATTERN = re.compile(r"\n\s+")

register = template.Library()


@register.filter
def plain(text: str) -> str:
    """Return text as its outlet meant it: entities never decoded become characters, escaped as any."""
    return html.unescape(str(text))


@register.filter
def shortened(text: str, length: int) -> str:
    """Return the first words of an outlet's text, at most `length` characters of them."""
    return first_words(plain(text), length)


def first_words(text: str, length: int) -> str:
    """Return the same of text that is plain already."""
    words = " ".join(text.split())
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
def feed_links(title: str, name: str, *arguments: str, query: str = "") -> dict[str, Any]:
    """Tell feed readers where the feeds of a list are; `name`, `arguments` and `query` are those of their addresses."""
    return {"title": title, "addresses": _feeds(name, arguments, query)}


@register.inclusion_tag("articles/_follow.html")
def follow(name: str, *arguments: str, query: str = "") -> dict[str, Any]:
    """Tell readers the same."""
    return {"addresses": _feeds(name, arguments, query)}


def _feeds(name: str, arguments: tuple[str, ...], query: str) -> dict[str, str]:
    end = f"?{query}" if query else ""
    return {form: reverse(name, args=[*arguments, form]) + end for form in ("rss", "atom", "json")}


@register.filter
def media(name: str) -> str:
    """Return where readers fetch a stored file."""
    return media_address(name)


@register.simple_tag
def picture(copy: Copy, sizes: str, widest: int = WIDTHS[-1], **attributes: str) -> SafeString:
    """Show our own copy, in the smallest format and size that the reader's browser knows and needs.

    `sizes` tells how wide it stands on the page, `widest` the most pixels worth offering there. The page's first
    picture is fetched at once, the others when readers come near. JPEG is for browsers without WebP, in one size.
    """
    widths = [width for width in copy.widths if width <= widest] or copy.widths[:1]
    sources = [(kind, _candidates(copy, widths, kind)) for kind in ("avif", "webp")]
    hurry = 'fetchpriority="high"' if copy.is_first else 'loading="lazy" decoding="async"'
    return format_html(
        '<picture>{}<img{} src="{}" width="{}" height="{}" alt="{}" {}></picture>',
        format_html_join(
            "", '<source type="image/{}" srcset="{}" sizes="{}">', ((kind, found, sizes) for kind, found in sources)
        ),
        format_html_join("", ' {}="{}"', ((name.rstrip("_"), value) for name, value in attributes.items())),
        media_address(copy.named(_fallback(widths), "jpg")),
        copy.width,
        copy.height,
        copy.alt,
        mark_safe(hurry),  # noqa: S308  one of the two above
    )


def _candidates(copy: Copy, widths: list[int], suffix: str) -> str:
    return ", ".join(f"{media_address(copy.named(width, suffix))} {width}w" for width in widths)


def _fallback(widths: list[int]) -> int:
    """Return the width for browsers that can't choose: enough for most pages, not the most that there is."""
    return next((width for width in widths if width >= 640), widths[-1])


@register.inclusion_tag("articles/_mark.html")
def outlet_mark(outlet: Outlet, size: int) -> dict[str, Any]:
    """Show an outlet's logo, or the letters that stand in for it. Decoration: its name stands beside it."""
    logo = outlet.logo(size)
    return {"outlet": outlet, "files": logo.files if logo else [], "size": size}


@register.simple_tag
def draw(name: str, item: Any, **options: Any) -> str:
    """Return `item` drawn by a template of articles/, which knows nothing but it and the options.

    What looks like before isn't drawn again: pages share most of their items with those a minute ago.
    """
    drawer = _drawn.__wrapped__ if settings.DEBUG else _drawn
    return drawer(name, item, **options, links_to_story=settings.HEADLINE_TARGET == "story")


@lru_cache(maxsize=1500)  # fills within minutes: more would grow for long, and save little
def _drawn(name: str, item: Any, **options: Any) -> str:
    text = get_template(f"articles/{name}.html").render({"item": item, **options})
    return mark_safe(BLANK_LINES_PATTERN.sub("\n", text).strip())  # noqa: S308  a template's own output
