"""Tags and filters that show stories: text, times, pictures, logos, links to feeds. All output is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

from django import template
from django.conf import settings
from django.template.loader import get_template
from django.urls import reverse
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from articles.public.media import ProviderView, StoredPicture, media_url
from articles.public.site_url import site_url
from articles.public.text import http_url, truncate_words, unescape
from articles.rules.languages import is_right_to_left
from pictures.sizes import WIDTHS

BLANK_LINES_PATTERN = re.compile(r"\n\s+")

register = template.Library()

register.filter("media", media_url)
register.filter(unescape)
register.filter(truncate_words)
register.filter(http_url)


@register.filter
def highlighted(pieces: Iterable[tuple[str, bool]]) -> SafeString:
    """Join the pieces of a text and mark those that matched the query."""
    marked = ((format_html("<mark>{}</mark>", text) if is_match else text,) for text, is_match in pieces)
    return format_html_join("", "{}", marked)


@register.simple_tag
def text_attributes(lang: str | None) -> SafeString:
    """Return the attributes of an element with an outlet's words: their language, if known, and their direction."""
    direction = "rtl" if lang and is_right_to_left(lang) else "auto"
    return format_html(' lang="{}" dir="{}"' if lang else ' dir="{1}"', lang, direction)


@register.simple_tag
def source_link(url: str, label: str) -> SafeString:
    """Link to a page of another site, or show just the label if `url` may not become a link."""
    url = http_url(url)
    return format_html('<a class="out" href="{}" rel="noopener">{}</a>' if url else "{1}", url, label)


@register.simple_tag
def time_tag(value: datetime, style: str = "full") -> SafeString:
    """Return a time element with the exact time in its title. Styles: full, short, day, clock.

    A short one has a clock for today and yesterday, and a year for other years.

    Midnight UTC means that only the day is known. Times of today and yesterday are named so, and nothing nearer: those
    words turn at midnight, when cached pages do too, while "5 minutes ago" would soon be wrong.
    """
    has_clock = value.astimezone(UTC).time() != time()
    local = timezone.localtime(value) if has_clock else value.astimezone(UTC)
    exact = format_date(local, _("j F Y, H:i T")) if has_clock else format_date(local, _("j F Y"))
    if style == "clock" and has_clock:
        text = format_date(local, "H:i")
    else:
        relative = relative_day(local.date())
        is_of_this_year = style == "short" and local.year == timezone.localdate().year
        text = relative or format_date(local, _("j M") if is_of_this_year else _("j M Y"))
        if has_clock and (style == "full" or (style == "short" and relative)):
            text = f"{text}, {format_date(local, 'H:i T' if style == 'full' else 'H:i')}"
    return format_html('<time datetime="{}" title="{}">{}</time>', utc_time(value), exact, text)


@register.filter
def relative_day(day: date) -> str:
    """Return "today" or "yesterday" in the site's time zone; nothing for other days."""
    distance = (timezone.localdate() - day).days
    return {0: _("today"), 1: _("yesterday")}.get(distance, "")


@register.filter
def utc_time(value: datetime) -> str:
    """Return a time in ISO 8601, to the second."""
    return value.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


@register.inclusion_tag("articles/_feed_links.html")
def feed_links(title: str, name: str, *arguments: str, query: str = "") -> dict[str, Any]:
    """Link to the feeds of a list, for feed readers; `name`, `arguments` and `query` make their URLs."""
    return {"title": title, "urls": _feed_urls(name, arguments, query)}


@register.inclusion_tag("articles/_feed_links_for_readers.html")
def feed_links_for_readers(name: str, *arguments: str, query: str = "") -> dict[str, Any]:
    """Show visible links to the same feeds."""
    return {"urls": _feed_urls(name, arguments, query)}


@register.inclusion_tag("articles/_feed_row.html")
def feed_row(title: str, name: str, *arguments: str) -> dict[str, Any]:
    """Show a list's name with links to its feeds."""
    return {"name": title, "urls": _feed_urls(name, arguments, "")}


