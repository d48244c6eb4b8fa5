"""Turn the Markdown of publishers into HTML that is safe to show: CommonMark with tables, without HTML.

Pictures are our own copies; any other becomes a link.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from itertools import pairwise
from typing import Any

import nh3
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from pictures.files import SITE, rendition_name
from pictures.sizes import widths_for

TAGS = {
    *("h2", "h3", "h4", "h5", "h6", "p", "blockquote", "pre", "code", "hr", "br", "em", "strong", "a"),
    *("ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "img"),
}
ATTRIBUTES = {
    "a": {"href", "title"},
    "ol": {"start"},
    "img": {"src", "srcset", "sizes", "width", "height", "alt", "loading"},
}
URL_SCHEMES = {"http", "https", "mailto", "tel"}
MAX_NESTING = 10  # of quotations and lists
PICTURE_SIZES = "(min-width: 44rem) 42rem, 100vw"  # how wide site.css shows a picture
# A picture of ours in a text: ![What it shows](picture:KEY-WIDTHxHEIGHT), with the key of its folder and its full size.
_PICTURE_PATTERN = re.compile(r"picture:([0-9a-f]{32})-([1-9][0-9]{0,3})x([1-9][0-9]{0,3})", re.ASCII)
_UNDESCRIBED_PATTERN = re.compile(r"!\[\s*\]\(\s*<?picture:", re.ASCII)


def render_markdown(text: str) -> SafeString:
    """Return the HTML of a text. Its headings begin at level 2, below the title of the page, and skip no level."""
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": MAX_NESTING}).enable("table")
    parser.add_render_rule("image", _render_image)
    tokens = parser.parse(text)
    _renumber_headings([token for token in tokens if token.type in ("heading_open", "heading_close")])
    html = parser.renderer.render(tokens, parser.options, {})
    cleaned = nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=URL_SCHEMES, link_rel="noopener")
    return mark_safe(cleaned)  # noqa: S308  nh3 has removed everything but TAGS


def picture_markdown(files: Sequence[str], width: int, height: int, alt: str) -> str:
    """Return what a text has to say to show a stored picture, whose renditions are in one folder."""
    alt = re.sub(r"([\\\[\]])", r"\\\1", " ".join(alt.split()))
    return f"![{alt}](picture:{files[0].split('/')[2]}-{width}x{height})"


def has_undescribed_picture(text: str) -> bool:
    return _UNDESCRIBED_PATTERN.search(text) is not None


def _render_image(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Return one of our own pictures, or a link to any other."""
    token = tokens[index]
    alt = escape(renderer.renderInlineAsText(token.children, options, env).strip())
    url = str(token.attrGet("src"))
    match = _PICTURE_PATTERN.fullmatch(url)
    if match is None or not alt:
        return f'!<a href="{escape(url)}">{alt}</a>'
    key, width, height = match[1], int(match[2]), int(match[3])
    urls = {step: reverse("media", args=[rendition_name(SITE, key, step, "webp")]) for step in widths_for(width)}
    candidates = ", ".join(f"{url} {step}w" for step, url in urls.items())
    return (
        f'<img src="{urls[max(urls)]}" srcset="{candidates}" sizes="{PICTURE_SIZES}" width="{width}" height="{height}" '
        f'alt="{alt}" loading="lazy">'
    )


def _renumber_headings(tokens: Sequence[Token]) -> None:
    """Give the highest level in use number 2, and each heading at most one more than the one before it."""
    written = sorted({token.tag for token in tokens})
    previous = 1
    for opening, closing in pairwise(tokens):
        if opening.type == "heading_open":
            previous = min(written.index(opening.tag) + 2, previous + 1, 6)
            opening.tag = closing.tag = f"h{previous}"