def _feed_urls(name: str, arguments: tuple[str, ...], query: str) -> dict[str, str]:
    suffix = f"?{query}" if query else ""
    return {form: reverse(name, args=[*arguments, form]) + suffix for form in ("rss", "atom", "json")}


@register.simple_tag(takes_context=True)
def share_links(context: dict[str, Any], title: str) -> list[tuple[str, str]]:
    """Return where to share this page, with URLs: nothing is requested there before somebody follows one."""
    page = site_url(context["request"]) + quote(context["request"].path, safe="/:@")
    title = unescape(title)
    both = f"{title} {page}"
    return [
        (_("Email"), f"mailto:?{urlencode({'subject': title, 'body': page}, quote_via=quote)}"),
        ("WhatsApp", f"https://wa.me/?{urlencode({'text': both})}"),
        ("Telegram", f"https://t.me/share/url?{urlencode({'url': page, 'text': title})}"),
        ("Mastodon", f"https://mastodonshare.com/?{urlencode({'text': title, 'url': page})}"),
        ("Bluesky", f"https://bsky.app/intent/compose?{urlencode({'text': both})}"),
        ("Facebook", f"https://www.facebook.com/sharer/sharer.php?{urlencode({'u': page})}"),
    ]


@register.simple_tag
def picture(copy: StoredPicture, sizes: str, widest: int = WIDTHS[-1], **attributes: str) -> SafeString:
    """Show our own copy, in the smallest format and size that the reader's browser can use.

    `sizes` says how wide it is on the page, `widest` the most pixels worth offering there. The first picture of a page
    loads at once, the others when readers scroll near them. JPEG is for browsers without WebP, in one size.
    """
    widths = [width for width in copy.widths if width <= widest] or copy.widths[:1]
    sources = [(kind, _candidates(copy, widths, kind)) for kind in ("avif", "webp")]
    fallback = next((width for width in widths if width >= 640), widths[-1])  # enough for most pages, not the widest
    loading = 'fetchpriority="high"' if copy.is_first else 'loading="lazy" decoding="async"'
    return format_html(
        '<picture>{}<img{} src="{}" width="{}" height="{}" alt="{}" {}></picture>',
        format_html_join(
            "", '<source type="image/{}" srcset="{}" sizes="{}">', ((kind, urls, sizes) for kind, urls in sources)
        ),
        format_html_join("", ' {}="{}"', ((name.rstrip("_"), value) for name, value in attributes.items())),
        copy.url(fallback, "jpg"),
        copy.width,
        copy.height,
        copy.alt,
        mark_safe(loading),  # noqa: S308  one of the two above
    )


def _candidates(copy: StoredPicture, widths: list[int], suffix: str) -> str:
    return ", ".join(f"{copy.url(width, suffix)} {width}w" for width in widths)


@register.inclusion_tag("articles/_provider_logo.html")
def provider_logo(provider: ProviderView, size: int) -> dict[str, Any]:
    """Show a provider's logo, or its letters if there is none. It is decorative: the name is always next to it."""
    logo = provider.logo(size)
    return {"provider": provider, "files": logo.files if logo else [], "size": size}


@register.simple_tag
def render_item(name: str, item: Any, **options: Any) -> str:
    """Return `item` rendered by a template of articles/, which sees only the item and the options.

    The result is cached by their values, the day and the language: pages share most
    of their items with those a minute ago.
    """
    render = _rendered.__wrapped__ if settings.DEBUG else _rendered
    setting = settings.HEADLINE_TARGET == "story"
    return render(name, item, **options, links_to_story=setting, today=timezone.localdate(), language=get_language())


@lru_cache(maxsize=1500)  # fills within minutes; a larger cache would save little
def _rendered(name: str, item: Any, **options: Any) -> str:
    text = get_template(f"articles/{name}.html").render({"item": item, **options})
    return mark_safe(BLANK_LINES_PATTERN.sub("\n", text).strip())  # noqa: S308  a template's own output
